"""Facts of other services as inputs of the core."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from contracts.gen.kairos.events.v1 import event_pb2
from kit.clock import from_us
from kit.errors import Broken
from services.decision.domain import inputs
from services.decision.wire.convert import as_object, as_text
from services.decision.wire.permission import permission_input


@dataclass(frozen=True)
class Received:
    """An input for one person, with what the step's record needs beside it: the trace, and the
    evidence of a change of permission (JSON, empty for all else).
    """

    workspace: str
    person: UUID
    traceparent: str
    input: inputs.Input
    evidence: str = ""


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
    if what == "permission_reported":
        evidence = fact.permission_reported.change.evidence_json or b"{}"
        return replace(_received(fact, _permission(fact)), evidence=evidence.decode())
    if what == "contact_reported":
        return _received(fact, _contact(fact))
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
    context = as_object(event.context_json)
    return inputs.EventInput(
        id=UUID(bytes=fact.id),
        seq=fact.person_seq,
        kind=kind,
        occurred_at=from_us(event.occurred_at_us),
        received_at=from_us(event.received_at_us),
        name=event.name,
        properties=as_object(event.properties_json),
        traits=as_object(event.traits_json),
        source=UUID(bytes=fact.person),
        locale=as_text(context.get("locale")),
        timezone=as_text(context.get("timezone")),
        history=event.history,
        low_signal=event.low_signal,
        trusted=event.key_kind == event_pb2.KEY_KIND_SERVER or event.user_verified,
        endpoints={
            each.channel: None if each.unreadable else each.address for each in event.endpoints
        },
        superseded=tuple(event.superseded),
    )


def _permission(fact: Fact) -> inputs.PermissionInput:
    change = fact.permission_reported.change
    told = permission_input(UUID(bytes=fact.id), change, from_us(change.at_us))
    return msgspec.structs.replace(told, seq=fact.person_seq, source=UUID(bytes=fact.person))


def _contact(fact: Fact) -> inputs.ContactInput:
    contact = fact.contact_reported
    return inputs.ContactInput(
        id=UUID(bytes=fact.id),
        at=from_us(contact.at_us),
        channel=contact.channel,
        message_class=contact.message_class,
        topic=contact.topic,
        tags=tuple(contact.tags),
        seq=fact.person_seq,
        source=UUID(bytes=fact.person),
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
        repeats=attempt.repeats,
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
        word=receipt.detail if receipt.detail in ("stop", "start") else "",
    )


_EVENT_KINDS = {
    event_pb2.EVENT_KIND_TRACK: inputs.EventKind.TRACK,
    event_pb2.EVENT_KIND_IDENTIFY: inputs.EventKind.IDENTIFY,
    event_pb2.EVENT_KIND_PAGE: inputs.EventKind.PAGE,
    event_pb2.EVENT_KIND_SCREEN: inputs.EventKind.SCREEN,
    event_pb2.EVENT_KIND_GROUP: inputs.EventKind.GROUP,
    event_pb2.EVENT_KIND_ALIAS: inputs.EventKind.ALIAS,
}
