"""Conditions on an event: how often, how much, and when first or last."""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET

from services.decision.domain import counting, tallying
from services.decision.domain.civil import Duration
from services.decision.domain.conditions import dates
from services.decision.domain.conditions.compare import all_of, comparison
from services.decision.domain.conditions.context import Context
from services.decision.domain.conditions.rule import NEVER, NOTHING, Rule
from services.decision.domain.conditions.windows import fixed_duration
from services.decision.domain.documents import Condition
from services.decision.domain.model import Test
from services.decision.domain.state import DAY_S, DAYS_KEPT, PersonState
from services.decision.domain.tallying import HOUR_S, MINUTE_S, REACH, WEEK_S, TallySpec

COMPARISONS = ("is_", "at_least", "at_most", "more_than", "less_than")
_YES_OR_NO = {("at_least", 1), ("at_most", 0), ("is_", 0), ("more_than", 0), ("less_than", 1)}


def rule(
    condition: Condition, path: str, compared: list[str], where: Test | None, context: Context
) -> Rule:
    """Return the rule of an `event` condition; `where` is its filter, compiled."""
    if condition.which is not UNSET:
        return _time(condition, path, compared, where, context)
    is_sum = condition.sum is not UNSET
    if not _numbers(condition, path, compared, context, whole=not is_sum):
        return NOTHING
    parts = tuple(comparison(name, getattr(condition, name)) for name in compared)
    check = all_of(parts) if parts else comparison("at_least", 1)
    asked = {(name, getattr(condition, name)) for name in compared}
    window = Duration()
    if condition.within is not UNSET:
        window = fixed_duration(str(condition.within), f"{path}.within", context.report)
    is_yes_or_no = not is_sum and asked <= _YES_OR_NO
    unit_s = 0 if is_yes_or_no or not window.fixed_s else _unit_s(window, path, condition, context)
    if where is None and is_yes_or_no and window.fixed_s:
        return _seen(str(condition.event), window.fixed_s, check)
    if where is None and not is_sum and unit_s in (0, DAY_S):
        return _counted(str(condition.event), window.fixed_s, check)
    spec = _tally(condition, where, unit_s)
    context.uses.tallies[spec.number] = spec
    return _tallied(spec, window.fixed_s, check)


def _numbers(
    condition: Condition, path: str, compared: list[str], context: Context, *, whole: bool
) -> bool:
    kind: Any = int if whole else int | float
    for name in compared:
        value = getattr(condition, name)
        if name not in COMPARISONS or not isinstance(value, kind) or isinstance(value, bool):
            names = ", ".join(c.strip("_") for c in COMPARISONS)
            expected = f"a {'whole ' if whole else ''}number with one of {names}"
            context.report(path, expected, f"{name.strip('_')}: {value}")
            return False
    if not whole and not compared:
        context.report(path, "a comparison of the sum, such as at_least", "none")
    return whole or bool(compared)


def _unit_s(window: Duration, path: str, condition: Condition, context: Context) -> int:
    """Return the buckets to count in: as fine as the window is written."""
    fixed_s, seconds = window.fixed_s, window.seconds
    if not seconds:
        unit_s = DAY_S if fixed_s <= DAYS_KEPT * DAY_S else WEEK_S
    else:
        unit_s = HOUR_S if seconds % HOUR_S == 0 else MINUTE_S
    reach_s = REACH[unit_s] * unit_s
    if fixed_s > reach_s or fixed_s % MINUTE_S:
        expected = "at most P1099D in days, PT168H in hours or PT240M in minutes to count in"
        context.report(f"{path}.within", expected, str(condition.within))
    return unit_s


def _tally(condition: Condition, where: Test | None, unit_s: int) -> TallySpec:
    """Return what to count, with a number that is the same wherever the same is counted."""
    event, value = str(condition.event), "" if condition.sum is UNSET else str(condition.sum)
    said = None if condition.where is UNSET else msgspec.to_builtins(condition.where)
    text = msgspec.json.encode([event, said, value, unit_s], order="deterministic")
    number = int.from_bytes(blake2b(text, digest_size=4, person=b"kairos-tally").digest())
    return TallySpec(number, event, where, value, unit_s)


def _seen(name: str, window_s: int, check: Callable[[Any], bool]) -> Rule:
    """Whether there was one within the window: when the last came tells, without counting."""
    none_passes, some_pass = check(0), check(1)

    def within(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        if counter is None or counter.last_s <= now_s - window_s:
            return none_passes
        return some_pass

    def flip(state: PersonState, now_s: int) -> int:
        counter = state.counters.get(name)
        if counter is None or none_passes == some_pass:
            return NEVER
        gone_s = counter.last_s + window_s
        return gone_s if gone_s > now_s else NEVER

    return Rule(within, flip)


def _counted(name: str, window_s: int, check: Callable[[Any], bool]) -> Rule:
    """What the counters know that are kept of every event."""
    none_passes = check(0)

    def ever(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        return none_passes if counter is None else check(counter.total)

    def within(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        counter = state.counters.get(name)
        if counter is None:
            return none_passes
        return check(counting.count_since(counter, now_s - window_s))

    def flip(state: PersonState, now_s: int) -> int:
        counter = state.counters.get(name)
        if counter is None:
            return NEVER
        changes_s = counting.next_change(counter, window_s, now_s, check)
        return NEVER if changes_s is None else changes_s

    return Rule(within, flip) if window_s else Rule(ever)


def _tallied(spec: TallySpec, window_s: int, check: Callable[[Any], bool]) -> Rule:
    number = spec.number

    def ever(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(tallying.ever(state.tallies.get(number), spec))

    def within(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return check(tallying.within(state.tallies.get(number), spec, now_s - window_s))

    def flip(state: PersonState, now_s: int) -> int:
        tally = state.tallies.get(number)
        if tally is None:
            return NEVER
        changes_s = tallying.next_change(tally, spec, window_s, now_s, check)
        return NEVER if changes_s is None else changes_s

    return Rule(within, flip) if window_s else Rule(ever)


def _time(
    condition: Condition, path: str, compared: list[str], where: Test | None, context: Context
) -> Rule:
    """When an event happened first or last, as a date."""
    for name in ("sum", "within"):
        if getattr(condition, name) is not UNSET:
            context.report(path, f"no `{name}` with `which`", f"`{name}`")
    if compared:
        names = ", ".join(dates.COMPARISONS)
        context.report(path, f"a comparison of dates ({names})", compared[0].strip("_"))
        return NOTHING
    name, first = str(condition.event), condition.which == "first"
    number = 0
    if where is not None:
        spec = _tally(condition, where, 0)
        context.uses.tallies[spec.number] = spec
        number = spec.number

    def instant(state: PersonState, zone: ZoneInfo) -> int | None:
        found = state.tallies.get(number) if where else state.counters.get(name)
        if found is None:
            return None
        return found.first_s if first else found.last_s

    return dates.rule(condition, instant, path, context)
