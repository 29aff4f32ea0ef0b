"""From a condition of a document to a rule, with every problem told by its path."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from services.decision.domain.conditions import counts
from services.decision.domain.conditions.compare import COMPARISONS, Check, all_of, comparison
from services.decision.domain.conditions.rule import NOTHING, Rule, group
from services.decision.domain.documents import Condition
from services.decision.domain.state import PersonState

_GROUPS = ("all", "any", "none")
_SUBJECTS = ("trait", "property", "event", "segment")

Report = Callable[[str, str, str], None]
FindSegment = Callable[[str, str], Rule | None]


class Uses:
    """What conditions refer to: traits to keep, properties to carry, events to count, segments."""

    def __init__(self) -> None:
        self.traits: set[str] = set()
        self.properties: set[str] = set()
        self.events: set[str] = set()
        self.segments: set[str] = set()

    def add(self, other: "Uses") -> None:
        """Take over what another one noted of the person; properties are of the event at hand."""
        self.traits |= other.traits
        self.events |= other.events
        self.segments |= other.segments


def compile_condition(
    condition: Condition, path: str, uses: Uses, segment: FindSegment, report: Report
) -> Rule:
    """Return `condition` as a rule.

    What it refers to is noted in `uses`; problems are told to `report(path, expected, got)`, and
    the rule returned then must not be used. `segment` finds the rule of a segment.
    """
    given = [name for name in (*_GROUPS, *_SUBJECTS) if getattr(condition, name) is not UNSET]
    if len(given) != 1:
        choices = ", ".join((*_GROUPS, *_SUBJECTS))
        report(path, f"exactly one of {choices}", ", ".join(given) or "none of them")
        return NOTHING
    subject = given[0]
    compared = [name for name in COMPARISONS if getattr(condition, name) is not UNSET]
    if condition.within is not UNSET and subject != "event":
        report(path, "`within` only with `event`", f"`within` with `{subject}`")
    if subject in _GROUPS:
        _expect_none(path, subject, compared, report)
        parts = tuple(
            compile_condition(part, f"{path}.{subject}[{i}]", uses, segment, report)
            for i, part in enumerate(getattr(condition, subject))
        )
        return group(subject, parts)
    if subject == "segment":
        _expect_none(path, subject, compared, report)
        uses.segments.add(str(condition.segment))
        return segment(str(condition.segment), f"{path}.segment") or NOTHING
    if subject == "event":
        uses.events.add(str(condition.event))
        return counts.rule(condition, path, compared, report)
    if not compared:
        report(path, f"a comparison ({', '.join(c.strip('_') for c in COMPARISONS)})", "none")
        return NOTHING
    check = all_of(tuple(comparison(name, getattr(condition, name)) for name in compared))
    if subject == "trait":
        uses.traits.add(str(condition.trait))
        return _trait(str(condition.trait), check)
    uses.properties.add(str(condition.property))
    return _property(str(condition.property), check)


def _expect_none(path: str, subject: str, compared: list[str], report: Report) -> None:
    if compared:
        report(path, f"no comparison with `{subject}`", ", ".join(c.strip("_") for c in compared))


def _trait(name: str, check: Check) -> Rule:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(state.traits.get(name))

    return Rule(test)


def _property(name: str, check: Check) -> Rule:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(properties.get(name))

    return Rule(test)
