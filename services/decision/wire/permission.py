"""Permission: questions and answers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from kit.clock import from_us
from services.decision.domain import inputs
from services.decision.wire.convert import as_json, as_object, as_text


def change_request(body: bytes, change_id: UUID, now: datetime) -> tuple[UUID, inputs.Input]:
    """Person and the change asked for; one that was kept while we were away keeps its time."""
    request = service_pb2.ChangePermissionRequest.FromString(body)
    change = request.change
    at = min(from_us(change.at_us), now) if change.at_us else now
    return UUID(bytes=request.person), permission_input(change_id, change, at)


def permission_input(
    change_id: UUID, change: consent_pb2.PermissionChanged, at: datetime
) -> inputs.PermissionInput:
    """A change as the core takes it; its evidence is found by `change_id`."""
    part = consent_pb2.PermissionPart.Name(change.part)
    status = consent_pb2.PermissionStatus.Name(change.status)
    return inputs.PermissionInput(
        id=change_id,
        part=inputs.PermissionPart(part.removeprefix("PERMISSION_PART_").lower()),
        status=inputs.PermissionStatus(status.removeprefix("PERMISSION_STATUS_").lower()),
        at=at,
        purpose=change.purpose or "contact",
        channel=change.channel or "*",
        topic=change.topic or "*",
        basis=change.basis,
        evidence=str(change_id),
        reason=as_text(as_object(change.evidence_json).get("reason")),
        until=from_us(change.until_us) if change.until_us else None,
    )


def change_evidence(body: bytes) -> bytes:
    """The evidence as given, JSON; kept in the ledger, never in the state."""
    evidence = service_pb2.ChangePermissionRequest.FromString(body).change.evidence_json
    return evidence or b"{}"


def change_reply(*, changed: bool) -> bytes:
    """The answer to a change of permission."""
    return service_pb2.ChangePermissionReply(changed=changed).SerializeToString()


def permission_question(body: bytes) -> tuple[UUID, datetime | None]:
    """Whose permission is asked for, and as of when; None for now."""
    request = service_pb2.PermissionRequest.FromString(body)
    return UUID(bytes=request.person), from_us(request.at_us) if request.at_us else None


def permission_reply(permission: Any) -> bytes:
    """All five parts as JSON."""
    reply = service_pb2.PermissionReply(permission_json=as_json(permission))
    return reply.SerializeToString()
