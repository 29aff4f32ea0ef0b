"""Protobuf ⇄ what happened with a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.gen.kairos.history.v1 import service_pb2 as history_service
from gateway.shapes.timeline import Timeline, TimelineItem
from gateway.wire.common import json_of
from kit.clock import from_us, to_us


@dataclass(frozen=True)
class TimelineQuestion:
    """Which entries; empty members ask for all."""

    persons: Sequence[UUID]
    kinds: Sequence[str]
    channels: Sequence[str]
    since: datetime | None
    until: datetime | None
    journey: str
    campaign: str
    cursor: str
    limit: int


def timeline_request(asked: TimelineQuestion) -> bytes:
    return history_service.TimelineRequest(
        persons=[person.bytes for person in asked.persons],
        kinds=asked.kinds,
        channels=asked.channels,
        since_us=to_us(asked.since) if asked.since else 0,
        until_us=to_us(asked.until) if asked.until else 0,
        journey=asked.journey,
        campaign=asked.campaign,
        cursor=asked.cursor,
        limit=asked.limit,
    ).SerializeToString()


def timeline(reply: bytes) -> Timeline:
    told = history_service.TimelineReply.FromString(reply)
    items = [
        TimelineItem(
            id=UUID(bytes=each.id),
            kind=each.kind,
            at=from_us(each.at_us),
            recorded_at=from_us(each.recorded_at_us),
            name=each.name or None,
            summary=each.summary or None,
            reason=each.reason or None,
            channel=each.channel or None,
            refs=dict(each.refs),
            data=json_of(each.data_json),
            trace_id=each.trace_id or None,
        )
        for each in told.items
    ]
    return Timeline(items=items, next_cursor=told.next_cursor or None)
