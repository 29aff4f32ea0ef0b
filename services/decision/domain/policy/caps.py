"""At most N messages within a rolling window, over any set of channels, topics, classes, tags.

A reserved slot counts as if it were sent now: its message may go out at any moment. An unknown
outcome counts like an accepted one.
"""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.policy.scope import Scope
from services.decision.domain.reasons import Reason

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
    start_s = moment.now_s - cap.window_s
    covers = cap.scope.covers
    taken = []
    for at_s, contact in moment.contacts:
        if at_s <= start_s:
            break
        if covers(contact.channel, contact.topic, contact.message_class, contact.tags):
            taken.append(at_s)
    if len(taken) < cap.messages:
        return cap.passed
    return held(
        cap.passed.rule,
        Reason.CAP_REACHED,
        taken[cap.messages - 1] + cap.window_s,
        {"policy": cap.key, "count": len(taken), "limit": cap.messages, "window_s": cap.window_s},
    )
