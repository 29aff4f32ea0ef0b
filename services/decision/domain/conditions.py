"""Conditions on a person, compiled once into plain functions.

A missing value satisfies only `exists: false`, `is_not` and `not_in`. Numbers compare with
numbers, texts (ISO dates among them) with texts; anything else is false, never an error.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from services.decision.domain.civil import parse_duration
from services.decision.domain.counting import count_since
from services.decision.domain.documents import Condition
from services.decision.domain.model import Test
from services.decision.domain.state import DAY_S, DAYS_KEPT, PersonState

_GROUPS = ("all", "any", "none")
_SUBJECTS = ("trait", "property", "event", "segment")
_COMPARISONS = (
    "is_", "is_not", "in_", "not_in", "at_least", "at_most", "more_than", "less_than", "contains",
    "exists",
)  # fmt: skip
_COUNTS = ("is_", "at_least", "at_most", "more_than", "less_than")

Check = Callable[[Any], bool]
Report = Callable[[str, str, str], None]
FindSegment = Callable[[str, str], Test | None]


class Uses:
    """What conditions refer to: traits to keep, properties to carry, windows to remember."""

    def __init__(self) -> None:
        self.traits: set[str] = set()
        self.properties: set[str] = set()
        self.events: set[str] = set()


def compile_condition(
    condition: Condition, path: str, uses: Uses, segment: FindSegment, report: Report
) -> Test:
    """Return `condition` as a function.

    What it refers to is noted in `uses`; problems are told to `report(path, expected, got)`, and
    the function returned then must not be used. `segment` finds the function of a segment.
    """
    given = [name for name in (*_GROUPS, *_SUBJECTS) if getattr(condition, name) is not UNSET]
    if len(given) != 1:
        choices = ", ".join((*_GROUPS, *_SUBJECTS))
        report(path, f"exactly one of {choices}", ", ".join(given) or "none of them")
        return _never
    subject = given[0]
    compared = [name for name in _COMPARISONS if getattr(condition, name) is not UNSET]
    if condition.within is not UNSET and subject != "event":
        report(path, "`within` only with `event`", f"`within` with `{subject}`")
    if subject in _GROUPS:
        _expect_none(path, subject, compared, report)
        parts = tuple(
            compile_condition(part, f"{path}.{subject}[{i}]", uses, segment, report)
            for i, part in enumerate(getattr(condition, subject))
        )
        return _group(subject, parts)
    if subject == "segment":
        _expect_none(path, subject, compared, report)
        return segment(str(condition.segment), f"{path}.segment") or _never
    if subject == "event":
        return _event(condition, path, compared, uses, report)
    if not compared:
        report(path, f"a comparison ({', '.join(c.strip('_') for c in _COMPARISONS)})", "none")
        return _never
    check = _all_of(tuple(_comparison(name, getattr(condition, name)) for name in compared))
    if subject == "trait":
        uses.traits.add(str(condition.trait))
        return _trait(str(condition.trait), check)
    uses.properties.add(str(condition.property))
    return _property(str(condition.property), check)


def _expect_none(path: str, subject: str, compared: list[str], report: Report) -> None:
    if compared:
        report(path, f"no comparison with `{subject}`", ", ".join(c.strip("_") for c in compared))


def _never(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
    return False


def _group(kind: str, parts: tuple[Test, ...]) -> Test:
    # Loops, not all() and any(): without a generator they take half the time.
    def all_of(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        for part in parts:
            if not part(state, now_s, properties):
                return False
        return True

    def any_of(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        for part in parts:
            if part(state, now_s, properties):
                return True
        return False

    def none_of(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return not any_of(state, now_s, properties)

    return {"all": all_of, "any": any_of, "none": none_of}[kind]


def _trait(name: str, check: Check) -> Test:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(state.traits.get(name))

    return test


def _property(name: str, check: Check) -> Test:
    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(properties.get(name))

    return test


def _event(
    condition: Condition, path: str, compared: list[str], uses: Uses, report: Report
) -> Test:
    name = str(condition.event)
    uses.events.add(name)
    for comparison in compared:
        value = getattr(condition, comparison)
        if comparison not in _COUNTS or not isinstance(value, int) or isinstance(value, bool):
            counts = ", ".join(c.strip("_") for c in _COUNTS)
            report(
                path, f"a whole number with one of {counts}", f"{comparison.strip('_')}: {value}"
            )
            return _never
    window_s = _window_s(condition, path, compared, report)
    comparisons = tuple(_comparison(c, getattr(condition, c)) for c in compared)
    check = _all_of(comparisons) if comparisons else _comparison("at_least", 1)
    none_passes = check(0)

    def ever(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        return none_passes if counter is None else check(counter.total)

    def within(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        return none_passes if counter is None else check(count_since(counter, now_s - window_s))

    return within if window_s else ever


def _window_s(condition: Condition, path: str, compared: list[str], report: Report) -> int:
    """Return the window in seconds, 0 for ever. Counting beyond zero or one needs kept days."""
    if condition.within is UNSET:
        return 0
    window_s = rolling_s(str(condition.within), f"{path}.within", report)
    asked = {(name, getattr(condition, name)) for name in compared}
    is_yes_or_no = asked <= {("at_least", 1), ("at_most", 0), ("is_", 0), ("more_than", 0)}
    if window_s > DAYS_KEPT * DAY_S and not is_yes_or_no:
        report(f"{path}.within", f"at most P{DAYS_KEPT}D to count in", str(condition.within))
    return window_s


def rolling_s(text: str, path: str, report: Report) -> int:
    """Return the seconds of a rolling window, which must have a fixed and positive length."""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        report(path, str(error).removeprefix("expected "), repr(text))
        return 1
    if duration.months or not duration.fixed_s:
        report(path, "days, hours or minutes, more than none (months differ in length)", repr(text))
        return 1
    return duration.fixed_s


def _all_of(checks: tuple[Check, ...]) -> Check:
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _comparison(name: str, operand: Any) -> Check:
    if name == "is_":
        return lambda value: (
            value == operand and isinstance(value, bool) == isinstance(operand, bool)
        )
    if name == "is_not":
        return lambda value: (
            value != operand or isinstance(value, bool) != isinstance(operand, bool)
        )
    if name == "in_":
        return lambda value: value in operand
    if name == "not_in":
        return lambda value: value not in operand
    if name == "exists":
        return lambda value: (value is not None) is operand
    if name == "contains":
        return lambda value: isinstance(value, str | list) and operand in value
    return _order(name, operand)


def _order(name: str, operand: Any) -> Check:
    kind: Any = str if isinstance(operand, str) else (int, float)
    if name == "at_least":
        return lambda value: isinstance(value, kind) and value >= operand
    if name == "at_most":
        return lambda value: isinstance(value, kind) and value <= operand
    if name == "more_than":
        return lambda value: isinstance(value, kind) and value > operand
    return lambda value: isinstance(value, kind) and value < operand
