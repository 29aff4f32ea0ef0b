"""Protobuf ⇄ messages: asked for, sent, and what was reported back."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import requests_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery_service
from gateway.shapes.messages import (
    Attempt,
    Message,
    MessageTaken,
    Next,
    NextRequest,
    Receipt,
    ReceiptsTaken,
    SendMessage,
)
from gateway.wire.common import at_of, id_of, json_of, name_of, sentence_of
from kit.clock import from_us
from kit.errors import Conflict


def message_request(message_id: UUID) -> bytes:
    return delivery_service.MessageRequest(message_id=message_id.bytes).SerializeToString()


def message(reply: bytes) -> Message:
    told = delivery_service.MessageReply.FromString(reply)
    return Message(
        id=UUID(bytes=told.message_id),
        decision_id=id_of(told.decision_id),
        profile_id=UUID(bytes=told.person),
        state=told.state,
        channel=told.channel,
        template=told.template,
        attempts=[_attempt(each) for each in told.attempts],
        receipts=[_receipt(each) for each in told.receipts],
    )


def _attempt(told: delivery_pb2.AttemptFinished) -> Attempt:
    return Attempt(
        attempt=told.attempt,
        outcome=name_of(delivery_pb2.AttemptOutcome.Name(told.outcome), "ATTEMPT_OUTCOME_"),
        at=from_us(told.at_us),
        called_at=at_of(told.called_at_us),
        provider=told.provider or None,
        provider_message_id=told.provider_message_id or None,
        fault=told.fault or None,
        detail=told.detail or None,
        template=told.template or None,
        catalog_revision=told.catalog_revision or None,
        subject=told.subject or None,
        content_sha256=told.content_sha256.hex() or None,
        topic=told.topic or None,
        message_class=told.message_class or None,
        journey=told.journey or None,
        step=told.step or None,
        basis=told.basis or None,
        locale=told.locale or None,
        sentence=sentence_of(told.reason_en, told.reason_de),
    )


def _receipt(told: delivery_pb2.ReceiptTaken) -> Receipt:
    return Receipt(
        kind=name_of(delivery_pb2.ReceiptKind.Name(told.kind), "RECEIPT_KIND_"),
        at=from_us(told.at_us),
        provider=told.provider or None,
        machine=told.machine,
        detail=told.detail or None,
    )


def take_receipts_request(
    provider: str, body: bytes, headers: Mapping[str, str], query: str
) -> bytes:
    return delivery_service.TakeReceiptsRequest(
        provider=provider, body=body, headers=headers, query=query
    ).SerializeToString()


def receipts_taken(reply: bytes) -> ReceiptsTaken:
    told = delivery_service.TakeReceiptsReply.FromString(reply)
    return ReceiptsTaken(taken=told.taken, repeated=told.repeated_items, unknown=told.unknown_items)


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
    decision_id = id_of(told.decision_id)
    if told.outcome not in ("message", "held", "repeated"):
        raise Conflict(told.sentence_en, reason=told.reason, decision_id=str(decision_id))
    return MessageTaken(
        outcome=told.outcome,
        message_id=id_of(told.message_id),
        decision_id=decision_id,
        reason=told.reason or None,
        sentence=sentence_of(told.sentence_en, told.sentence_de),
    )


def next_request(person: UUID, asked: NextRequest) -> bytes:
    return requests_pb2.NextRequest(
        person=person.bytes, channels=asked.channels, placement=asked.placement
    ).SerializeToString()


def next_message(reply: bytes) -> Next:
    told = requests_pb2.NextReply.FromString(reply)
    message = json_of(told.message_json)
    if message:
        message = {name: value for name, value in message.items() if value is not None}
    return Next(
        message=message,
        decision_id=id_of(told.decision_id),
        reason=told.reason or None,
        sentence=sentence_of(told.sentence_en, told.sentence_de),
    )
