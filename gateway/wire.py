"""Protobuf ⇄ what the gateway works with; `ingest_wire` has the questions to ingest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery_service
from contracts.gen.kairos.history.v1 import service_pb2 as history_service
from gateway import shapes
from kit.clock import from_us, to_us

# Decision, the catalog.


def apply_request(documents: Sequence[Any], *, dry_run: bool) -> bytes:
    return decision_service.ApplyRequest(
        documents_json=msgspec.json.encode(documents), dry_run=dry_run
    ).SerializeToString()


def applied(reply: bytes, *, dry_run: bool) -> shapes.Applied:
    told = decision_service.ApplyReply.FromString(reply)
    changes = [
        shapes.Change(
            kind=each.kind, key=each.key, change=each.change, diff=_json(each.diff_json) or None
        )
        for each in told.changes
    ]
    return shapes.Applied(revision=told.revision, dry_run=dry_run, changes=changes)


def catalog_request(kind: str, key: str, revision: int) -> bytes:
    return decision_service.CatalogRequest(
        kind=kind, key=key, revision=revision
    ).SerializeToString()


def documents(reply: bytes) -> list[dict[str, Any]]:
    """Each as applied, with the revision in which it appeared."""
    told = decision_service.CatalogReply.FromString(reply)
    return [
        {"kind": each.kind, "key": each.key, "revision": each.revision, **_json(each.body_json)}
        for each in told.documents
    ]


# Decision, permission.


@dataclass(frozen=True)
class PermissionChange:
    """A change of one part of a person's permission, in the words of the public API."""

    part: str
    status: str
    purpose: str = ""
    channel: str = "*"
    topic: str = "*"
    basis: str = ""
    evidence: Mapping[str, Any] | None = None
    until: datetime | None = None
    message_id: UUID | None = None


def change_request(person: UUID, change: PermissionChange, at: datetime) -> bytes:
    return decision_service.ChangePermissionRequest(
        person=person.bytes,
        change=consent_pb2.PermissionChanged(
            part=f"PERMISSION_PART_{change.part.upper()}",
            status=f"PERMISSION_STATUS_{change.status.upper()}",
            purpose=change.purpose,
            channel=change.channel,
            topic=change.topic,
            basis=change.basis,
            evidence_json=msgspec.json.encode(change.evidence or {}),
            at_us=to_us(at),
            until_us=to_us(change.until) if change.until else 0,
            message_id=change.message_id.bytes if change.message_id else b"",
        ),
    ).SerializeToString()


def changed(reply: bytes) -> bool:
    return decision_service.ChangePermissionReply.FromString(reply).changed


def permission_request(person: UUID, at: datetime | None = None) -> bytes:
    return decision_service.PermissionRequest(
        person=person.bytes, at_us=to_us(at) if at else 0
    ).SerializeToString()


def permission(reply: bytes) -> dict[str, Any]:
    told = _json(decision_service.PermissionReply.FromString(reply).permission_json)
    shown: dict[str, Any] = _without_absent(told or {})
    return shown


def controls_request(*, stopped: bool | None) -> bytes:
    """Stops marketing or lets it go on; None only asks."""
    return decision_service.ControlsRequest(marketing_stopped=stopped).SerializeToString()


def marketing(reply: bytes) -> shapes.Marketing:
    told = decision_service.ControlsReply.FromString(reply)
    return shapes.Marketing(stopped=told.marketing_stopped)


def journeys_request(person: UUID) -> bytes:
    return decision_service.JourneysRequest(person=person.bytes).SerializeToString()


def journeys(reply: bytes) -> shapes.Journeys:
    told = _json(decision_service.JourneysReply.FromString(reply).journeys_json)
    return shapes.Journeys(items=_without_absent(told or []))


# Decision, segments.


def segment_request(key: str) -> bytes:
    return decision_service.SegmentRequest(key=key).SerializeToString()


def segment(reply: bytes) -> dict[str, Any]:
    return _json(decision_service.SegmentReply.FromString(reply).segment_json) or {}


def segment_preview_request(asked: shapes.SegmentPreviewAsked) -> bytes:
    rule = msgspec.json.encode(asked.rule)
    return decision_service.SegmentPreviewRequest(
        rule_json=rule, exact=asked.exact, sample=asked.sample
    ).SerializeToString()


def segment_preview(reply: bytes) -> shapes.SegmentPreview:
    told = _json(decision_service.SegmentPreviewReply.FromString(reply).preview_json)
    return shapes.SegmentPreview(**told)


def schema_request(kind: str) -> bytes:
    return decision_service.SchemaRequest(kind=kind).SerializeToString()


def schema(reply: bytes) -> dict[str, Any]:
    return _json(decision_service.SchemaReply.FromString(reply).schema_json) or {}


def members_request(key: str, after: UUID | None, limit: int) -> bytes:
    return decision_service.MembersRequest(
        key=key, after=after.bytes if after else b"", limit=limit
    ).SerializeToString()


def members(reply: bytes, limit: int) -> shapes.Members:
    told = decision_service.MembersReply.FromString(reply).members
    items = [
        shapes.Member(profile_id=UUID(bytes=each.person), entered_at=from_us(each.entered_at_us))
        for each in told
    ]
    is_full = len(items) == limit
    return shapes.Members(items=items, next_cursor=str(items[-1].profile_id) if is_full else None)


def segments_of_request(person: UUID) -> bytes:
    return decision_service.SegmentsOfRequest(person=person.bytes).SerializeToString()


def segments_of(reply: bytes) -> shapes.Memberships:
    told = _json(decision_service.SegmentsOfReply.FromString(reply).segments_json)
    return shapes.Memberships(items=told or [])


# Delivery.


def take_receipts_request(
    provider: str, body: bytes, headers: Mapping[str, str], query: str
) -> bytes:
    return delivery_service.TakeReceiptsRequest(
        provider=provider, body=body, headers=headers, query=query
    ).SerializeToString()


def receipts_taken(reply: bytes) -> shapes.ReceiptsTaken:
    told = delivery_service.TakeReceiptsReply.FromString(reply)
    return shapes.ReceiptsTaken(
        taken=told.taken, repeated=told.repeated_items, unknown=told.unknown_items
    )


def keep_secret_request(ref: str, value: str) -> bytes:
    return delivery_service.KeepSecretRequest(ref=ref, value=value).SerializeToString()


def drop_secret_request(ref: str) -> bytes:
    return delivery_service.DropSecretRequest(ref=ref).SerializeToString()


def secrets_request() -> bytes:
    return delivery_service.SecretsRequest().SerializeToString()


def secret_refs(reply: bytes) -> list[shapes.SecretRef]:
    told = delivery_service.SecretsReply.FromString(reply).secrets
    return [shapes.SecretRef(ref=each.ref, changed_at=from_us(each.changed_at_us)) for each in told]


def message_request(message_id: UUID) -> bytes:
    return delivery_service.MessageRequest(message_id=message_id.bytes).SerializeToString()


def message(reply: bytes) -> shapes.Message:
    told = delivery_service.MessageReply.FromString(reply)
    return shapes.Message(
        id=UUID(bytes=told.message_id),
        decision_id=_id(told.decision_id),
        profile_id=UUID(bytes=told.person),
        state=told.state,
        channel=told.channel,
        template=told.template,
        attempts=[_attempt(each) for each in told.attempts],
        receipts=[_receipt(each) for each in told.receipts],
    )


def _attempt(told: delivery_pb2.AttemptFinished) -> shapes.Attempt:
    return shapes.Attempt(
        attempt=told.attempt,
        outcome=_name(delivery_pb2.AttemptOutcome.Name(told.outcome), "ATTEMPT_OUTCOME_"),
        at=from_us(told.at_us),
        called_at=_at(told.called_at_us),
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
        sentence=_sentence(told.reason_en, told.reason_de),
    )


def _receipt(told: delivery_pb2.ReceiptTaken) -> shapes.Receipt:
    return shapes.Receipt(
        kind=_name(delivery_pb2.ReceiptKind.Name(told.kind), "RECEIPT_KIND_"),
        at=from_us(told.at_us),
        provider=told.provider or None,
        machine=told.machine,
        detail=told.detail or None,
    )


# History.


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


def timeline(reply: bytes) -> shapes.Timeline:
    told = history_service.TimelineReply.FromString(reply)
    items = [
        shapes.TimelineItem(
            id=UUID(bytes=each.id),
            kind=each.kind,
            at=from_us(each.at_us),
            recorded_at=from_us(each.recorded_at_us),
            name=each.name or None,
            summary=each.summary or None,
            reason=each.reason or None,
            channel=each.channel or None,
            refs=dict(each.refs),
            data=_json(each.data_json),
            trace_id=each.trace_id or None,
        )
        for each in told.items
    ]
    return shapes.Timeline(items=items, next_cursor=told.next_cursor or None)


def outcomes_request(since: datetime | None) -> bytes:
    since_us = to_us(since) if since else 0
    return history_service.OutcomesRequest(since_us=since_us).SerializeToString()


def outcomes(reply: bytes) -> shapes.Outcomes:
    told = history_service.OutcomesReply.FromString(reply)
    return shapes.Outcomes(
        items=[
            shapes.OutcomeCount(
                kind=each.kind,
                name=each.name or None,
                channel=each.channel or None,
                reason=each.reason or None,
                count=each.count,
            )
            for each in told.counts
        ]
    )


def _json(data: bytes) -> Any:
    return msgspec.json.decode(data) if data else None


def _without_absent(told: Any) -> Any:
    """Leaves out members that are null or empty text."""
    if isinstance(told, dict):
        parts = {name: _without_absent(part) for name, part in told.items()}
        return {name: part for name, part in parts.items() if part is not None and part != ""}
    return [_without_absent(part) for part in told] if isinstance(told, list) else told


def _id(data: bytes) -> UUID | None:
    return UUID(bytes=data) if data else None


def _at(microseconds: int) -> datetime | None:
    return from_us(microseconds) if microseconds else None


def _name(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _sentence(en: str, de: str) -> shapes.Sentence:
    return shapes.Sentence(en=en or None, de=de or None)
