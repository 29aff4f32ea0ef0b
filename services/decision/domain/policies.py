"""Every rule a message must pass, in one visible order: eligibility, continuity, contact policy.

All rules that concern a message are asked and every verdict is kept. To add one: a file in
`policy/`, a line in one of the two tuples, its reason and sentences, its tests.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from services.decision.domain.case import Case, Moment
from services.decision.domain.decisions import Ruling, Verdict
from services.decision.domain.model import MARKETING, TRANSACTIONAL
from services.decision.domain.policy import (
    adaptive,
    ask_done,
    asked_elsewhere,
    audience,
    blackout,
    block,
    caps,
    cool_down,
    in_time,
    journey_open,
    look_ahead,
    marketing_stop,
    minimum_gap,
    on_request,
    permission_rule,
    preferred_time,
    quiet_hours,
    reachable,
)

Check = Callable[[Case], Verdict]
Policy = (
    caps.Cap
    | minimum_gap.MinimumGap
    | block.Block
    | quiet_hours.QuietHours
    | blackout.Blackout
    | adaptive.Adaptive
)
PolicyCheck = Callable[[Moment], Verdict]


class Labels(NamedTuple):
    """What is known of a message before there is a person."""

    channel: str
    topic: str
    message_class: str
    tags: tuple[str, ...]
    has_ask: bool
    has_cool_down: bool
    has_look_ahead: bool = False
    at_preferred_time: bool = False
    on_request: bool = False


class Rule(NamedTuple):
    """A rule about a candidate, and the messages it concerns."""

    judge: Check
    concerns: Callable[[Labels], bool] = lambda labels: True


def _is_marketing(labels: Labels) -> bool:
    return labels.message_class == MARKETING


def _has_ask(labels: Labels) -> bool:
    return labels.has_ask


def _has_cool_down(labels: Labels) -> bool:
    return labels.has_cool_down


def _has_look_ahead(labels: Labels) -> bool:
    return labels.has_look_ahead


def _on_request(labels: Labels) -> bool:
    return labels.on_request


def _at_preferred_time(labels: Labels) -> bool:
    return labels.at_preferred_time


#: Asked of each candidate.
POLICIES: tuple[Rule, ...] = (
    Rule(marketing_stop.rule, _is_marketing),
    Rule(journey_open.rule),
    Rule(in_time.rule),
    Rule(audience.rule),
    Rule(reachable.rule),
    Rule(permission_rule.rule),
    Rule(ask_done.rule, _has_ask),
    Rule(asked_elsewhere.rule, _has_ask),
    Rule(cool_down.rule, _has_cool_down),
    Rule(look_ahead.rule, _has_look_ahead),
    Rule(on_request.rule, _on_request),
    Rule(preferred_time.rule, _at_preferred_time),
)

#: Asked of the moment, once for every policy of that class in the catalog; never of
#: transactional messages.
CONTACT_POLICIES: tuple[tuple[type[Any], Callable[[Any, Moment], Verdict]], ...] = (
    (blackout.Blackout, blackout.rule),
    (quiet_hours.QuietHours, quiet_hours.rule),
    (block.Block, block.rule),
    (minimum_gap.MinimumGap, minimum_gap.rule),
    (caps.Cap, caps.rule),
    (adaptive.Adaptive, adaptive.rule),
)


def checks_for(labels: Labels) -> tuple[Check, ...]:
    """Return the rules that can concern a message with these labels, in the order of POLICIES."""
    return tuple(rule.judge for rule in POLICIES if rule.concerns(labels))


class Blocked(NamedTuple):
    """What a policy says of messages it holds; empty and 0 where the step decides."""

    action: str = ""
    hold_s_max: int = 0


def policy_checks_for(
    labels: Labels, policies: Iterable[Policy], blocked: Mapping[str, Blocked]
) -> dict[str, PolicyCheck]:
    """Return, by key, the policies that concern such a message, in the order of their classes."""
    if labels.message_class == TRANSACTIONAL:
        return {}
    return {
        policy.key: _saying(partial(judge, policy), blocked.get(policy.key))
        for kind, judge in CONTACT_POLICIES
        for policy in policies
        if type(policy) is kind and policy.scope.covers(*labels[:4])
    }


def look_aheads_for(labels: Labels, policies: Iterable[Policy]) -> tuple[caps.Cap, ...]:
    """Return the caps that keep places free for others than such a message."""
    return tuple(
        policy
        for policy in policies
        if isinstance(policy, caps.Cap)
        and policy.look_ahead_s
        and labels.message_class == MARKETING
        and policy.scope.covers(*labels[:4])
    )


def _saying(check: PolicyCheck, blocked: Blocked | None) -> PolicyCheck:
    """Return a check whose held verdicts say what becomes of the message."""
    if blocked is None:
        return check

    def saying(moment: Moment) -> Verdict:
        verdict = check(moment)
        if verdict.ruling is not Ruling.HELD:
            return verdict
        return msgspec.structs.replace(
            verdict, action=blocked.action, hold_s_max=blocked.hold_s_max
        )

    return saying
