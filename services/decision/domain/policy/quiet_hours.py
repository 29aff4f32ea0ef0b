"""No messages from one time of day to another, in the person's zone, across midnight and DST.

Where the person's zone is unknown, that of their phone number holds, else the workspace's. Where
they may be in one of several zones it is quiet while it is in any of them.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.civil import local, next_local_time
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "quiet_hours"
_DAY = timedelta(days=1)
_EVERY_DAY = frozenset(range(7))
#: Ends looked at one after the other: seven whole days in each of a dozen zones.
_ENDS_MAX = 100


class QuietHours(msgspec.Struct, frozen=True):
    """Compiled quiet hours, from `start` until just before `end`.

    `weekdays` (Monday is 0) are those on which they begin.
    """

    key: str
    scope: Scope
    start: time
    end: time
    passed: Verdict
    weekdays: frozenset[int] = _EVERY_DAY

    @classmethod
    def make(
        cls, key: str, scope: Scope, start: time, end: time,
        weekdays: frozenset[int] = _EVERY_DAY,
    ) -> "QuietHours":  # fmt: skip
        """Return the quiet hours with their verdict for the rest of the day."""
        return cls(key, scope, start, end, passed(f"{NAME}:{key}"), weekdays)


def rule(quiet: QuietHours, moment: Moment) -> Verdict:
    """Hold until the quiet hours are over."""
    place = moment.place
    if len(place.zones) == 1:
        if not _is_quiet(quiet, moment.local):
            return quiet.passed
        zone: ZoneInfo | None = moment.zone
    else:
        zone = _quiet_in(quiet, moment.now_s, place.zones)
    if zone is None:
        return quiet.passed
    facts = {
        "policy": quiet.key,
        "from": quiet.start.isoformat("minutes"),
        "to": quiet.end.isoformat("minutes"),
        "zone": zone.key,
        "zone_source": place.source,
    }
    until_s = moment.now_s
    for _ in range(_ENDS_MAX):
        until_s = next_local_time(until_s, quiet.end, zone)
        zone = _quiet_in(quiet, until_s, place.zones)
        if zone is None:
            return held(quiet.passed.rule, Reason.QUIET_HOURS, until_s, facts)
        until_s += 1
    return held(quiet.passed.rule, Reason.QUIET_HOURS, None, facts)


def _quiet_in(quiet: QuietHours, at_s: int, zones: tuple[ZoneInfo, ...]) -> ZoneInfo | None:
    """Return the first zone in which it is quiet, None where it is in no zone."""
    for zone in zones:
        if _is_quiet(quiet, local(at_s, zone)):
            return zone
    return None


def _is_quiet(quiet: QuietHours, here: datetime) -> bool:
    clock = here.time()
    begun_today = clock >= quiet.start and (quiet.start >= quiet.end or clock < quiet.end)
    if begun_today and here.weekday() in quiet.weekdays:
        return True
    begun_yesterday = quiet.start >= quiet.end and clock < quiet.end
    return begun_yesterday and (here - _DAY).weekday() in quiet.weekdays
