"""Conditions on how often an event happened, ever or within a window."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import UNSET

from services.decision.domain.civil import parse_duration
from services.decision.domain.conditions.compare import all_of, comparison
from services.decision.domain.conditions.rule import NEVER, NOTHING, Rule
from services.decision.domain.counting import count_since, next_change
from services.decision.domain.documents import Condition
from services.decision.domain.state import DAY_S, DAYS_KEPT, PersonState

COMPARISONS = ("is_", "at_least", "at_most", "more_than", "less_than")

Report = Callable[[str, str, str], None]


def rule(condition: Condition, path: str, compared: list[str], report: Report) -> Rule:
    """Return the rule of an `event` condition."""
    name = str(condition.event)
    for one in compared:
        value = getattr(condition, one)
        if one not in COMPARISONS or not isinstance(value, int) or isinstance(value, bool):
            counts = ", ".join(c.strip("_") for c in COMPARISONS)
            report(path, f"a whole number with one of {counts}", f"{one.strip('_')}: {value}")
            return NOTHING
    window_s = _window_s(condition, path, compared, report)
    comparisons = tuple(comparison(c, getattr(condition, c)) for c in compared)
    check = all_of(comparisons) if comparisons else comparison("at_least", 1)
    none_passes = check(0)

    def ever(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        return none_passes if counter is None else check(counter.total)

    def within(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        return none_passes if counter is None else check(count_since(counter, now_s - window_s))

    def flip(state: PersonState, now_s: int) -> int:
        counter = state.counters.get(name)
        changes_s = None if counter is None else next_change(counter, window_s, now_s, check)
        return NEVER if changes_s is None else changes_s

    return Rule(within, flip) if window_s else Rule(ever)


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
