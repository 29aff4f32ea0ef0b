"""Civil time that survives daylight saving: durations, zones, local times of day.

Rules: a duration of days, weeks, months or years moves the local calendar and keeps the time of
day; hours, minutes and seconds are exact. A local time that a change of clocks skips means the
first instant after the gap; one that happens twice means the first of the two.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

UTC_ZONE = ZoneInfo("UTC")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)

_DURATION = re.compile(
    r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class Duration(msgspec.Struct, frozen=True):
    """An ISO 8601 duration. `months` and `days` are of the calendar, `seconds` are exact."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def fixed_s(self) -> int:
        """The length in seconds with days of 24 hours; only meant where there are no months."""
        return self.days * 86_400 + self.seconds


def parse_duration(text: str) -> Duration:
    """Return the duration an ISO 8601 text such as P3D, P1M or PT36H means; else ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("expected an ISO 8601 duration such as P3D or PT12H")
    years, months, weeks, days, hours, minutes, seconds = (
        int(part or 0) for part in match.groups()
    )
    return Duration(years * 12 + months, weeks * 7 + days, hours * 3600 + minutes * 60 + seconds)


def parse_local_time(text: str) -> time:
    """Return the time of day a text such as 09:00 means; else ValueError."""
    match = _LOCAL_TIME.fullmatch(text)
    if match is None:
        raise ValueError("expected a time of day such as 09:00")
    return time(int(match[1]), int(match[2]))


@lru_cache(maxsize=1024)
def find_zone(name: str) -> ZoneInfo | None:
    """Return the IANA zone of that name, None where there is none."""
    if not name or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def to_s(moment: datetime) -> int:
    """Return whole seconds since 1970 UTC, rounded down."""
    return (moment - EPOCH) // _SECOND


def to_s_up(moment: datetime) -> int:
    """Return whole seconds since 1970 UTC, rounded up."""
    return -((EPOCH - moment) // _SECOND)


def to_us(moment: datetime) -> int:
    """Return microseconds since 1970 UTC."""
    return (moment - EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Return the aware UTC instant of microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def from_s(seconds: int) -> datetime:
    """Return the aware UTC instant of whole seconds since 1970 UTC."""
    # 0.13 µs; adding a timedelta to EPOCH takes 0.32.
    return datetime.fromtimestamp(seconds, UTC)


def local(at_s: int, zone: ZoneInfo) -> datetime:
    """Return the aware local date and time in `zone`."""
    return datetime.fromtimestamp(at_s, zone)


def instant_s(day: date, at: time, zone: ZoneInfo) -> int:
    """Return the first instant at which clocks in `zone` show `at` or, in a gap, the end of it."""
    wall = datetime.combine(day, at)
    found = to_s_up(wall.replace(tzinfo=zone).astimezone(UTC))
    if datetime.fromtimestamp(found, zone).replace(tzinfo=None, fold=0) == wall:
        return found
    return _end_of_gap(found, zone)


def _end_of_gap(after_s: int, zone: ZoneInfo) -> int:
    """Return the last change of offset at or before `after_s`, which lies within a day of it."""
    low, high = after_s - 86_400, after_s
    offset = datetime.fromtimestamp(high, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high


def add(at_s: int, duration: Duration, zone: ZoneInfo) -> int:
    """Return the instant `duration` after `at_s` by the calendar and clocks of `zone`."""
    if duration.months or duration.days:
        start = datetime.fromtimestamp(at_s, zone)
        day = _add_months(start.date(), duration.months) + timedelta(days=duration.days)
        at_s = max(at_s, instant_s(day, start.time(), zone))
    return at_s + duration.seconds


def subtract(at_s: int, duration: Duration, zone: ZoneInfo) -> int:
    """Return the instant `duration` before `at_s` by the calendar and clocks of `zone`."""
    if duration.months or duration.days:
        start = datetime.fromtimestamp(at_s, zone)
        day = _add_months(start.date(), -duration.months) - timedelta(days=duration.days)
        at_s = min(at_s, instant_s(day, start.time(), zone))
    return at_s - duration.seconds


def _add_months(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day."""
    if not months:
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


#: Calendar periods, smallest first; a week begins on Monday, a quarter in January, April ...
PERIODS = ("hour", "day", "week", "month", "quarter")
#: No calendar period is longer: 92 days, and an hour where clocks go back.
PERIOD_S_MAX = 92 * 86_400 + 3_600


def period_s(period: str, at_s: int, zone: ZoneInfo) -> tuple[int, int]:
    """Return the first instant of the calendar period `at_s` lies in, and that of the next.

    Hours follow the minutes clocks show at `at_s`, so each is 3,600 s long.
    """
    here = datetime.fromtimestamp(at_s, zone)
    if period == "hour":
        start_s = at_s - here.minute * 60 - here.second
        return start_s, start_s + 3_600
    first = here.date()
    if period == "day":
        following = first + timedelta(days=1)
    elif period == "week":
        first -= timedelta(days=first.weekday())
        following = first + timedelta(days=7)
    else:
        months = 1 if period == "month" else 3
        first = date(first.year, first.month - (first.month - 1) % months, 1)
        following = _add_months(first, months)
    return instant_s(first, time(), zone), instant_s(following, time(), zone)


def next_local_time(at_s: int, at: time, zone: ZoneInfo) -> int:
    """Return the first instant at or after `at_s` at which clocks in `zone` come to show `at`."""
    day = datetime.fromtimestamp(at_s, zone).date()
    while True:
        found = instant_s(day, at, zone)
        if found < at_s:
            found = _second_instant_s(day, at, zone)
        if found >= at_s:
            return found
        day += timedelta(days=1)


def _second_instant_s(day: date, at: time, zone: ZoneInfo) -> int:
    """Return when clocks that were set back show `at` again; where they were not, the only time."""
    again = datetime.combine(day, at, tzinfo=zone).replace(fold=1)
    return to_s_up(again.astimezone(UTC))
