"""Questions about decisions: tried, run again, judged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import judging_pb2
from kit.clock import from_us, to_us
from kit.errors import Invalid
from services.decision.domain.evaluation import Greedy, Policy, Uniform, Weights
from services.decision.domain.preview import Preview, Standing
from services.decision.wire.convert import as_json
from services.decision.wire.outgoing import candidate_message, decision_message


@dataclass(frozen=True)
class PreviewQuestion:
    """Whom, when (None: now), and what about."""

    person: UUID
    at: datetime | None
    template: str
    journey: str


def preview_question(body: bytes) -> PreviewQuestion:
    """Reads the question."""
    asked = judging_pb2.PreviewRequest.FromString(body)
    at = from_us(asked.at_us) if asked.at_us else None
    return PreviewQuestion(UUID(bytes=asked.person), at, asked.template, asked.journey)


def preview_reply(told: Preview) -> bytes:
    """The decisions, and where the person stands."""
    return judging_pb2.PreviewReply(
        at_us=to_us(told.at),
        on_the_way=[decision_message(each) for each in told.on_the_way],
        final=[decision_message(each) for each in told.final],
        why_not=[_standing(each) for each in told.why_not],
    ).SerializeToString()


def _standing(told: Standing) -> judging_pb2.Standing:
    return judging_pb2.Standing(
        journey=told.journey,
        step=told.step,
        template=told.template,
        standing=told.standing,
        sentence_en=told.sentence_en,
        sentence_de=told.sentence_de,
        candidate=candidate_message(told.candidate) if told.candidate else None,
        at_step=told.at_step,
        until_us=to_us(told.until) if told.until else 0,
        entered=told.entered,
    )


@dataclass(frozen=True)
class Span:
    """From and to in time; None where it is open."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class ReplayQuestion:
    """Which decisions: by id, or a page in order of time."""

    ids: list[UUID]
    span: Span
    after: UUID | None
    limit: int


def replay_question(body: bytes) -> ReplayQuestion:
    """Reads the question."""
    asked = judging_pb2.ReplayRequest.FromString(body)
    return ReplayQuestion(
        [UUID(bytes=each) for each in asked.decision_ids],
        _span(asked.since_us, asked.until_us),
        UUID(bytes=asked.after) if asked.after else None,
        asked.limit,
    )


def replay_reply(checked: int, differing: Sequence[UUID], following: UUID | None) -> bytes:
    """How many were run again, which differ, and where to go on."""
    return judging_pb2.ReplayReply(
        checked=checked,
        differing=[each.bytes for each in differing],
        next=following.bytes if following else b"",
    ).SerializeToString()


@dataclass(frozen=True)
class EvaluateQuestion:
    """Which policy on which log."""

    policy: Policy
    span: Span
    template: str


def evaluate_question(body: bytes) -> EvaluateQuestion:
    """Reads the question; Invalid where the policy is none."""
    asked = judging_pb2.EvaluateRequest.FromString(body)
    span = _span(asked.since_us, asked.until_us)
    return EvaluateQuestion(_policy(json.loads(asked.policy_json)), span, asked.template)


def _policy(named: Any) -> Policy:
    if named == "uniform":
        return Uniform()
    if named == "greedy":
        return Greedy()
    if isinstance(named, dict) and named and all(_weighs(each) for each in named.values()):
        return Weights({name: float(weight) for name, weight in named.items()})
    raise Invalid(
        "The policy must be uniform, greedy, or weights",
        errors=[
            {
                "pointer": "/policy",
                "detail": "`uniform`, `greedy`, or an object of weights of at least 0 by variant,"
                " `template/variant`, template or channel",
            }
        ],
    )


def _weighs(weight: object) -> bool:
    return isinstance(weight, int | float) and not isinstance(weight, bool) and weight >= 0


def evaluate_reply(evaluation: Any) -> bytes:
    """The estimates as JSON."""
    return judging_pb2.EvaluateReply(evaluation_json=as_json(evaluation)).SerializeToString()


def _span(since_us: int, until_us: int) -> Span:
    return Span(
        from_us(since_us) if since_us else None,
        from_us(until_us) if until_us else None,
    )
