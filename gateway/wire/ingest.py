"""Protobuf ⇄ what the gateway works with: questions to ingest and its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from contracts.gen.kairos.events.v1 import event_pb2
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest_service
from contracts.gen.kairos.profiles.v1 import profile_pb2
from gateway.shapes.people import Merged, MergeWish, Profile, ProfilesQuery
from gateway.shapes.quarantine import QuarantinedEvent, QuarantineQuery, Replayed, ReplayWish
from kit.clock import from_us, to_us
from kit.errors import KairosError, from_problem


@dataclass(frozen=True)
class Delivery:
    """The body of one tracking call, and how it came."""

    call: str
    body: bytes
    from_browser: bool
    received_at: datetime
    client_ip: str
    user_agent: str
    verified_user: str = ""
    traceparent: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why one item was not stored."""

    index: int
    reason: str
    pointer: str
    status: int


@dataclass(frozen=True)
class Accepted:
    """What became of the items of one call."""

    accepted: int
    repeated: int
    refused: list[Refusal]
    quarantined: int = 0


def accept_request(delivery: Delivery) -> bytes:
    return _accept_request(delivery).SerializeToString()


def accept_many_request(deliveries: Sequence[Delivery]) -> bytes:
    """Several calls of one workspace as one question."""
    requests = [_accept_request(each) for each in deliveries]
    return ingest_service.AcceptManyRequest(requests=requests).SerializeToString()


def _accept_request(delivery: Delivery) -> ingest_service.AcceptRequest:
    kind = event_pb2.KEY_KIND_BROWSER if delivery.from_browser else event_pb2.KEY_KIND_SERVER
    return ingest_service.AcceptRequest(
        call=delivery.call,
        body_json=delivery.body,
        key_kind=kind,
        received_at_us=to_us(delivery.received_at),
        client_ip=delivery.client_ip,
        user_agent=delivery.user_agent,
        verified_user=delivery.verified_user,
        traceparent=delivery.traceparent,
        dry_run=delivery.dry_run,
    )


def accepted_many(reply: bytes) -> list[Accepted | KairosError]:
    """What became of each call, in order."""
    told = ingest_service.AcceptManyReply.FromString(reply)
    return [
        from_problem(msgspec.json.decode(each.problem_json))
        if each.WhichOneof("outcome") == "problem_json"
        else _accepted(each.reply)
        for each in told.outcomes
    ]


def accepted(reply: bytes) -> Accepted:
    return _accepted(ingest_service.AcceptReply.FromString(reply))


def _accepted(told: ingest_service.AcceptReply) -> Accepted:
    refused = [Refusal(r.index, r.reason, r.pointer, r.status) for r in told.refused]
    return Accepted(told.accepted, told.repeated_items, refused, told.quarantined)


def profile_request(ref: str) -> bytes:
    return ingest_service.ProfileRequest(ref=ref).SerializeToString()


def profile(reply: bytes) -> Profile:
    return _profile(ingest_service.ProfileReply.FromString(reply).profile)


def profiles_request(asked: ProfilesQuery, before: UUID | None) -> bytes:
    return ingest_service.ProfilesRequest(
        email=asked.email,
        phone=asked.phone,
        before=before.bytes if before else b"",
        limit=asked.limit,
    ).SerializeToString()


def profiles(reply: bytes) -> tuple[list[Profile], bool]:
    """A page, and whether there are more."""
    told = ingest_service.ProfilesReply.FromString(reply)
    return [_profile(each) for each in told.profiles], told.more


def merge_request(ref: str, wish: MergeWish) -> bytes:
    return ingest_service.MergeRequest(
        ref=ref, other=wish.profile, reason=wish.reason
    ).SerializeToString()


def merged(reply: bytes) -> Merged:
    told = ingest_service.MergeReply.FromString(reply)
    return Merged(profile=_profile(told.profile), changed=told.changed)


def quarantine_request(asked: QuarantineQuery, after: UUID | None) -> bytes:
    return ingest_service.QuarantineRequest(
        event=asked.event, after=after.bytes if after else b"", limit=asked.limit
    ).SerializeToString()


def quarantined(reply: bytes) -> tuple[list[QuarantinedEvent], bool]:
    """A page, and whether there are more."""
    told = ingest_service.QuarantineReply.FromString(reply)
    found = [
        QuarantinedEvent(
            id=UUID(bytes=each.id),
            message_id=each.message_id,
            kind=event_pb2.EventKind.Name(each.kind).removeprefix("EVENT_KIND_").lower(),
            event=each.name,
            user_id=each.user_id or None,
            anonymous_id=each.anonymous_id or None,
            occurred_at=from_us(each.occurred_at_us),
            received_at=from_us(each.received_at_us),
            properties=msgspec.json.decode(each.properties_json) if each.properties_json else {},
            pointer=each.pointer,
            reason=each.reason,
        )
        for each in told.events
    ]
    return found, told.more


def replay_request(wish: ReplayWish) -> bytes:
    return ingest_service.ReplayQuarantineRequest(
        event=wish.event, ids=[each.bytes for each in wish.ids]
    ).SerializeToString()


def replayed(reply: bytes) -> Replayed:
    told = ingest_service.ReplayQuarantineReply.FromString(reply)
    return Replayed(replayed=told.replayed, waiting=told.waiting)


def _profile(told: profile_pb2.Profile) -> Profile:
    others: dict[str, list[str]] = {}
    for each in told.external_ids:
        others.setdefault(each.kind.removeprefix("external:"), []).append(each.value)
    return Profile(
        id=UUID(bytes=told.id),
        user_ids=list(told.user_ids),
        anonymous_ids=list(told.anonymous_ids),
        traits=msgspec.json.decode(told.traits_json) if told.traits_json else {},
        created_at=from_us(told.created_at_us),
        last_seen_at=from_us(told.last_seen_at_us),
        merged=[UUID(bytes=each) for each in told.merged],
        external_ids=others or None,
    )
