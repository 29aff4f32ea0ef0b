"""Conditions on dates: of traits, and of the first or last time an event happened.

A date without a time means its first moment where the person is; a time without an offset is
theirs too. Durations of days and months follow the calendar there.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

from services.decision.domain.civil import Duration, add, instant_s, local, subtract, to_s
from services.decision.domain.conditions.context import Context
from services.decision.domain.conditions.rule import NEVER, NOTHING, Rule, group
from services.decision.domain.conditions.windows import any_duration
from services.decision.domain.documents import Condition
from services.decision.domain.state import PersonState
from services.decision.domain.zones import place_of

COMPARISONS = ("before", "after", "older_than", "newer_than", "due_within", "anniversary")
_DAYS_AHEAD_MAX = 300

#: What is compared: the instant in seconds, None where there is none; and the zone it is seen in.
Instant = Callable[[PersonState, ZoneInfo], int | None]


def rules(condition: Condition, instant: Instant, path: str, context: Context) -> list[Rule]:
    """Return one rule for each date comparison of the condition; none where it has none."""
    found = []
    for name in COMPARISONS:
        text = getattr(condition, name)
        if text is UNSET:
            continue
        context.uses.zone = True
        at = f"{path}.{name}"
        if name in ("before", "after"):
            found.append(_compared(name, text, instant, at, context))
        elif name == "anniversary":
            found.append(_anniversary(text, instant, at, context))
        else:
            duration = any_duration(text, at, context.report)
            found.append(_aged(name, duration, instant, context.zone))
    return found


def rule(condition: Condition, instant: Instant, path: str, context: Context) -> Rule:
    """Return the rule of all date comparisons of a condition, of which there must be one."""
    found = rules(condition, instant, path, context)
    if not found:
        context.report(path, f"a comparison of dates ({', '.join(COMPARISONS)})", "none")
        return NOTHING
    return found[0] if len(found) == 1 else group("all", tuple(found))


def trait_instant(name: str) -> Instant:
    """Return what reads a trait as a date."""

    def instant(state: PersonState, zone: ZoneInfo) -> int | None:
        value = state.traits.get(name)
        return _instant_of(value, zone) if isinstance(value, str) else None

    return instant


def _instant_of(text: str, zone: ZoneInfo) -> int | None:
    parsed = _parse(text)
    if parsed is None:
        return None
    if not isinstance(parsed, datetime):
        return instant_s(parsed, time(), zone)
    return to_s(parsed if parsed.tzinfo else parsed.replace(tzinfo=zone))


@lru_cache(maxsize=4096)
def _parse(text: str) -> date | datetime | None:
    """Return an ISO 8601 date or time of the years 1 to 9998; None where the text is none."""
    try:
        parsed = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None
    if not date(1, 1, 2) < date(parsed.year, parsed.month, parsed.day) < date(9998, 1, 1):
        return None
    return parsed.astimezone(UTC) if isinstance(parsed, datetime) and parsed.tzinfo else parsed


def _compared(name: str, text: str, instant: Instant, path: str, context: Context) -> Rule:
    if _parse(text) is None:
        context.report(path, "a date such as 2026-05-01 or a time such as 2026-05-01T09:00Z", text)
        return NOTHING
    default, before = context.zone, name == "before"

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        zone = place_of(state, default).zones[0]
        at_s, limit_s = instant(state, zone), _instant_of(text, zone)
        return at_s is not None and limit_s is not None and (at_s < limit_s) is before

    return Rule(test)


def _aged(name: str, duration: Duration, instant: Instant, default: ZoneInfo) -> Rule:
    """`older_than`, `newer_than`: at least so long ago, or less; `due_within`: ahead, at most."""

    def span(state: PersonState) -> tuple[int, int] | None:
        """From when the condition holds, and from when it does not any more."""
        zone = place_of(state, default).zones[0]
        at_s = instant(state, zone)
        if at_s is None:
            return None
        if name == "older_than":
            return add(at_s, duration, zone), NEVER
        if name == "newer_than":
            return at_s, add(at_s, duration, zone)
        return subtract(at_s, duration, zone), at_s

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        found = span(state)
        return found is not None and found[0] <= now_s < found[1]

    def flip(state: PersonState, now_s: int) -> int:
        found = span(state)
        if found is None or found[0] >= found[1]:
            return NEVER
        return next((at_s for at_s in found if at_s > now_s), NEVER)

    return Rule(test, flip)


def _anniversary(text: str, instant: Instant, path: str, context: Context) -> Rule:
    duration = any_duration(text, path, context.report)
    ahead, default = timedelta(days=duration.days), context.zone
    if duration.months or duration.seconds or duration.days > _DAYS_AHEAD_MAX:
        context.report(path, f"whole days from P0D to P{_DAYS_AHEAD_MAX}D", text)
        return NOTHING

    def days(state: PersonState, now_s: int) -> tuple[date, list[date], ZoneInfo] | None:
        """Today, the days around it on which the condition holds, and the zone."""
        zone = place_of(state, default).zones[0]
        at_s = instant(state, zone)
        if at_s is None:
            return None
        born, today = local(at_s, zone).date(), local(now_s, zone).date()
        years = range(max(born.year + 1, today.year - 1), today.year + 3)
        return today, [_in_year(born, year) - ahead for year in years], zone

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        found = days(state, now_s)
        return found is not None and found[0] in found[1]

    def flip(state: PersonState, now_s: int) -> int:
        found = days(state, now_s)
        if found is None:
            return NEVER
        today, holding, zone = found
        if today in holding:
            return instant_s(today + timedelta(days=1), time(), zone)
        following = [day for day in holding if day > today]
        return instant_s(following[0], time(), zone) if following else NEVER

    return Rule(test, flip)


def _in_year(day: date, year: int) -> date:
    """Return the day of a year; 29 February is the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
