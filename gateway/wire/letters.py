"""Protobuf ⇄ what the gateway works with: what delivery knows of templates, links and inboxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.bus.v1 import fact_pb2
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery_service
from gateway.shapes.catalog import Rendered, RenderRequest
from gateway.shapes.inbox import InboxItem
from kit.clock import from_us
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


def render_request(key: str, asked: RenderRequest, variables: Mapping[str, Any]) -> bytes:
    return delivery_service.RenderTemplateRequest(
        key=key,
        revision=asked.revision,
        locale=asked.locale,
        variant=asked.variant,
        variables_json=msgspec.json.encode(variables),
    ).SerializeToString()


def rendered(reply: bytes) -> Rendered:
    """What somebody would read; raises Invalid where it cannot be rendered."""
    told = delivery_service.RenderTemplateReply.FromString(reply)
    if told.refused:
        raise Invalid(f"The template cannot be rendered: {told.refused}")
    return Rendered(
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


def inbox_request(
    persons: Sequence[UUID], *, placement: str = "", before: int = 0, after: int = 0, limit: int
) -> bytes:
    return delivery_service.InboxRequest(
        persons=[each.bytes for each in persons],
        placement=placement,
        before=before,
        after=after,
        limit=limit,
    ).SerializeToString()


def inbox(reply: bytes) -> list[tuple[int, InboxItem]]:
    """Position and item."""
    return [
        (
            told.position,
            InboxItem(
                id=UUID(bytes=told.id),
                placement=told.placement,
                title=told.title,
                text=told.text,
                url=told.url or None,
                action=told.action or None,
                image=told.image or None,
                at=from_us(told.at_us),
                expires_at=from_us(told.expires_at_us),
                seen=bool(told.seen_at_us),
                clicked=bool(told.clicked_at_us),
            ),
        )
        for told in delivery_service.InboxReply.FromString(reply).items
    ]


def inbox_act_request(persons: Sequence[UUID], item: UUID, act: str) -> bytes:
    return delivery_service.InboxActRequest(
        persons=[each.bytes for each in persons], id=item.bytes, act=act
    ).SerializeToString()


def inbox_changed(reply: bytes) -> bool:
    return delivery_service.InboxActReply.FromString(reply).changed


def whose(fact: bytes) -> tuple[str, UUID]:
    """Workspace and person of a fact of the feed."""
    told = fact_pb2.Fact.FromString(fact)
    return told.workspace, UUID(bytes=told.person)
