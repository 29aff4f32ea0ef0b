"""Protobuf ⇄ what the gateway works with: what delivery knows of templates, links and inboxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery_service
from gateway import shapes
from kit.errors import Invalid


@dataclass(frozen=True)
class Finding:
    """One flaw of a template."""

    document: str
    path: str
    flaw: str
    expected: str
    got: str
    refuses: bool


def check_request(documents: Sequence[Any]) -> bytes:
    return delivery_service.CheckTemplatesRequest(
        documents_json=msgspec.json.encode(documents)
    ).SerializeToString()


def findings(reply: bytes) -> list[Finding]:
    told = delivery_service.CheckTemplatesReply.FromString(reply).findings
    return [Finding(f.document, f.path, f.flaw, f.expected, f.got, f.refuses) for f in told]


def render_request(key: str, asked: shapes.RenderRequest, variables: Mapping[str, Any]) -> bytes:
    return delivery_service.RenderTemplateRequest(
        key=key,
        revision=asked.revision,
        locale=asked.locale,
        variant=asked.variant,
        variables_json=msgspec.json.encode(variables),
    ).SerializeToString()


def rendered(reply: bytes) -> shapes.Rendered:
    """What somebody would read; raises Invalid where it cannot be rendered."""
    told = delivery_service.RenderTemplateReply.FromString(reply)
    if told.refused:
        raise Invalid(f"The template cannot be rendered: {told.refused}")
    return shapes.Rendered(
        channel=told.channel,
        subject=told.subject or None,
        html=told.html or None,
        text=told.text,
        sender=told.sender or None,
        reply_to=told.reply_to or None,
        url=told.url or None,
        action=told.action or None,
        image=told.image or None,
        segments=told.segments or None,
    )


def react_request(
    kind: str, message_id: UUID | None, *, target: bytes = b"", code: str = "", user_agent: str = ""
) -> bytes:
    return delivery_service.ReactRequest(
        message_id=message_id.bytes if message_id else b"",
        kind=f"RECEIPT_KIND_{kind.upper()}",
        target=target,
        code=code,
        user_agent=user_agent[:500],
    ).SerializeToString()


def leads_to(reply: bytes) -> str:
    """Where a link leads."""
    return delivery_service.ReactReply.FromString(reply).url
