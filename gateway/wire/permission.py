"""Protobuf ⇄ what may be sent to a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from gateway.shapes.permission import Marketing
from gateway.wire.common import json_of, without_absent
from kit.clock import to_us


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
    told = json_of(decision_service.PermissionReply.FromString(reply).permission_json)
    shown: dict[str, Any] = without_absent(told or {})
    return shown


def controls_request(*, stopped: bool | None) -> bytes:
    """Stops marketing or lets it go on; None only asks."""
    return decision_service.ControlsRequest(marketing_stopped=stopped).SerializeToString()


def marketing(reply: bytes) -> Marketing:
    told = decision_service.ControlsReply.FromString(reply)
    return Marketing(stopped=told.marketing_stopped)
