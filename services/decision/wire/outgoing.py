"""What a step gives out, as facts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts import topology
from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decisions.v1 import decision_pb2, segment_pb2
from kit.bus.spec import OutgoingFact
from kit.clock import to_us
from kit.errors import Broken
from kit.ids import partition_of
from services.decision.domain.decisions import (
    Action,
    AskChanged,
    CallOrdered,
    Candidate,
    Decision,
    Effect,
    EventEmitted,
    JourneyMoved,
    MessageOrder,
    PermissionChanged,
    Released,
    Responded,
    Score,
    SegmentMoved,
    TraitSet,
    Verdict,
)
from services.decision.domain.sentences import sentence
from services.decision.wire.convert import as_json, number


@dataclass(frozen=True)
class Sender:
    """Who a fact is about and what caused it."""

    workspace: str
    person: UUID
    lane: str
    recorded_at: datetime
    traceparent: str


def decision_facts(sender: Sender, decision: Decision) -> list[OutgoingFact]:
    """The decision, and the order for delivery where it chose a message."""
    fact = _fact(sender, decision.id, decision.seq)
    fact.decision_made.CopyFrom(decision_message(decision))
    facts = [_outgoing(sender, fact, str(decision.outcome))]
    if decision.order is not None:
        ordered = _fact(sender, decision.order.message_id, 0)
        ordered.message_ordered.CopyFrom(_order(decision.order))
        facts.append(_outgoing(sender, ordered))
    return facts


def effect_facts(sender: Sender, effect: Effect) -> list[OutgoingFact]:
    """What a journey did, a move of a segment, or a permission change; asks, and what is learnt
    from, stay inside.
    """
    match effect:
        case JourneyMoved():
            fact = _fact(sender, effect.id, effect.seq)
            fact.journey_moved.CopyFrom(_journey(effect))
            return [_outgoing(sender, fact, str(effect.move))]
        case PermissionChanged():
            fact = _fact(sender, effect.id, effect.seq)
            fact.permission_changed.CopyFrom(_permission(effect))
            return [_outgoing(sender, fact, str(effect.status))]
        case SegmentMoved():
            fact = _fact(sender, effect.id, effect.seq)
            fact.segment_moved.CopyFrom(
                segment_pb2.SegmentMoved(
                    segment=effect.segment,
                    move=str(effect.move),
                    at_us=to_us(effect.at),
                    silent=effect.silent,
                )
            )
            return [_outgoing(sender, fact, str(effect.move))]
        case TraitSet() | EventEmitted() | CallOrdered():
            return [_outgoing(sender, _of_journey(sender, effect))]
        case AskChanged() | Responded() | Released():
            return []


def _of_journey(sender: Sender, effect: TraitSet | EventEmitted | CallOrdered) -> Fact:
    """What a step of a journey did besides sending."""
    fact = _fact(sender, effect.id, effect.seq)
    where = {"journey": effect.journey, "step": effect.step}
    at_us = to_us(effect.at)
    match effect:
        case TraitSet():
            value = as_json(effect.value)
            fact.trait_set.CopyFrom(
                decision_pb2.TraitSet(**where, trait=effect.trait, value_json=value, at_us=at_us)
            )
        case EventEmitted():
            properties = as_json(effect.properties)
            fact.event_emitted.CopyFrom(
                decision_pb2.EventEmitted(
                    **where, name=effect.name, properties_json=properties, at_us=at_us
                )
            )
        case CallOrdered():
            fact.call_ordered.CopyFrom(
                decision_pb2.CallOrdered(
                    **where, webhook=effect.webhook, kind=effect.kind, at_us=at_us
                )
            )
    return fact


def _fact(sender: Sender, fact_id: UUID, seq: int) -> Fact:
    return Fact(
        id=fact_id.bytes,
        workspace=sender.workspace,
        person=sender.person.bytes,
        person_seq=seq,
        recorded_at_us=to_us(sender.recorded_at),
        traceparent=sender.traceparent,
    )


def _outgoing(sender: Sender, fact: Fact, what: str | None = None) -> OutgoingFact:
    body = fact.WhichOneof("body")
    if body is None:
        raise Broken("A fact without a body")
    return OutgoingFact(
        stream=topology.DECISIONS.name,
        lane=sender.lane,
        partition=partition_of(sender.person),
        body=fact.SerializeToString(),
        id=str(UUID(bytes=fact.id)),
        feed=topology.feed_subject(sender.workspace, body, what),
    )


def decision_message(decision: Decision) -> decision_pb2.DecisionMade:
    """A decision with all its candidates and verdicts."""
    return decision_pb2.DecisionMade(
        outcome=number(decision_pb2.Outcome, "OUTCOME", decision.outcome),
        at_us=to_us(decision.at),
        trigger_kind=decision.trigger.kind,
        trigger_id=decision.trigger.input_id.bytes,
        trigger_name=decision.trigger.name,
        candidates=[candidate_message(each) for each in decision.candidates],
        message_id=decision.chosen.bytes if decision.chosen else b"",
        reason_en=decision.reason_en,
        reason_de=decision.reason_de,
        reason=str(decision.reason or ""),
        catalog_revision=decision.catalog_revision,
        action_probability=decision.action_probability,
        model_revision=decision.model_revision,
        bucket=decision.bucket,
        actions=[_action(each) for each in decision.actions],
        seed=decision.seed,
    )


def _action(action: Action) -> decision_pb2.Action:
    return decision_pb2.Action(
        template=action.template,
        variant=action.variant,
        channel=action.channel,
        share=action.share,
    )


def _score(score: Score) -> decision_pb2.Score:
    return decision_pb2.Score(
        total=score.total,
        response_rate=score.response_rate,
        context=score.context,
        value=score.value,
        urgency=score.urgency,
        fatigue=score.fatigue,
    )


def candidate_message(candidate: Candidate) -> decision_pb2.Candidate:
    """A candidate with every verdict."""
    return decision_pb2.Candidate(
        template=candidate.template,
        channel=candidate.channel,
        topic=candidate.topic,
        message_class=candidate.message_class,
        journey=candidate.journey,
        step=candidate.step,
        priority=candidate.priority,
        verdicts=[_verdict(each) for each in candidate.verdicts],
        score=_score(candidate.score) if candidate.score else None,
    )


def _verdict(verdict: Verdict) -> decision_pb2.Verdict:
    return decision_pb2.Verdict(
        rule=verdict.rule,
        outcome=str(verdict.ruling),
        reason=str(verdict.reason or ""),
        until_us=to_us(verdict.until) if verdict.until else 0,
        sentence_en=sentence(verdict, "en"),
        sentence_de=sentence(verdict, "de"),
    )


def _order(order: MessageOrder) -> decision_pb2.MessageOrdered:
    return decision_pb2.MessageOrdered(
        message_id=order.message_id.bytes,
        decision_id=order.decision_id.bytes,
        template=order.template,
        catalog_revision=order.template_revision,
        channel=order.channel,
        endpoint=order.endpoint,
        topic=order.topic,
        message_class=order.message_class,
        locale=order.locale,
        variables_json=as_json(order.variables),
        ordered_at_us=to_us(order.ordered_at),
        valid_until_us=to_us(order.valid_until),
        journey=order.journey,
        step=order.step,
        reason_en=order.reason_en,
        reason_de=order.reason_de,
        basis=order.basis,
        variant=order.variant,
        measure=order.measure,
    )


def _journey(moved: JourneyMoved) -> decision_pb2.JourneyMoved:
    return decision_pb2.JourneyMoved(
        journey=moved.journey,
        version=moved.version,
        move=str(moved.move),
        step=moved.step,
        reason=str(moved.reason or ""),
        at_us=to_us(moved.at),
        due_at_us=to_us(moved.due_at) if moved.due_at else 0,
        note=moved.note,
    )


def _permission(changed: PermissionChanged) -> consent_pb2.PermissionChanged:
    return consent_pb2.PermissionChanged(
        part=number(consent_pb2.PermissionPart, "PERMISSION_PART", changed.part),
        status=number(consent_pb2.PermissionStatus, "PERMISSION_STATUS", changed.status),
        purpose=changed.purpose,
        channel=changed.channel,
        topic=changed.topic,
        basis=changed.basis,
        evidence_json=as_json({"reference": changed.evidence, "reason": changed.reason}),
        at_us=to_us(changed.at),
        until_us=to_us(changed.until) if changed.until else 0,
        message_id=changed.message_id.bytes if changed.message_id else b"",
    )
