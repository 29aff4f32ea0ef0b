"""Protobuf ⇄ decisions: made, tried, run again and judged."""

from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import judging_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from contracts.gen.kairos.decisions.v1 import decision_pb2
from gateway.shapes.decisions import (
    Action,
    Candidate,
    Decision,
    EvaluateRequest,
    Evaluation,
    Preview,
    PreviewRequest,
    Replay,
    ReplayRequest,
    Score,
    Standing,
    Tried,
    Trigger,
    Verdict,
)
from gateway.wire.common import at_of, id_of, json_of, sentence_of
from kit.clock import from_us, to_us
from kit.telemetry import trace_id_of


def decision_request(decision_id: UUID) -> bytes:
    return decision_service.DecisionRequest(decision_id=decision_id.bytes).SerializeToString()


def decision(decision_id: UUID, reply: bytes) -> Decision:
    told = decision_service.DecisionReply.FromString(reply)
    made = told.decision
    return Decision(
        id=decision_id,
        profile_id=UUID(bytes=told.person),
        outcome=_outcome(made),
        at=from_us(made.at_us),
        trigger=Trigger(
            kind=made.trigger_kind, id=id_of(made.trigger_id), name=made.trigger_name or None
        ),
        reason=made.reason or None,
        sentence=sentence_of(made.reason_en, made.reason_de),
        message_id=id_of(made.message_id),
        candidates=[_candidate(each) for each in made.candidates],
        catalog_revision=made.catalog_revision,
        action_probability=made.action_probability,
        actions=[_action(each) for each in made.actions],
        model_revision=made.model_revision,
        bucket=made.bucket or None,
        seed=str(made.seed),
        basis=json_of(told.basis_json),
        trace_id=trace_id_of(told.traceparent) or None,
    )


def _candidate(told: decision_pb2.Candidate) -> Candidate:
    return Candidate(
        template=told.template,
        channel=told.channel,
        topic=told.topic or None,
        message_class=told.message_class or None,
        journey=told.journey or None,
        step=told.step or None,
        priority=told.priority,
        score=_score(told.score) if told.HasField("score") else None,
        verdicts=[
            Verdict(
                rule=each.rule,
                outcome=each.outcome,
                reason=each.reason or None,
                until=at_of(each.until_us),
                sentence=sentence_of(each.sentence_en, each.sentence_de),
            )
            for each in told.verdicts
        ],
    )


def _action(told: decision_pb2.Action) -> Action:
    return Action(
        template=told.template,
        variant=told.variant or None,
        channel=told.channel,
        probability=told.share / 1_000_000,
    )


def _score(told: decision_pb2.Score) -> Score:
    return Score(**{name: getattr(told, name) for name in Score.model_fields})


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
        sentence=sentence_of(told.reason_en, told.reason_de),
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
        sentence=sentence_of(told.sentence_en, told.sentence_de),
        candidate=_candidate(told.candidate) if told.HasField("candidate") else None,
        at_step=told.at_step or None,
        until=at_of(told.until_us),
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
        next_cursor=id_of(told.next),
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
    return Evaluation(**json_of(told.evaluation_json))


def _outcome(told: decision_pb2.DecisionMade) -> str:
    return decision_pb2.Outcome.Name(told.outcome).removeprefix("OUTCOME_").lower()
