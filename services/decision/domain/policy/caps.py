"""At most N messages within a rolling window or a calendar period.

Over any set of channels, topics, classes and tags. A reserved slot counts as if it were sent now:
its message may go out at any moment. An unknown outcome counts like an accepted one. Calendar
periods are those of the person's zone.
"""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.civil import period_s
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "cap"


class Cap(msgspec.Struct, frozen=True):
    """A compiled cap: `window_s` is rolling; or `period` is of the calendar, and `window_s` 0.

    `look_ahead_s` is how far it keeps places free (`look_ahead.py`), 0 for not at all.
    """

    key: str
    scope: Scope
    messages: int
    window_s: int
    passed: Verdict
    period: str = ""
    look_ahead_s: int = 0

    @classmethod
    def make(
        cls, key: str, scope: Scope, messages: int, window_s: int, period: str = "",
        look_ahead_s: int = 0,
    ) -> "Cap":  # fmt: skip
        """Return the cap with its verdict for those who stay under it."""
        return cls(key, scope, messages, window_s, passed(f"{NAME}:{key}"), period, look_ahead_s)


def window(cap: Cap, moment: Moment) -> tuple[int, int]:
    """Return the second after which messages count now, and when that window ends (0: rolling)."""
    if not cap.period:
        return moment.now_s - cap.window_s, 0
    start_s, end_s = period_s(cap.period, moment.now_s, moment.zone)
    return start_s - 1, end_s


def rule(cap: Cap, moment: Moment) -> Verdict:
    """Hold while the cap is full."""
    times = moment.times(cap.scope)
    if len(times) < cap.messages:
        return cap.passed
    after_s, end_s = window(cap, moment)
    if times[cap.messages - 1] <= after_s:
        return cap.passed
    count = sum(at_s > after_s for at_s in times)
    facts: dict[str, Fact] = {"policy": cap.key, "count": count, "limit": cap.messages}
    if cap.period:
        facts["period"] = cap.period
        return held(cap.passed.rule, Reason.PERIOD_FULL, end_s, facts)
    facts["window_s"] = cap.window_s
    until_s = times[cap.messages - 1] + cap.window_s
    return held(cap.passed.rule, Reason.CAP_REACHED, until_s, facts)
