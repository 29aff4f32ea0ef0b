"""What a workspace has decided about its events: the tracking plan, and who counts as whom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

PAGE, SCREEN = "$page", "$screen"
"""The names that the catalog knows page and screen events by."""


class Unknown(StrEnum):
    """What becomes of an event that the tracking plan does not list."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


class Violation(NamedTuple):
    """Where in the properties the plan is broken (JSON pointer), and how."""

    pointer: str
    reason: str


Check = Callable[[Mapping[str, Any]], Violation | None]
"""The first violation of a JSON Schema, None where it is kept."""


@dataclass(frozen=True, kw_only=True)
class EventRule:
    """What the plan says about one event."""

    revision: int = 0
    low_signal: bool = False
    check: Check | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything in force for one workspace; without a catalog all is allowed.

    Args:
        revision: of the catalog it was read from.
        phone_region: country (ISO 3166) of telephone numbers without a country code.
        identify_by: addresses that name a person as an id does: `email`, `phone`.
    """

    revision: int = 0
    phone_region: str = ""
    identify_by: frozenset[str] = frozenset()
    unknown_events: Unknown = Unknown.ALLOW
    events: Mapping[str, EventRule] = field(default_factory=dict)
