"""Protobuf ⇄ domain. The only place of ingest that sees generated code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import DecodeError

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.contacts.v1 import contact_pb2 as contacts
from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from contracts.gen.kairos.events.v1 import event_pb2 as events
from contracts.gen.kairos.ingest.v1 import service_pb2 as service
from contracts.gen.kairos.profiles.v1 import profile_pb2 as profiles
from contracts.topology import EVENTS, feed_subject
from kit.bus.rpc import Request
from kit.bus.spec import BULK, NOW, OutgoingFact
from kit.clock import Clock, from_us, to_us
from kit.errors import KairosError, Malformed, TooLarge
from kit.ids import new_id, partition_of
from services.ingest.domain.endpoints import ENDPOINT_TRAITS, Endpoint, Spelling
from services.ingest.domain.identity import Asked
from services.ingest.domain.items import Item, KeyKind, Kind, Source
from services.ingest.domain.rules import Rules
from services.ingest.domain.traits import Traits
from services.ingest.ports import (
    Asking,
    Held,
    Looking,
    PastAsked,
    PastEvent,
    Person,
    Recorded,
    RecordedMerge,
    Replaying,
    Told,
)

PAST_PROFILES_MAX = 1_000
_CALLS = {"$page": "page", "$screen": "screen"}
_WORKSPACE = re.compile(r"[a-z][a-z0-9-]{1,39}")

KINDS = {
    Kind.TRACK: events.EVENT_KIND_TRACK,
    Kind.IDENTIFY: events.EVENT_KIND_IDENTIFY,
    Kind.PAGE: events.EVENT_KIND_PAGE,
    Kind.SCREEN: events.EVENT_KIND_SCREEN,
    Kind.GROUP: events.EVENT_KIND_GROUP,
    Kind.ALIAS: events.EVENT_KIND_ALIAS,
}
PROFILES_MAX = 100
"""People in one answer: each may have 300 traits."""
KEY_KINDS = {
    KeyKind.SERVER: events.KEY_KIND_SERVER,
    KeyKind.BROWSER: events.KEY_KIND_BROWSER,
}


AcceptRequest = service.AcceptRequest
"""One request of the tracking API: call, body_json, and what the gateway knows about it."""


@dataclass(frozen=True)
class Surroundings:
    """What a request is read with, besides itself."""

    clock: Clock
    spelling: Spelling
    rules: Rules
    traceparent: str


def workspace_of(request: Request) -> str:
    """The workspace a question names; raises Malformed where it names none."""
    if not _WORKSPACE.fullmatch(request.workspace):
        raise Malformed("The question names no workspace")
    return request.workspace


def read_accept(body: bytes) -> AcceptRequest:
    """One request of the tracking API; raises Malformed where it cannot be read."""
    return _parse(service.AcceptRequest(), body)


def read_accept_many(body: bytes) -> Sequence[AcceptRequest]:
    """Several of them."""
    return _parse(service.AcceptManyRequest(), body).requests


def read_source(message: AcceptRequest, workspace: str, around: Surroundings) -> Source:
    """What is known about a request besides call and body.

    A key of unknown kind counts as a browser's: the lesser trust.
    """
    clock = around.clock
    is_server = message.key_kind == events.KEY_KIND_SERVER
    return Source(
        workspace=workspace,
        key_kind=KeyKind.SERVER if is_server else KeyKind.BROWSER,
        received_at=from_us(message.received_at_us) if message.received_at_us else clock.now(),
        client_ip=message.client_ip,
        user_agent=message.user_agent,
        traceparent=message.traceparent or around.traceparent,
        new_message_id=lambda: f"kairos-{new_id(clock)}",
        spelling=around.spelling,
        rules=around.rules,
        verified_user=message.verified_user,
    )


def accept_reply(told: Told) -> bytes:
    """What became of a request."""
    return _accept_reply(told).SerializeToString()


def _accept_reply(told: Told) -> service.AcceptReply:
    return service.AcceptReply(
        accepted=told.accepted,
        repeated_items=told.repeated,
        quarantined=told.quarantined,
        refused=[
            service.Refusal(
                index=each.index, reason=each.reason, pointer=each.pointer, status=each.status
            )
            for each in told.refused
        ],
    )


def accept_many_reply(outcomes: Sequence[Told | KairosError]) -> bytes:
    """What became of each request."""
    return service.AcceptManyReply(
        outcomes=[
            service.AcceptOutcome(problem_json=msgspec.json.encode(each.problem()))
            if isinstance(each, KairosError)
            else service.AcceptOutcome(reply=_accept_reply(each))
            for each in outcomes
        ]
    ).SerializeToString()


def event_fact(event: Recorded) -> OutgoingFact:
    """EventAccepted, or what was reported instead of an event."""
    step = event.step
    item = step.item
    fact = Fact(
        id=event.id.bytes,
        workspace=item.workspace,
        person=step.profile.bytes,
        person_seq=step.person_seq,
        recorded_at_us=to_us(event.at),
        traceparent=item.traceparent,
    )
    if item.kind is Kind.PERMISSION:
        fact.permission_reported.CopyFrom(_permission(item))
    elif item.kind is Kind.CONTACT:
        fact.contact_reported.CopyFrom(_contact(item))
    else:
        _fill(fact.event_accepted, event)
    return OutgoingFact(
        stream=EVENTS.name,
        lane=BULK if item.bulk else NOW,
        partition=partition_of(step.profile),
        body=fact.SerializeToString(),
    )


def _fill(told: events.EventAccepted, event: Recorded) -> None:
    """In place and only what is there: 30 % less time than building it apart and copying it."""
    item = event.step.item
    told.kind = KINDS[item.kind]
    told.message_id = item.message_id
    told.name = item.name
    told.occurred_at_us = to_us(item.occurred_at)
    told.received_at_us = to_us(item.received_at)
    told.user_id = item.user_id
    told.properties_json = item.properties_json
    told.context_json = item.context_json
    told.key_kind = KEY_KINDS[item.key_kind]
    if item.anonymous_id:
        told.anonymous_id = item.anonymous_id
    if item.traits_json:
        told.traits_json = item.traits_json
    if item.history:
        told.history = True
    if item.low_signal:
        told.low_signal = True
    if item.unplanned:
        told.unplanned = True
    if item.user_verified:
        told.user_verified = True
    if item.endpoints:
        news = (_endpoint(each) for each in item.endpoints if _is_news(each, event))
        told.endpoints.extend(news)
    if event.superseded:
        told.superseded.extend(event.superseded)


def _permission(item: Item) -> consents.PermissionReported:
    """The wish as it was reported; its reason travels in the evidence, as in every change."""
    told: dict[str, Any] = msgspec.json.decode(item.properties_json)
    evidence = {"source": "import", **told.get("evidence", {})}
    if reason := told.get("reason"):
        evidence["reason"] = reason
    until = datetime.fromisoformat(told["until"]) if told.get("until") else None
    change = consents.PermissionChanged(
        part=f"PERMISSION_PART_{told['part'].upper()}",
        status=f"PERMISSION_STATUS_{told['status'].upper()}",
        purpose=told.get("purpose", ""),
        channel=told.get("channel", "*"),
        topic=told.get("topic", "*"),
        basis=told.get("basis", ""),
        evidence_json=msgspec.json.encode(evidence),
        at_us=to_us(item.occurred_at),
        until_us=to_us(until) if until else 0,
    )
    return consents.PermissionReported(change=change, message_id=item.message_id)


def _contact(item: Item) -> contacts.ContactReported:
    told: dict[str, Any] = msgspec.json.decode(item.properties_json)
    return contacts.ContactReported(
        message_id=item.message_id,
        system=told.get("system", ""),
        channel=told["channel"],
        topic=told.get("topic", ""),
        message_class=told.get("class", "marketing"),
        tags=told.get("tags", []),
        name=told.get("name", ""),
        at_us=to_us(item.occurred_at),
        data_json=msgspec.json.encode(told["data"]) if told.get("data") else b"",
    )


def _is_news(endpoint: Endpoint, event: Recorded) -> bool:
    """Whether nothing newer is known of the trait that names it."""
    return ENDPOINT_TRAITS.get(endpoint.channel) not in event.superseded


def _endpoint(endpoint: Endpoint) -> events.Endpoint:
    return events.Endpoint(
        channel=endpoint.channel,
        address=endpoint.address,
        unreadable=endpoint.address is None,
    )


def merge_fact(merge: RecordedMerge) -> OutgoingFact:
    """ProfileMerged, a fact of the winner, in the lane of the event that caused it."""
    step = merge.step
    fact = Fact(
        id=merge.id.bytes,
        workspace=step.workspace,
        person=step.winner.bytes,
        person_seq=step.person_seq,
        recorded_at_us=to_us(merge.at),
        traceparent=step.cause.traceparent,
        profile_merged=profiles.ProfileMerged(
            loser=step.loser.bytes,
            loser_last_seq=step.loser_last_seq,
            merged_at_us=to_us(step.cause.occurred_at),
            reason=step.cause.reason if isinstance(step.cause, Asked) else "",
        ),
    )
    return OutgoingFact(
        stream=EVENTS.name,
        lane=BULK if step.cause.bulk else NOW,
        partition=partition_of(step.winner),
        body=fact.SerializeToString(),
        feed=feed_subject(step.workspace, "profile_merged"),
        id=str(merge.id),
    )


def read_profile(request: Request) -> str:
    """The reference a profile is asked for by."""
    return _parse(service.ProfileRequest(), request.body).ref


def profile_reply(person: Person) -> bytes:
    """A person as they are known."""
    return service.ProfileReply(profile=_profile(person)).SerializeToString()


def _profile(person: Person) -> profiles.Profile:
    profile = person.profile
    return profiles.Profile(
        id=profile.id.bytes,
        user_ids=person.user_ids,
        anonymous_ids=person.anonymous_ids,
        traits_json=msgspec.json.encode(person.traits.values),
        created_at_us=to_us(profile.created_at),
        last_seen_at_us=to_us(profile.last_seen_at),
        merged=[each.bytes for each in person.merged],
        last_seq=profile.last_seq,
        external_ids=[
            profiles.ExternalId(kind=kind, value=value) for kind, value in person.external_ids
        ],
    )


def read_profiles(request: Request) -> Asking:
    """Which profiles are asked for; raises Malformed for a place that is none."""
    asked = _parse(service.ProfilesRequest(), request.body)
    if len(asked.before) not in (0, 16):
        raise Malformed("before is the id of a profile")
    return Asking(
        email=asked.email,
        phone=asked.phone,
        before=UUID(bytes=asked.before) if asked.before else None,
        limit=min(asked.limit or PROFILES_MAX, PROFILES_MAX),
    )


def profiles_reply(people: Sequence[Person], *, more: bool) -> bytes:
    """A page of people."""
    found = [_profile(each) for each in people]
    return service.ProfilesReply(profiles=found, more=more).SerializeToString()


def read_merge(request: Request) -> tuple[str, str, str]:
    """Who stays, who becomes part of them, and why."""
    asked = _parse(service.MergeRequest(), request.body)
    return asked.ref, asked.other, asked.reason


def merge_reply(person: Person, *, changed: bool) -> bytes:
    """The person both are now."""
    reply = service.MergeReply(profile=_profile(person), changed=changed)
    return reply.SerializeToString()


def read_past(request: Request) -> PastAsked:
    """Whose past is asked for, and of what; raises TooLarge for too many at once."""
    asked = _parse(service.PastRequest(), request.body)
    if len(asked.profiles) > PAST_PROFILES_MAX:
        raise TooLarge(f"Ask for at most {PAST_PROFILES_MAX} profiles at once")
    return PastAsked(
        profiles=[UUID(bytes=each) for each in asked.profiles],
        names=[name for name in asked.events if name not in _CALLS],
        kinds=[_CALLS[name] for name in asked.events if name in _CALLS],
        with_traits=asked.with_traits,
        after=(UUID(bytes=asked.after_profile), asked.after_seq) if asked.after_profile else None,
    )


def past_reply(
    heads: Mapping[UUID, int],
    traits: Mapping[UUID, Traits],
    events: Sequence[PastEvent],
    *,
    more: bool,
) -> bytes:
    """What is on record; a page's or screen's name is one of its properties."""
    nothing = Traits()
    return service.PastReply(
        profiles=[
            service.PastProfile(
                id=profile.bytes,
                last_seq=last_seq,
                traits_json=msgspec.json.encode(traits.get(profile, nothing).values)
                if profile in traits
                else b"",
            )
            for profile, last_seq in heads.items()
        ],
        events=[
            service.PastEvent(
                profile=each.profile.bytes,
                seq=each.seq,
                event=each.name if each.kind == "track" else f"${each.kind}",
                occurred_at_us=to_us(each.occurred_at),
                properties_json=_properties(each),
            )
            for each in events
        ],
        more=more,
    ).SerializeToString()


def _properties(event: PastEvent) -> bytes:
    said = (event.properties or "").encode()
    if event.kind == "track" or not event.name:
        return said
    named = {"name": event.name, **(msgspec.json.decode(said) if said else {})}
    return msgspec.json.encode(named)


def catalog_request(kind: str, revision: int) -> bytes:
    """The question for all catalog documents of a kind; revision 0 is the head."""
    return decision_service.CatalogRequest(kind=kind, revision=revision).SerializeToString()


def read_catalog(answer: bytes) -> tuple[int, list[dict[str, Any]]]:
    """The revision, and the documents with their own."""
    told = decision_service.CatalogReply.FromString(answer)
    return told.revision, [
        {
            **msgspec.json.decode(each.body_json),
            "kind": each.kind,
            "key": each.key,
            "revision": each.revision,
        }
        for each in told.documents
    ]


def read_quarantine(request: Request) -> Looking:
    """Which part of the quarantine is asked for; raises Malformed for a place that is none."""
    asked = _parse(service.QuarantineRequest(), request.body)
    if len(asked.after) not in (0, 16):
        raise Malformed("after is the id of an entry")
    return Looking(
        event=asked.event,
        after=UUID(bytes=asked.after) if asked.after else UUID(int=0),
        limit=min(asked.limit or PROFILES_MAX, PROFILES_MAX),
    )


def quarantine_reply(found: Sequence[Held], *, more: bool) -> bytes:
    """A page of what waits."""
    return service.QuarantineReply(
        events=[_quarantined(each) for each in found], more=more
    ).SerializeToString()


def _quarantined(held: Held) -> service.QuarantinedEvent:
    item = held.item
    return service.QuarantinedEvent(
        id=held.id.bytes,
        message_id=item.message_id,
        kind=KINDS[item.kind],
        name=item.name,
        user_id=item.user_id,
        anonymous_id=item.anonymous_id,
        occurred_at_us=to_us(item.occurred_at),
        received_at_us=to_us(item.received_at),
        properties_json=item.properties_json,
        pointer=held.violation.pointer,
        reason=held.violation.reason,
    )


def read_replay(request: Request) -> Replaying:
    """What shall be taken in; raises Malformed for an id that is none."""
    asked = _parse(service.ReplayQuarantineRequest(), request.body)
    if any(len(each) != 16 for each in asked.ids):
        raise Malformed("ids are those of entries")
    return Replaying(event=asked.event, ids=[UUID(bytes=each) for each in asked.ids])


def replay_reply(replayed: int, waiting: int) -> bytes:
    """How many were taken in, and how many wait on."""
    return service.ReplayQuarantineReply(replayed=replayed, waiting=waiting).SerializeToString()


Message = TypeVar(
    "Message",
    service.AcceptRequest,
    service.AcceptManyRequest,
    service.ProfileRequest,
    service.ProfilesRequest,
    service.MergeRequest,
    service.PastRequest,
    service.QuarantineRequest,
    service.ReplayQuarantineRequest,
)


def _parse(message: Message, body: bytes) -> Message:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Malformed(f"Not a {type(message).__name__}") from error
    return message
