"""Messages asked for from outside, and the answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import requests_pb2
from services.decision.domain.decisions import Decision
from services.decision.wire.convert import as_json, as_object


@dataclass(frozen=True)
class SendAsked:
    """One message for one person."""

    person: UUID
    template: str
    channel: str
    message_class: str
    data: dict[str, Any]
    valid_for_s: int
    key: str


def send_request(body: bytes) -> SendAsked:
    """Reads the question."""
    asked = requests_pb2.SendRequest.FromString(body)
    return SendAsked(
        UUID(bytes=asked.person),
        asked.template,
        asked.channel,
        asked.message_class,
        as_object(asked.data_json),
        asked.valid_for_s,
        asked.key,
    )


def send_reply(decision: Decision | None) -> bytes:
    """What was decided about it; None where the request is under way already."""
    if decision is None:
        return requests_pb2.SendReply(outcome="repeated").SerializeToString()
    return requests_pb2.SendReply(
        message_id=decision.chosen.bytes if decision.chosen else b"",
        decision_id=decision.id.bytes,
        outcome=str(decision.outcome),
        reason=str(decision.reason or ""),
        sentence_en=decision.reason_en,
        sentence_de=decision.reason_de,
    ).SerializeToString()


@dataclass(frozen=True)
class NextAsked:
    """Who asks, and what their client can show."""

    person: UUID
    channels: tuple[str, ...]
    placement: str


def next_request(body: bytes) -> NextAsked:
    """Reads the question."""
    asked = requests_pb2.NextRequest.FromString(body)
    return NextAsked(UUID(bytes=asked.person), tuple(asked.channels), asked.placement)


def next_reply(decision: Decision | None, placement: str) -> bytes:
    """The message that was chosen, or why there is none; nothing where nothing waits."""
    if decision is None:
        return requests_pb2.NextReply().SerializeToString()
    order = decision.order
    message = b""
    if order is not None:
        message = as_json(
            {
                "message_id": order.message_id,
                "template": order.template,
                "template_revision": order.template_revision,
                "variant": order.variant or None,
                "channel": order.channel,
                "placement": placement or None,
                "locale": order.locale,
                "variables": order.variables,
                "tags": order.tags,
                "ask": order.ask or None,
                "valid_until": order.valid_until,
            }
        )
    return requests_pb2.NextReply(
        message_json=message,
        decision_id=decision.id.bytes,
        reason=str(decision.reason or ""),
        sentence_en=decision.reason_en,
        sentence_de=decision.reason_de,
    ).SerializeToString()
