"""What compiling a condition needs beside it, and what it leaves behind."""

from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.decision.domain.conditions.rule import Rule
from services.decision.domain.tallying import TallySpec

#: (path, what was expected, what was there)
Report = Callable[[str, str, str], None]


class Uses:
    """What conditions refer to: traits to keep, properties to carry, events to count, segments.

    `zone` and `permission` say that a rule looks at these; `message_window_s` is how long contacts
    matter to it, 0 where it looks at none.
    """

    def __init__(self) -> None:
        self.traits: set[str] = set()
        self.properties: set[str] = set()
        self.events: set[str] = set()
        self.segments: set[str] = set()
        self.tallies: dict[int, TallySpec] = {}
        self.zone = False
        self.permission = False
        self.message_window_s = 0

    def add(self, other: "Uses") -> None:
        """Take over what another one noted of the person; properties are of the event at hand."""
        self.traits |= other.traits
        self.events |= other.events
        self.segments |= other.segments
        self.tallies |= other.tallies
        self.zone |= other.zone
        self.permission |= other.permission
        self.message_window_s = max(self.message_window_s, other.message_window_s)


class Context(NamedTuple):
    """Where findings and problems go; `segment` finds the rule of a segment by key and path.

    `zone` is where people are of whom nothing tells.
    """

    uses: Uses
    segment: Callable[[str, str], Rule | None]
    report: Report
    zone: ZoneInfo
