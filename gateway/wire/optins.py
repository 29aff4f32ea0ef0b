"""Protobuf of double opt-ins and suppressions ⇄ what the gateway works with."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from gateway.shapes.optins import OptIn, OptInBegun, Suppression, Suppressions
from kit.clock import from_us


class TokenState(NamedTuple):
    """What a token stands for: pending, confirmed or expired, on which channel and topic."""

    state: str
    channel: str
    topic: str


def begin_request(person: UUID, asked: OptIn, evidence: Mapping[str, Any]) -> bytes:
    return decision_service.BeginOptInRequest(
        person=person.bytes,
        channel=asked.channel,
        topic=asked.topic,
        purpose=asked.purpose,
        evidence_json=msgspec.json.encode(evidence),
    ).SerializeToString()


def begun(reply: bytes) -> OptInBegun:
    told = decision_service.BeginOptInReply.FromString(reply)
    expires_at = from_us(told.expires_at_us) if told.expires_at_us else None
    return OptInBegun(state=told.state, expires_at=expires_at)


def look_request(token: str) -> bytes:
    return decision_service.OptInRequest(token=token).SerializeToString()


def looked(reply: bytes) -> TokenState:
    told = decision_service.OptInReply.FromString(reply)
    return TokenState(told.state, told.channel, told.topic)


def confirm_request(token: str, evidence: Mapping[str, Any]) -> bytes:
    return decision_service.ConfirmOptInRequest(
        token=token, evidence_json=msgspec.json.encode(evidence)
    ).SerializeToString()


def confirmed(reply: bytes) -> TokenState:
    told = decision_service.ConfirmOptInReply.FromString(reply)
    return TokenState(told.state, told.channel, told.topic)


def suppressions_request(channel: str, cursor: str, limit: int) -> bytes:
    return decision_service.SuppressionsRequest(
        channel=channel, cursor=cursor, limit=limit
    ).SerializeToString()


def suppressions(reply: bytes) -> Suppressions:
    told = decision_service.SuppressionsReply.FromString(reply)
    items = [
        Suppression(
            profile_id=UUID(bytes=each.person),
            channel=each.channel,
            reason=each.reason,
            at=from_us(each.at_us),
        )
        for each in told.suppressions
    ]
    return Suppressions(items=items, next_cursor=told.next_cursor or None)
