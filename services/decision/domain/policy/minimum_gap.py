"""At least so much time between two messages. A reserved slot counts as if it were sent now."""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.policy.scope import Scope
from services.decision.domain.reasons import Reason

NAME = "minimum_gap"


class MinimumGap(msgspec.Struct, frozen=True):
    """A compiled minimum gap."""

    key: str
    scope: Scope
    gap_s: int
    passed: Verdict

    @classmethod
    def make(cls, key: str, scope: Scope, gap_s: int) -> "MinimumGap":
        """Return the gap with its verdict for those who keep it."""
        return cls(key, scope, gap_s, passed(f"{NAME}:{key}"))


def rule(gap: MinimumGap, moment: Moment) -> Verdict:
    """Hold until the gap since the last message is over."""
    covers = gap.scope.covers
    for at_s, contact in moment.contacts:
        if at_s + gap.gap_s <= moment.now_s:
            break
        if covers(contact.channel, contact.topic, contact.message_class, contact.tags):
            facts: dict[str, Fact] = {"policy": gap.key, "window_s": gap.gap_s}
            return held(gap.passed.rule, Reason.MINIMUM_GAP, at_s + gap.gap_s, facts)
    return gap.passed
