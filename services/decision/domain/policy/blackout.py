"""No messages on certain days, in the person's zone."""

from datetime import date, time, timedelta

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.civil import instant_s
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "blackout"
_DAY = timedelta(days=1)
#: Looked ahead for a day that is not barred; beyond that only a change can free a message.
_DAYS_MAX = 366

#: First and last day: (year, month, day), the year 0 for every year.
Days = tuple[tuple[int, int, int], tuple[int, int, int]]


class Blackout(msgspec.Struct, frozen=True):
    """Compiled blackout dates."""

    key: str
    scope: Scope
    days: tuple[Days, ...]
    passed: Verdict

    @classmethod
    def make(cls, key: str, scope: Scope, days: tuple[Days, ...]) -> "Blackout":
        """Return the blackout with its verdict for all other days."""
        return cls(key, scope, days, passed(f"{NAME}:{key}"))


def parse_days(text: str) -> Days:
    """Return the days a text such as 2026-12-24, 12-24 or 12-24/01-02 means; else ValueError."""
    first, _, last = text.partition("/")
    days = _parse_day(first), _parse_day(last or first)
    if bool(days[0][0]) != bool(days[1][0]) or (days[0][0] and days[1] < days[0]):
        raise ValueError("expected a first day and, after a slash, a later one of the same form")
    return days


def _parse_day(text: str) -> tuple[int, int, int]:
    parts = [int(part) for part in text.split("-") if part.isdigit()]
    yearly = len(text) == len("12-24")
    try:
        # 2028 has a 29 February, which a day of every year may name.
        year, month, day = (2028, *parts) if yearly else parts
        date(year, month, day)
    except ValueError:
        raise ValueError("expected a day such as 2026-12-24 or 12-24") from None
    return (0 if yearly else year), month, day


def rule(blackout: Blackout, moment: Moment) -> Verdict:
    """Hold until the first day that is not barred."""
    today = moment.local.date()
    if not _bars(blackout.days, today):
        return blackout.passed
    facts = {"policy": blackout.key, "day": today.isoformat()}
    day = today + _DAY
    while _bars(blackout.days, day):
        day += _DAY
        if (day - today).days > _DAYS_MAX:
            return held(blackout.passed.rule, Reason.BLACKOUT, None, facts)
    until_s = instant_s(day, time(), moment.zone)
    return held(blackout.passed.rule, Reason.BLACKOUT, until_s, facts)


def _bars(all_days: tuple[Days, ...], day: date) -> bool:
    for first, last in all_days:
        if first[0]:
            if first <= (day.year, day.month, day.day) <= last:
                return True
            continue
        here = (0, day.month, day.day)
        if first <= here <= last if first <= last else here >= first or here <= last:
            return True
    return False
