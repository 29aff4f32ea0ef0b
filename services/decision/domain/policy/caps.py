"""At most N messages within a rolling window, over any set of channels, topics, classes, tags.

A reserved slot counts as if it were sent now: its message may go out at any moment. An unknown
outcome counts like an accepted one.
"""

import msgspec

from services.decision.domain.case import Case, Moment, held, passed
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


def rule(cap: Cap, case: Case) -> Verdict:
    """Hold while the cap is full; the same for every candidate of a moment."""
    rule_name = cap.passed.rule
    memo = case.moment.memo
    verdict = memo.get(rule_name)
    if verdict is None:
        verdict = memo[rule_name] = _count(cap, case.moment)
    return verdict


def _count(cap: Cap, moment: Moment) -> Verdict:
    now_s = moment.now_s
    start_s = now_s - cap.window_s
    covers = cap.scope.covers
    taken = []
    for contact in moment.state.contacts:
        at_s = now_s if contact.state == "reserved" else contact.at_s
        if (
            at_s > start_s
            and contact.id != moment.own
            and covers(contact.channel, contact.topic, contact.message_class, contact.tags)
        ):
            taken.append(at_s)
    if len(taken) < cap.messages:
        return cap.passed
    taken.sort()
    until_s = taken[len(taken) - cap.messages] + cap.window_s
    return held(
        cap.passed.rule,
        Reason.CAP_REACHED,
        until_s,
        {"policy": cap.key, "count": len(taken), "limit": cap.messages, "window_s": cap.window_s},
    )
