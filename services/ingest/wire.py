"""Protobuf ⇄ domain. The only place of ingest that sees generated code."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from google.protobuf.message import DecodeError

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.contacts.v1 import contact_pb2 as contacts
from contracts.gen.kairos.events.v1 import event_pb2 as events
from contracts.gen.kairos.ingest.v1 import service_pb2 as service
from contracts.gen.kairos.profiles.v1 import profile_pb2 as profiles
from contracts.topology import EVENTS, feed_subject
from kit.bus.rpc import Request
from kit.bus.spec import BULK, NOW, OutgoingFact
from kit.clock import Clock, from_us, to_us
from kit.errors import Malformed
from kit.ids import new_id, partition_of
from services.ingest.domain.items import Item, KeyKind, Kind, Refusal, Source
from services.ingest.ports import Person, Recorded, RecordedMerge

_WORKSPACE = re.compile(r"[a-z][a-z0-9-]{1,39}")

KINDS = {
    Kind.TRACK: events.EVENT_KIND_TRACK,
    Kind.IDENTIFY: events.EVENT_KIND_IDENTIFY,
    Kind.PAGE: events.EVENT_KIND_PAGE,
    Kind.SCREEN: events.EVENT_KIND_SCREEN,
    Kind.GROUP: events.EVENT_KIND_GROUP,
    Kind.ALIAS: events.EVENT_KIND_ALIAS,
}
KEY_KINDS = {
    KeyKind.SERVER: events.KEY_KIND_SERVER,
    KeyKind.BROWSER: events.KEY_KIND_BROWSER,
}


def read_accept(request: Request, clock: Clock, traceparent: str) -> tuple[str, bytes, Source]:
    """Call, body and source of an accept request.

    A key of unknown kind counts as a browser's: the lesser trust. Raises Malformed where the
    question names no workspace or cannot be read.
    """
    if not _WORKSPACE.fullmatch(request.workspace):
        raise Malformed("The question names no workspace")
    message = _parse(service.AcceptRequest(), request.body)
    is_server = message.key_kind == events.KEY_KIND_SERVER
    received_at = from_us(message.received_at_us) if message.received_at_us else clock.now()
    source = Source(
        workspace=request.workspace,
        key_kind=KeyKind.SERVER if is_server else KeyKind.BROWSER,
        received_at=received_at,
        client_ip=message.client_ip,
        user_agent=message.user_agent,
        traceparent=traceparent,
        new_message_id=lambda: f"kairos-{new_id(clock)}",
    )
    return message.call, message.body_json, source


def accept_reply(accepted: int, repeated: int, refused: Sequence[Refusal]) -> bytes:
    """What became of a request."""
    return service.AcceptReply(
        accepted=accepted,
        repeated_items=repeated,
        refused=[
            service.Refusal(
                index=each.index, reason=each.reason, pointer=each.pointer, status=each.status
            )
            for each in refused
        ],
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
        fact.event_accepted.CopyFrom(_event(item))
    return OutgoingFact(
        stream=EVENTS.name,
        lane=BULK if item.bulk else NOW,
        partition=partition_of(step.profile),
        body=fact.SerializeToString(),
    )


def _event(item: Item) -> events.EventAccepted:
    return events.EventAccepted(
        kind=KINDS[item.kind],
        message_id=item.message_id,
        name=item.name,
        occurred_at_us=to_us(item.occurred_at),
        received_at_us=to_us(item.received_at),
        user_id=item.user_id,
        anonymous_id=item.anonymous_id,
        properties_json=item.properties_json,
        traits_json=item.traits_json,
        context_json=item.context_json,
        key_kind=KEY_KINDS[item.key_kind],
        history=item.history,
    )


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


def merge_fact(merge: RecordedMerge) -> OutgoingFact:
    """ProfileMerged, a fact of the winner, in the lane of the event that caused it."""
    step = merge.step
    fact = Fact(
        id=merge.id.bytes,
        workspace=step.workspace,
        person=step.winner.bytes,
        person_seq=step.person_seq,
        recorded_at_us=to_us(merge.at),
        traceparent=step.item.traceparent,
        profile_merged=profiles.ProfileMerged(
            loser=step.loser.bytes,
            loser_last_seq=step.loser_last_seq,
            merged_at_us=to_us(step.item.occurred_at),
        ),
    )
    return OutgoingFact(
        stream=EVENTS.name,
        lane=BULK if step.item.bulk else NOW,
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
    profile = person.profile
    return service.ProfileReply(
        profile=profiles.Profile(
            id=profile.id.bytes,
            user_ids=person.user_ids,
            anonymous_ids=person.anonymous_ids,
            traits_json=msgspec.json.encode(person.traits.values),
            created_at_us=to_us(profile.created_at),
            last_seen_at_us=to_us(profile.last_seen_at),
            merged=[each.bytes for each in person.merged],
            last_seq=profile.last_seq,
        )
    ).SerializeToString()


Message = TypeVar("Message", service.AcceptRequest, service.ProfileRequest)


def _parse(message: Message, body: bytes) -> Message:
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise Malformed(f"Not a {type(message).__name__}") from error
    return message
