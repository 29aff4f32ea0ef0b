"""At least so much time between two messages. A reserved slot counts as if it were sent now."""

import msgspec

from services.decision.domain.case import Case, Moment, held, passed
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


def rule(gap: MinimumGap, case: Case) -> Verdict:
    """Hold until the gap since the last message is over; the same for every candidate."""
    rule_name = gap.passed.rule
    memo = case.moment.memo
    verdict = memo.get(rule_name)
    if verdict is None:
        verdict = memo[rule_name] = _measure(gap, case.moment)
    return verdict


def _measure(gap: MinimumGap, moment: Moment) -> Verdict:
    now_s = moment.now_s
    covers = gap.scope.covers
    last_s = 0
    for contact in moment.state.contacts:
        at_s = now_s if contact.state == "reserved" else contact.at_s
        if (
            at_s > last_s
            and contact.id != moment.own
            and covers(contact.channel, contact.topic, contact.message_class, contact.tags)
        ):
            last_s = at_s
    if last_s + gap.gap_s <= now_s:
        return gap.passed
    facts: dict[str, Fact] = {"policy": gap.key, "window_s": gap.gap_s}
    return held(gap.passed.rule, Reason.MINIMUM_GAP, last_s + gap.gap_s, facts)
