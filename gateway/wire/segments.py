"""Protobuf ⇄ segments and their members."""

from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from gateway.shapes.segments import (
    Member,
    Members,
    Memberships,
    SegmentPreview,
    SegmentPreviewAsked,
)
from gateway.wire.common import json_of
from kit.clock import from_us


def segment_request(key: str) -> bytes:
    return decision_service.SegmentRequest(key=key).SerializeToString()


def segment(reply: bytes) -> dict[str, Any]:
    return json_of(decision_service.SegmentReply.FromString(reply).segment_json) or {}


def segment_preview_request(asked: SegmentPreviewAsked) -> bytes:
    rule = msgspec.json.encode(asked.rule)
    return decision_service.SegmentPreviewRequest(
        rule_json=rule, exact=asked.exact, sample=asked.sample
    ).SerializeToString()


def segment_preview(reply: bytes) -> SegmentPreview:
    told = json_of(decision_service.SegmentPreviewReply.FromString(reply).preview_json)
    return SegmentPreview(**told)


def schema_request(kind: str) -> bytes:
    return decision_service.SchemaRequest(kind=kind).SerializeToString()


def schema(reply: bytes) -> dict[str, Any]:
    return json_of(decision_service.SchemaReply.FromString(reply).schema_json) or {}


def members_request(key: str, after: UUID | None, limit: int) -> bytes:
    return decision_service.MembersRequest(
        key=key, after=after.bytes if after else b"", limit=limit
    ).SerializeToString()


def members(reply: bytes, limit: int) -> Members:
    told = decision_service.MembersReply.FromString(reply).members
    items = [
        Member(profile_id=UUID(bytes=each.person), entered_at=from_us(each.entered_at_us))
        for each in told
    ]
    is_full = len(items) == limit
    return Members(items=items, next_cursor=str(items[-1].profile_id) if is_full else None)


def segments_of_request(person: UUID) -> bytes:
    return decision_service.SegmentsOfRequest(person=person.bytes).SerializeToString()


def segments_of(reply: bytes) -> Memberships:
    told = json_of(decision_service.SegmentsOfReply.FromString(reply).segments_json)
    return Memberships(items=told or [])
