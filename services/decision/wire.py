"""Protobuf ⇄ domain: the only room of this service that sees generated code."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts import topology
from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.catalog.v1 import catalog_pb2
from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.decisions.v1 import decision_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from contracts.gen.kairos.events.v1 import event_pb2
from kit.bus.spec import OutgoingFact
from kit.clock import from_us, to_us
from kit.errors import Broken, Invalid
from kit.ids import partition_of
from services.decision.domain import inputs
from services.decision.domain.decisions import (
    AskChanged,
    Candidate,
    Decision,
    Effect,
    JourneyMoved,
    MessageOrder,
    PermissionChanged,
    Verdict,
)
from services.decision.domain.sentences import sentence

_json = msgspec.json.Encoder()


@dataclass(frozen=True)
class Received:
    """An input for one person, with what the step's record needs beside it."""

    workspace: str
    person: UUID
    traceparent: str
    input: inputs.Input


@dataclass(frozen=True)
class MergeReceived:
    """Ingest merged a profile into another; the loser's state must be brought along."""

    workspace: str
    person: UUID
    traceparent: str
    fact_id: UUID
    loser: UUID
    at: datetime


def received(body: bytes) -> Received | MergeReceived | None:
    """What a fact of EVENTS or DELIVERIES means to the core; None where it means nothing."""
    fact = Fact.FromString(body)
    what = fact.WhichOneof("body")
    if what == "event_accepted":
        return _received(fact, _event(fact))
    if what == "attempt_finished":
        return _received(fact, _attempt(fact))
    if what == "receipt_taken":
        return _received(fact, _receipt(fact))
    if what == "profile_merged":
        merged = fact.profile_merged
        return MergeReceived(
            workspace=fact.workspace,
            person=UUID(bytes=fact.person),
            traceparent=fact.traceparent,
            fact_id=UUID(bytes=fact.id),
            loser=UUID(bytes=merged.loser),
            at=from_us(merged.merged_at_us),
        )
    return None


def _received(fact: Fact, step_input: inputs.Input) -> Received:
    return Received(
        workspace=fact.workspace,
        person=UUID(bytes=fact.person),
        traceparent=fact.traceparent,
        input=step_input,
    )


def _event(fact: Fact) -> inputs.EventInput:
    event = fact.event_accepted
    kind = _EVENT_KINDS.get(event.kind)
    if kind is None:
        raise Broken(f"Unknown kind of event {event.kind}")
    context = _object(event.context_json)
    return inputs.EventInput(
        id=UUID(bytes=fact.id),
        seq=fact.person_seq,
        kind=kind,
        occurred_at=from_us(event.occurred_at_us),
        received_at=from_us(event.received_at_us),
        name=event.name,
        properties=_object(event.properties_json),
        traits=_object(event.traits_json),
        source=UUID(bytes=fact.person),
        locale=_text(context.get("locale")),
        timezone=_text(context.get("timezone")),
        history=event.history,
        low_signal=event.low_signal,
        trusted=event.key_kind == event_pb2.KEY_KIND_SERVER,
    )


def _attempt(fact: Fact) -> inputs.ReceiptInput:
    attempt = fact.attempt_finished
    name = delivery_pb2.AttemptOutcome.Name(attempt.outcome)
    return inputs.ReceiptInput(
        id=UUID(bytes=fact.id),
        message_id=UUID(bytes=attempt.message_id),
        outcome=inputs.ReceiptKind(name.removeprefix("ATTEMPT_OUTCOME_").lower()),
        at=from_us(attempt.at_us),
        channel=attempt.channel,
        topic=attempt.topic,
    )


def _receipt(fact: Fact) -> inputs.ReceiptInput:
    receipt = fact.receipt_taken
    name = delivery_pb2.ReceiptKind.Name(receipt.kind)
    return inputs.ReceiptInput(
        id=UUID(bytes=fact.id),
        message_id=UUID(bytes=receipt.message_id),
        outcome=inputs.ReceiptKind(name.removeprefix("RECEIPT_KIND_").lower()),
        at=from_us(receipt.at_us),
        channel=receipt.channel,
        hard_bounce=receipt.detail.startswith("hard"),
        machine=receipt.machine,
    )


# What goes out.


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
    fact.decision_made.CopyFrom(_decision(decision))
    facts = [_outgoing(sender, fact, str(decision.outcome))]
    if decision.order is not None:
        ordered = _fact(sender, decision.order.message_id, 0)
        ordered.message_ordered.CopyFrom(_order(decision.order))
        facts.append(_outgoing(sender, ordered))
    return facts


def effect_facts(sender: Sender, effect: Effect) -> list[OutgoingFact]:
    """A journey move or a permission change; asks stay inside."""
    match effect:
        case JourneyMoved():
            fact = _fact(sender, effect.id, effect.seq)
            fact.journey_moved.CopyFrom(_journey(effect))
            return [_outgoing(sender, fact, str(effect.move))]
        case PermissionChanged():
            fact = _fact(sender, effect.id, effect.seq)
            fact.permission_changed.CopyFrom(_permission(effect))
            return [_outgoing(sender, fact, str(effect.status))]
        case AskChanged():
            return []


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


def _decision(decision: Decision) -> decision_pb2.DecisionMade:
    return decision_pb2.DecisionMade(
        outcome=_number(decision_pb2.Outcome, "OUTCOME", decision.outcome),
        at_us=to_us(decision.at),
        trigger_kind=decision.trigger.kind,
        trigger_id=decision.trigger.input_id.bytes,
        trigger_name=decision.trigger.name,
        candidates=[_candidate(each) for each in decision.candidates],
        message_id=decision.chosen.bytes if decision.chosen else b"",
        reason_en=decision.reason_en,
        reason_de=decision.reason_de,
        reason=str(decision.reason or ""),
        catalog_revision=decision.catalog_revision,
        action_probability=decision.action_probability,
    )


def _candidate(candidate: Candidate) -> decision_pb2.Candidate:
    return decision_pb2.Candidate(
        template=candidate.template,
        channel=candidate.channel,
        topic=candidate.topic,
        message_class=candidate.message_class,
        journey=candidate.journey,
        step=candidate.step,
        priority=candidate.priority,
        verdicts=[_verdict(each) for each in candidate.verdicts],
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
        variables_json=_json.encode(order.variables),
        ordered_at_us=to_us(order.ordered_at),
        valid_until_us=to_us(order.valid_until),
        journey=order.journey,
        step=order.step,
        reason_en=order.reason_en,
        reason_de=order.reason_de,
        basis=order.basis,
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
    )


def _permission(changed: PermissionChanged) -> consent_pb2.PermissionChanged:
    return consent_pb2.PermissionChanged(
        part=_number(consent_pb2.PermissionPart, "PERMISSION_PART", changed.part),
        status=_number(consent_pb2.PermissionStatus, "PERMISSION_STATUS", changed.status),
        purpose=changed.purpose,
        channel=changed.channel,
        topic=changed.topic,
        basis=changed.basis,
        evidence_json=_json.encode({"reference": changed.evidence, "reason": changed.reason}),
        at_us=to_us(changed.at),
        until_us=to_us(changed.until) if changed.until else 0,
        message_id=changed.message_id.bytes if changed.message_id else b"",
    )


# Questions and answers.


@dataclass(frozen=True)
class Question:
    """May the call of this message start now?"""

    workspace: str
    person: UUID
    message_id: UUID


@dataclass(frozen=True)
class Answer:
    """The permit, or why not."""

    granted: bool
    reason: str = ""
    reason_en: str = ""
    reason_de: str = ""


def permit_questions(body: bytes) -> list[Question]:
    """The questions of one request, in order."""
    return [
        Question(each.workspace, UUID(bytes=each.person), UUID(bytes=each.message_id))
        for each in service_pb2.PermitRequest.FromString(body).questions
    ]


def permit_reply(answers: Sequence[Answer]) -> bytes:
    """The answers, in the order of the questions."""
    return service_pb2.PermitReply(
        answers=[
            service_pb2.PermitAnswer(
                granted=each.granted,
                reason=each.reason,
                reason_en=each.reason_en,
                reason_de=each.reason_de,
            )
            for each in answers
        ]
    ).SerializeToString()


def apply_request(body: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The documents to apply, and whether it is a dry run."""
    request = service_pb2.ApplyRequest.FromString(body)
    documents = json.loads(request.documents_json)
    if not isinstance(documents, list) or not all(isinstance(d, dict) for d in documents):
        raise Invalid("An apply takes a list of documents, each an object with kind and key")
    return documents, request.dry_run


def apply_reply(revision: int, changes: Sequence[tuple[str, str, str, list[Any]]]) -> bytes:
    """`changes`: kind, key, created | updated | unchanged, differences."""
    return service_pb2.ApplyReply(
        revision=revision,
        changes=[
            catalog_pb2.Change(kind=kind, key=key, change=change, diff_json=_json.encode(diff))
            for kind, key, change, diff in changes
        ],
    ).SerializeToString()


def catalog_request(body: bytes) -> tuple[str, str, int]:
    """Kind, key (empty: all) and revision (0: the head)."""
    request = service_pb2.CatalogRequest.FromString(body)
    return request.kind, request.key, request.revision


def catalog_reply(revision: int, documents: Sequence[tuple[str, str, int, bytes]]) -> bytes:
    """`documents`: kind, key, revision, body as JSON."""
    return service_pb2.CatalogReply(
        revision=revision,
        documents=[
            catalog_pb2.Document(kind=kind, key=key, revision=at, body_json=body)
            for kind, key, at, body in documents
        ],
    ).SerializeToString()


def change_request(body: bytes, change_id: UUID, now: datetime) -> tuple[UUID, inputs.Input]:
    """Person and the change asked for; one that was kept while we were away keeps its time."""
    request = service_pb2.ChangePermissionRequest.FromString(body)
    change = request.change
    evidence = _object(change.evidence_json)
    return UUID(bytes=request.person), inputs.PermissionInput(
        id=change_id,
        part=inputs.PermissionPart(
            consent_pb2.PermissionPart.Name(change.part).removeprefix("PERMISSION_PART_").lower()
        ),
        status=inputs.PermissionStatus(
            consent_pb2.PermissionStatus.Name(change.status)
            .removeprefix("PERMISSION_STATUS_")
            .lower()
        ),
        at=min(from_us(change.at_us), now) if change.at_us else now,
        purpose=change.purpose or "contact",
        channel=change.channel or "*",
        topic=change.topic or "*",
        basis=change.basis,
        evidence=str(change_id),
        reason=_text(evidence.get("reason")),
        until=from_us(change.until_us) if change.until_us else None,
    )


def change_evidence(body: bytes) -> bytes:
    """The evidence as given, JSON; kept in the ledger, never in the state."""
    evidence = service_pb2.ChangePermissionRequest.FromString(body).change.evidence_json
    return evidence or b"{}"


def change_reply(*, changed: bool) -> bytes:
    """The answer to a change of permission."""
    return service_pb2.ChangePermissionReply(changed=changed).SerializeToString()


def person_of_permission(body: bytes) -> UUID:
    """Whose permission is asked for."""
    return UUID(bytes=service_pb2.PermissionRequest.FromString(body).person)


def permission_reply(permission: Any) -> bytes:
    """All five parts as JSON."""
    reply = service_pb2.PermissionReply(permission_json=_json.encode(permission))
    return reply.SerializeToString()


def person_of_journeys(body: bytes) -> UUID:
    """Whose journeys are asked for."""
    return UUID(bytes=service_pb2.JourneysRequest.FromString(body).person)


def journeys_reply(journeys: Any) -> bytes:
    """The journeys as JSON."""
    return service_pb2.JourneysReply(journeys_json=_json.encode(journeys)).SerializeToString()


def decision_id(body: bytes) -> UUID:
    """Which decision is asked for."""
    return UUID(bytes=service_pb2.DecisionRequest.FromString(body).decision_id)


def decision_reply(decision: Decision, basis: Any, traceparent: str) -> bytes:
    """The decision, what it rested on as JSON, and its trace."""
    return service_pb2.DecisionReply(
        person=decision.person.bytes,
        decision=_decision(decision),
        basis_json=_json.encode(basis),
        traceparent=traceparent,
    ).SerializeToString()


def _number(enum: Any, prefix: str, value: str) -> Any:
    return enum.Value(f"{prefix}_{value.upper()}")


def _object(data: bytes) -> dict[str, Any]:
    if not data:
        return {}
    value = json.loads(data)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_EVENT_KINDS = {
    event_pb2.EVENT_KIND_TRACK: inputs.EventKind.TRACK,
    event_pb2.EVENT_KIND_IDENTIFY: inputs.EventKind.IDENTIFY,
    event_pb2.EVENT_KIND_PAGE: inputs.EventKind.PAGE,
    event_pb2.EVENT_KIND_SCREEN: inputs.EventKind.SCREEN,
    event_pb2.EVENT_KIND_GROUP: inputs.EventKind.GROUP,
    event_pb2.EVENT_KIND_ALIAS: inputs.EventKind.ALIAS,
}
