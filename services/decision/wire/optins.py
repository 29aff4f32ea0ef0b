"""Double opt-ins and suppressions: questions and answers."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from kit.clock import to_us
from kit.errors import Invalid
from services.decision.domain.ledger import OptIn, Suppressed
from services.decision.wire.convert import as_object

_LIMIT = 100
_LIMIT_MAX = 1_000


class Begun(NamedTuple):
    """A double opt-in as it is asked for."""

    person: UUID
    channel: str
    topic: str
    purpose: str
    evidence: dict[str, Any]


def begin_request(body: bytes) -> Begun:
    """Who is to confirm what."""
    request = service_pb2.BeginOptInRequest.FromString(body)
    return Begun(
        UUID(bytes=request.person),
        request.channel,
        request.topic or "*",
        request.purpose or "contact",
        as_object(request.evidence_json),
    )


def begin_reply(state: str, expires_at: datetime | None) -> bytes:
    """How it stands, and until when it can be confirmed."""
    return service_pb2.BeginOptInReply(
        state=state, expires_at_us=to_us(expires_at) if expires_at else 0
    ).SerializeToString()


def token_asked(body: bytes) -> str:
    """The token that is looked at."""
    return service_pb2.OptInRequest.FromString(body).token


def opt_in_reply(state: str, channel: str, topic: str) -> bytes:
    """What a token stands for."""
    return service_pb2.OptInReply(state=state, channel=channel, topic=topic).SerializeToString()


def confirm_request(body: bytes) -> tuple[str, dict[str, Any]]:
    """The token that came back, and what proves it."""
    request = service_pb2.ConfirmOptInRequest.FromString(body)
    return request.token, as_object(request.evidence_json)


def confirm_reply(state: str, channel: str, topic: str) -> bytes:
    """How it stands now."""
    return service_pb2.ConfirmOptInReply(
        state=state, channel=channel, topic=topic
    ).SerializeToString()


def suppressions_request(body: bytes) -> tuple[str, tuple[UUID, str] | None, int]:
    """Channel (empty: all), where the last page ended, and how many are wanted."""
    request = service_pb2.SuppressionsRequest.FromString(body)
    after = None
    if request.cursor:
        person, _, channel = request.cursor.partition("/")
        try:
            after = UUID(person), channel
        except ValueError:
            raise Invalid("This cursor is not one of ours") from None
    return request.channel, after, min(request.limit or _LIMIT, _LIMIT_MAX)


def suppressions_reply(found: Sequence[Suppressed], limit: int) -> bytes:
    """A page of them."""
    last = found[-1] if len(found) == limit else None
    return service_pb2.SuppressionsReply(
        suppressions=[
            service_pb2.Suppression(
                person=one.person.bytes, channel=one.channel, reason=one.reason, at_us=to_us(one.at)
            )
            for one in found
        ],
        next_cursor=f"{last.person}/{last.channel}" if last else "",
    ).SerializeToString()


def confirmed_evidence(found: OptIn, proof: dict[str, Any], now: datetime) -> str:
    """Evidence of a double opt-in: what was asked for, and the act that confirmed it."""
    return as_text(
        {
            **json.loads(found.evidence),
            "requested_at": found.requested_at.isoformat(),
            "confirmed_at": now.isoformat(),
            "confirmed_by": proof,
            "token_sha256": found.token_sha256.hex(),
        }
    )


def as_text(evidence: dict[str, Any]) -> str:
    """Evidence as the ledger keeps it."""
    return json.dumps(evidence)
