"""Every rule a message must pass, in one visible order: eligibility, continuity, contact policy.

All rules that concern a message are asked and every verdict is kept. To add one: a file in
`policy/`, a line here, its reason and sentences, its tests.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from services.decision.domain.case import Case
from services.decision.domain.decisions import Verdict
from services.decision.domain.model import MARKETING, TRANSACTIONAL
from services.decision.domain.policy import (
    ask_done,
    asked_elsewhere,
    audience,
    caps,
    cool_down,
    in_time,
    journey_open,
    marketing_stop,
    minimum_gap,
    permission_rule,
    quiet_hours,
    reachable,
)

Check = Callable[[Case], Verdict]
Policy = caps.Cap | minimum_gap.MinimumGap | quiet_hours.QuietHours


class Labels(NamedTuple):
    """What is known of a message before there is a person."""

    channel: str
    topic: str
    message_class: str
    tags: tuple[str, ...]
    has_ask: bool
    has_cool_down: bool


class Rule(NamedTuple):
    """A rule, the messages it concerns, and, where the catalog says how, the class of policy."""

    judge: Callable[..., Verdict]
    concerns: Callable[[Labels], bool] = lambda labels: True
    policy: type[Any] | None = None


def _is_marketing(labels: Labels) -> bool:
    return labels.message_class == MARKETING


def _is_free(labels: Labels) -> bool:
    return labels.message_class != TRANSACTIONAL


def _has_ask(labels: Labels) -> bool:
    return labels.has_ask


def _has_cool_down(labels: Labels) -> bool:
    return labels.has_cool_down


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
    Rule(quiet_hours.rule, _is_free, quiet_hours.QuietHours),
    Rule(minimum_gap.rule, _is_free, minimum_gap.MinimumGap),
    Rule(caps.rule, _is_free, caps.Cap),
)


def checks_for(labels: Labels, policies: Iterable[Policy]) -> tuple[Check, ...]:
    """Return the rules that can concern a message with these labels, in the order of POLICIES."""
    checks: list[Check] = []
    for rule in POLICIES:
        if not rule.concerns(labels):
            continue
        if rule.policy is None:
            checks.append(rule.judge)
            continue
        checks.extend(
            partial(rule.judge, policy)
            for policy in policies
            if type(policy) is rule.policy
            and policy.scope.covers(labels.channel, labels.topic, labels.message_class, labels.tags)
        )
    return tuple(checks)
