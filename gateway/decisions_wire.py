"""Protobuf ⇄ decisions: made, tried, asked for, run again and judged."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import judging_pb2, requests_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from contracts.gen.kairos.decisions.v1 import decision_pb2
from gateway import shapes
from gateway.decisions_shapes import (
    EvaluateRequest,
    Evaluation,
    MessageTaken,
    Next,
    NextRequest,
    Preview,
    PreviewRequest,
    Replay,
    ReplayRequest,
    SendMessage,
    Standing,
    Tried,
)
from kit.clock import from_us, to_us
from kit.errors import Conflict
from kit.telemetry import trace_id_of


def decision_request(decision_id: UUID) -> bytes:
    return decision_service.DecisionRequest(decision_id=decision_id.bytes).SerializeToString()


def decision(decision_id: UUID, reply: bytes) -> shapes.Decision:
    told = decision_service.DecisionReply.FromString(reply)
    made = told.decision
    return shapes.Decision(
        id=decision_id,
        profile_id=UUID(bytes=told.person),
        outcome=_outcome(made),
        at=from_us(made.at_us),
        trigger=shapes.Trigger(
            kind=made.trigger_kind, id=_id(made.trigger_id), name=made.trigger_name or None
        ),
        reason=made.reason or None,
        sentence=_sentence(made.reason_en, made.reason_de),
        message_id=_id(made.message_id),
        candidates=[_candidate(each) for each in made.candidates],
        catalog_revision=made.catalog_revision,
        action_probability=made.action_probability,
        actions=[_action(each) for each in made.actions],
        model_revision=made.model_revision,
        bucket=made.bucket or None,
        seed=str(made.seed),
        basis=_json(told.basis_json),
        trace_id=trace_id_of(told.traceparent) or None,
    )


def _candidate(told: decision_pb2.Candidate) -> shapes.Candidate:
    return shapes.Candidate(
        template=told.template,
        channel=told.channel,
        topic=told.topic or None,
        message_class=told.message_class or None,
        journey=told.journey or None,
        step=told.step or None,
        priority=told.priority,
        score=_score(told.score) if told.HasField("score") else None,
        verdicts=[
            shapes.Verdict(
                rule=each.rule,
                outcome=each.outcome,
                reason=each.reason or None,
                until=_at(each.until_us),
                sentence=_sentence(each.sentence_en, each.sentence_de),
            )
            for each in told.verdicts
        ],
    )


def _action(told: decision_pb2.Action) -> shapes.Action:
    return shapes.Action(
        template=told.template,
        variant=told.variant or None,
        channel=told.channel,
        probability=told.share / 1_000_000,
    )


def _score(told: decision_pb2.Score) -> shapes.Score:
    return shapes.Score(**{name: getattr(told, name) for name in shapes.Score.model_fields})


def preview_request(person: UUID, asked: PreviewRequest) -> bytes:
    return judging_pb2.PreviewRequest(
        person=person.bytes,
        at_us=to_us(asked.at) if asked.at else 0,
        template=asked.template,
        journey=asked.journey,
    ).SerializeToString()


def preview(person: UUID, reply: bytes) -> Preview:
    told = judging_pb2.PreviewReply.FromString(reply)
    return Preview(
        profile_id=person,
        at=from_us(told.at_us),
        decisions=[_tried(each) for each in told.final],
        on_the_way=[_tried(each) for each in told.on_the_way],
        why_not=[_standing(each) for each in told.why_not],
    )


def _tried(told: decision_pb2.DecisionMade) -> Tried:
    return Tried(
        outcome=_outcome(told),
        at=from_us(told.at_us),
        reason=told.reason or None,
        sentence=_sentence(told.reason_en, told.reason_de),
        candidates=[_candidate(each) for each in told.candidates],
        actions=[_action(each) for each in told.actions],
        bucket=told.bucket or None,
        model_revision=told.model_revision,
    )


def _standing(told: judging_pb2.Standing) -> Standing:
    return Standing(
        journey=told.journey,
        step=told.step,
        template=told.template,
        standing=told.standing,
        sentence=_sentence(told.sentence_en, told.sentence_de),
        candidate=_candidate(told.candidate) if told.HasField("candidate") else None,
        at_step=told.at_step or None,
        until=_at(told.until_us),
        entered=told.entered,
    )


def replay_request(asked: ReplayRequest) -> bytes:
    return judging_pb2.ReplayRequest(
        decision_ids=[each.bytes for each in asked.ids],
        since_us=to_us(asked.since) if asked.since else 0,
        until_us=to_us(asked.until) if asked.until else 0,
        after=asked.cursor.bytes if asked.cursor else b"",
        limit=asked.limit,
    ).SerializeToString()


def replay(reply: bytes) -> Replay:
    told = judging_pb2.ReplayReply.FromString(reply)
    return Replay(
        checked=told.checked,
        agreed=told.checked - len(told.differing),
        differing=[UUID(bytes=each) for each in told.differing],
        next_cursor=_id(told.next),
    )


def evaluate_request(asked: EvaluateRequest) -> bytes:
    return judging_pb2.EvaluateRequest(
        policy_json=msgspec.json.encode(asked.policy),
        since_us=to_us(asked.since) if asked.since else 0,
        until_us=to_us(asked.until) if asked.until else 0,
        template=asked.template,
    ).SerializeToString()


def evaluation(reply: bytes) -> Evaluation:
    told = judging_pb2.EvaluateReply.FromString(reply)
    return Evaluation(**_json(told.evaluation_json))


def send_request(person: UUID, asked: SendMessage, key: str) -> bytes:
    return requests_pb2.SendRequest(
        person=person.bytes,
        template=asked.template,
        channel=asked.channel or "",
        message_class=asked.message_class or "",
        data_json=msgspec.json.encode(asked.data),
        valid_for_s=asked.valid_for_s,
        key=key,
    ).SerializeToString()


def message_taken(reply: bytes) -> MessageTaken:
    """What was decided; Conflict where it will not go."""
    told = requests_pb2.SendReply.FromString(reply)
    decision_id = _id(told.decision_id)
    if told.outcome not in ("message", "held", "repeated"):
        raise Conflict(told.sentence_en, reason=told.reason, decision_id=str(decision_id))
    return MessageTaken(
        outcome=told.outcome,
        message_id=_id(told.message_id),
        decision_id=decision_id,
        reason=told.reason or None,
        sentence=_sentence(told.sentence_en, told.sentence_de),
    )


def next_request(person: UUID, asked: NextRequest) -> bytes:
    return requests_pb2.NextRequest(
        person=person.bytes, channels=asked.channels, placement=asked.placement
    ).SerializeToString()


def next_message(reply: bytes) -> Next:
    told = requests_pb2.NextReply.FromString(reply)
    message = _json(told.message_json)
    if message:
        message = {name: value for name, value in message.items() if value is not None}
    return Next(
        message=message,
        decision_id=_id(told.decision_id),
        reason=told.reason or None,
        sentence=_sentence(told.sentence_en, told.sentence_de),
    )


def _outcome(told: decision_pb2.DecisionMade) -> str:
    return decision_pb2.Outcome.Name(told.outcome).removeprefix("OUTCOME_").lower()


def _json(data: bytes) -> Any:
    return msgspec.json.decode(data) if data else None


def _id(data: bytes) -> UUID | None:
    return UUID(bytes=data) if data else None


def _at(microseconds: int) -> datetime | None:
    return from_us(microseconds) if microseconds else None


def _sentence(en: str, de: str) -> shapes.Sentence:
    return shapes.Sentence(en=en or None, de=de or None)
