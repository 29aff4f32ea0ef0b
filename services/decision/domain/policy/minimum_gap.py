"""At least so much time between two messages. A reserved slot counts as if it were sent now."""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope

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
    times = moment.times(gap.scope)
    if not times or times[0] + gap.gap_s <= moment.now_s:
        return gap.passed
    facts: dict[str, Fact] = {"policy": gap.key, "window_s": gap.gap_s}
    return held(gap.passed.rule, Reason.MINIMUM_GAP, times[0] + gap.gap_s, facts)
