"""At most N messages within a rolling window, over any set of channels, topics, classes, tags.

A reserved slot counts as if it were sent now: its message may go out at any moment. An unknown
outcome counts like an accepted one.
"""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

NAME = "cap"


class Cap(msgspec.Struct, frozen=True):
    """A compiled cap."""

    key: str
    scope: Scope
    messages: int
    window_s: int
    passed: Verdict

    @classmethod
    def make(cls, key: str, scope: Scope, messages: int, window_s: int) -> "Cap":
        """Return the cap with its verdict for those who stay under it."""
        return cls(key, scope, messages, window_s, passed(f"{NAME}:{key}"))


def rule(cap: Cap, moment: Moment) -> Verdict:
    """Hold while the cap is full."""
    times = moment.times(cap.scope)
    start_s = moment.now_s - cap.window_s
    if len(times) < cap.messages or times[cap.messages - 1] <= start_s:
        return cap.passed
    count = sum(at_s > start_s for at_s in times)
    return held(
        cap.passed.rule,
        Reason.CAP_REACHED,
        times[cap.messages - 1] + cap.window_s,
        {"policy": cap.key, "count": count, "limit": cap.messages, "window_s": cap.window_s},
    )
