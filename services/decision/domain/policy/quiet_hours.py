"""No messages from one time of day to another, in the person's zone, across midnight and DST.

Where the person's zone is unknown the workspace's holds.
"""

from datetime import time

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.civil import next_local_time
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "quiet_hours"


class QuietHours(msgspec.Struct, frozen=True):
    """Compiled quiet hours, from `start` until just before `end`."""

    key: str
    scope: Scope
    start: time
    end: time
    passed: Verdict

    @classmethod
    def make(cls, key: str, scope: Scope, start: time, end: time) -> "QuietHours":
        """Return the quiet hours with their verdict for the rest of the day."""
        return cls(key, scope, start, end, passed(f"{NAME}:{key}"))


def rule(quiet: QuietHours, moment: Moment) -> Verdict:
    """Hold until the quiet hours are over."""
    start, end = quiet.start, quiet.end
    clock = moment.local.time()
    is_quiet = start <= clock < end if start < end else clock >= start or clock < end
    if not is_quiet:
        return quiet.passed
    facts = {
        "policy": quiet.key,
        "from": start.isoformat("minutes"),
        "to": end.isoformat("minutes"),
        "zone": moment.zone.key,
    }
    until_s = next_local_time(moment.now_s, end, moment.zone)
    return held(quiet.passed.rule, Reason.QUIET_HOURS, until_s, facts)
