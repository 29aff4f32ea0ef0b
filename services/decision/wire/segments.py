"""Questions about segments and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from kit.clock import to_us
from services.decision.ports.members import Member
from services.decision.wire.convert import as_json, as_object

PAGE_MAX = 1_000
"""Members per answer: 30 KB."""
SAMPLE_MAX = 100
"""People a preview names."""


@dataclass(frozen=True)
class MembersAsked:
    """A page of a segment's members: those after a person."""

    key: str
    after: UUID | None
    limit: int


def segment_key(body: bytes) -> str:
    """Which segment is asked for."""
    return service_pb2.SegmentRequest.FromString(body).key


def segment_reply(told: Any) -> bytes:
    """Size and progress as JSON."""
    return service_pb2.SegmentReply(segment_json=as_json(told)).SerializeToString()


def members_request(body: bytes) -> MembersAsked:
    """Which page of which segment."""
    asked = service_pb2.MembersRequest.FromString(body)
    after = UUID(bytes=asked.after) if asked.after else None
    return MembersAsked(asked.key, after, min(asked.limit or PAGE_MAX, PAGE_MAX))


def members_reply(members: Sequence[Member]) -> bytes:
    """The members, in order of person."""
    return service_pb2.MembersReply(
        members=[
            service_pb2.Member(person=each.person.bytes, entered_at_us=to_us(each.entered_at))
            for each in members
        ]
    ).SerializeToString()


@dataclass(frozen=True)
class PreviewAsked:
    """A rule to try, whether to look at everybody, and how many to name."""

    rule: dict[str, Any]
    exact: bool
    sample: int


def preview_request(body: bytes) -> PreviewAsked:
    """The rule to try."""
    asked = service_pb2.SegmentPreviewRequest.FromString(body)
    return PreviewAsked(as_object(asked.rule_json), asked.exact, min(asked.sample, SAMPLE_MAX))


def preview_reply(told: Any) -> bytes:
    """Count and sample as JSON."""
    return service_pb2.SegmentPreviewReply(preview_json=as_json(told)).SerializeToString()


def schema_kind(body: bytes) -> str:
    """Which kind of document is asked for."""
    return service_pb2.SchemaRequest.FromString(body).kind


def schema_reply(schema: Any) -> bytes:
    """The schema as JSON."""
    return service_pb2.SchemaReply(schema_json=as_json(schema)).SerializeToString()


def person_of_segments(body: bytes) -> UUID:
    """Whose segments are asked for."""
    return UUID(bytes=service_pb2.SegmentsOfRequest.FromString(body).person)


def segments_of_reply(segments: Any) -> bytes:
    """The segments as JSON."""
    return service_pb2.SegmentsOfReply(segments_json=as_json(segments)).SerializeToString()
