"""Adaptive pressure: who does not respond gets fewer.

With u messages in a row unanswered the cap is

    max(at_least, floor(messages / 2 ** (u // halve_after)))

u counts accepted and unknown messages in scope, newest first, up to the first that was answered,
leaving out those of the last day (there was no time to respond) and those older than `look_back`.
So one response restores the whole cap, and after `look_back` without messages it is whole again.
Who complains gets nothing at all: a complaint is a suppression (`permission.py`).
"""

import msgspec

from services.decision.domain.case import Moment, held, passed
from services.decision.domain.decisions import Fact, Verdict
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope
from services.decision.domain.state import ACCEPTED, CLICKED, OPENED, REPLIED, UNKNOWN, Contact

NAME = "adaptive"
#: Time to respond before a message counts as unanswered.
PATIENCE_S = 86_400


class Adaptive(msgspec.Struct, frozen=True):
    """A compiled adaptive cap; `responses` are the bits of `Contact.seen` that count as one."""

    key: str
    scope: Scope
    messages: int
    window_s: int
    halve_after: int
    at_least: int
    look_back_s: int
    responses: int
    passed: Verdict


def make(
    key: str, scope: Scope, messages: int, window_s: int, halve_after: int, at_least: int,
    look_back_s: int, *, opens: bool,
) -> Adaptive:  # fmt: skip
    """Return the adaptive cap with its verdict for those who stay under it."""
    responses = CLICKED | REPLIED | (OPENED if opens else 0)
    return Adaptive(
        key, scope, messages, window_s, halve_after, at_least, look_back_s, responses,
        passed(f"{NAME}:{key}"),
    )  # fmt: skip


def rule(adaptive: Adaptive, moment: Moment) -> Verdict:
    """Hold while as many went out as the person's responses allow."""
    unanswered = _unanswered(adaptive, moment)
    halvings = unanswered // adaptive.halve_after
    limit = max(adaptive.at_least, adaptive.messages >> halvings)
    times = moment.times(adaptive.scope)
    start_s = moment.now_s - adaptive.window_s
    count = sum(at_s > start_s for at_s in times)
    if count < limit:
        return adaptive.passed
    facts: dict[str, Fact] = {
        "policy": adaptive.key, "count": count, "limit": limit, "unanswered": unanswered,
        "window_s": adaptive.window_s,
    }  # fmt: skip
    until_s = times[limit - 1] + adaptive.window_s if limit else None
    return held(adaptive.passed.rule, Reason.PRESSURE, until_s, facts)


def _unanswered(adaptive: Adaptive, moment: Moment) -> int:
    oldest_s, newest_s = moment.now_s - adaptive.look_back_s, moment.now_s - PATIENCE_S
    count = 0
    for at_s, one in moment.contacts:
        if at_s <= oldest_s:
            break
        if not _covers(adaptive.scope, one):
            continue
        if one.seen & adaptive.responses:
            break
        if at_s <= newest_s and one.state in (ACCEPTED, UNKNOWN):
            count += 1
    return count


def _covers(scope: Scope, one: Contact) -> bool:
    return scope.covers(one.channel, one.topic, one.message_class, one.tags)
