"""Protobuf ⇄ domain: the only room that sees generated code."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decision.v1.service_pb2 import (
    CatalogReply,
    CatalogRequest,
    PermitQuestion,
    PermitReply,
    PermitRequest,
)
from contracts.gen.kairos.deliveries.v1.delivery_pb2 import (
    AttemptFinished,
    AttemptOutcome,
    ReceiptTaken,
)
from contracts.gen.kairos.deliveries.v1.delivery_pb2 import ReceiptKind as WireReceiptKind
from contracts.gen.kairos.delivery.v1.service_pb2 import (
    CheckTemplatesReply,
    CheckTemplatesRequest,
    DropSecretReply,
    DropSecretRequest,
    InboxActReply,
    InboxActRequest,
    InboxItem,
    InboxReply,
    InboxRequest,
    KeepSecretReply,
    KeepSecretRequest,
    MessageReply,
    MessageRequest,
    ReactReply,
    ReactRequest,
    RenderTemplateReply,
    RenderTemplateRequest,
    Secret,
    SecretsReply,
    TakeReceiptsReply,
    TakeReceiptsRequest,
    TemplateFinding,
)
from contracts.topology import DELIVERIES, feed_subject
from kit.bus.spec import IncomingFact, OutgoingFact
from kit.clock import from_us, to_us
from kit.errors import Malformed, NotFound
from kit.ids import partition_of
from services.delivery.domain.ids import attempt_fact_id, receipt_fact_id
from services.delivery.domain.message import Order, Outcome
from services.delivery.domain.reactions import Reaction
from services.delivery.domain.receipts import Receipt, ReceiptKind
from services.delivery.domain.scenes.scene import Finding
from services.delivery.ports import (
    AttemptRow,
    InboxQuestion,
    InboxRow,
    MessageRow,
    Preview,
    Proof,
    Written,
)

_documents = msgspec.json.Decoder(list[Any])
_PROVIDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")

OUTCOMES: dict[Outcome, AttemptOutcome] = {
    Outcome.ACCEPTED: AttemptOutcome.ATTEMPT_OUTCOME_ACCEPTED,
    Outcome.REJECTED: AttemptOutcome.ATTEMPT_OUTCOME_REJECTED,
    Outcome.UNKNOWN: AttemptOutcome.ATTEMPT_OUTCOME_UNKNOWN,
    Outcome.EXPIRED: AttemptOutcome.ATTEMPT_OUTCOME_EXPIRED,
    Outcome.CANCELLED: AttemptOutcome.ATTEMPT_OUTCOME_CANCELLED,
    Outcome.RETRYING: AttemptOutcome.ATTEMPT_OUTCOME_RETRYING,
}
KINDS: dict[ReceiptKind, WireReceiptKind] = {
    ReceiptKind.DELIVERED: WireReceiptKind.RECEIPT_KIND_DELIVERED,
    ReceiptKind.OPENED: WireReceiptKind.RECEIPT_KIND_OPENED,
    ReceiptKind.CLICKED: WireReceiptKind.RECEIPT_KIND_CLICKED,
    ReceiptKind.REPLIED: WireReceiptKind.RECEIPT_KIND_REPLIED,
    ReceiptKind.BOUNCED: WireReceiptKind.RECEIPT_KIND_BOUNCED,
    ReceiptKind.COMPLAINED: WireReceiptKind.RECEIPT_KIND_COMPLAINED,
    ReceiptKind.UNSUBSCRIBED: WireReceiptKind.RECEIPT_KIND_UNSUBSCRIBED,
    ReceiptKind.DISMISSED: WireReceiptKind.RECEIPT_KIND_DISMISSED,
    ReceiptKind.NOT_RELEVANT: WireReceiptKind.RECEIPT_KIND_NOT_RELEVANT,
}
_KINDS_READ = {wire_kind: kind for kind, wire_kind in KINDS.items()}


def read_order(fact: IncomingFact) -> Order | None:
    """The order a fact carries; None where it is about something else."""
    read = Fact.FromString(fact.body)
    if read.WhichOneof("body") != "message_ordered":
        return None
    said = read.message_ordered
    return Order(
        workspace=read.workspace,
        message_id=UUID(bytes=said.message_id),
        decision_id=UUID(bytes=said.decision_id),
        person=UUID(bytes=read.person),
        lane=fact.lane,
        channel=said.channel,
        endpoint=said.endpoint,
        template=said.template,
        catalog_revision=said.catalog_revision,
        topic=said.topic,
        message_class=said.message_class,
        locale=said.locale,
        variables=said.variables_json.decode() or "{}",
        ordered_at=from_us(said.ordered_at_us),
        valid_until=from_us(said.valid_until_us),
        journey=said.journey,
        step=said.step,
        reason_en=said.reason_en,
        reason_de=said.reason_de,
        basis=said.basis,
        traceparent=read.traceparent,
        variant=said.variant,
        measure=said.measure,
    )


def attempt_fact(written: Written, recorded_at: datetime) -> OutgoingFact:
    """The fact that an attempt ended.

    It carries the template's variables, so it stays off the feed, where only opaque ids may be.
    """
    order, attempt = written.claim.order, written.claim.attempt
    fact = Fact(
        id=attempt_fact_id(order.message_id, attempt).bytes,
        workspace=order.workspace,
        person=order.person.bytes,
        recorded_at_us=to_us(recorded_at),
        traceparent=written.traceparent or order.traceparent,
        attempt_finished=_attempt(
            order, row_of(written), repeats=written.conclusion.next_at is not None
        ),
    )
    partition = partition_of(order.person, DELIVERIES.partitions)
    return OutgoingFact(DELIVERIES.name, order.lane, partition, fact.SerializeToString())


def row_of(written: Written) -> AttemptRow:
    """The attempt as it is stored."""
    return AttemptRow(
        attempt=written.claim.attempt,
        outcome=written.conclusion.outcome,
        provider=written.provider,
        provider_message_id=written.result.provider_message_id,
        fault=written.fault,
        detail=written.result.detail,
        called_at=written.called_at,
        at=written.at,
        subject=written.subject,
        content_sha256=written.content_sha256,
    )


def receipt_fact(receipt: Receipt, recorded_at: datetime) -> OutgoingFact:
    """The fact that a receipt was taken; `<workspace>.deliveries.<channel>_<kind>` on the feed."""
    event = receipt.event
    fact_id = receipt_fact_id(receipt.message_id, receipt.provider, event.event_id)
    fact = Fact(
        id=fact_id.bytes,
        workspace=receipt.workspace,
        person=receipt.person.bytes,
        recorded_at_us=to_us(recorded_at),
        traceparent=receipt.traceparent,
        receipt_taken=ReceiptTaken(
            message_id=receipt.message_id.bytes,
            decision_id=receipt.decision_id.bytes,
            kind=KINDS[event.type],
            channel=receipt.channel,
            provider=receipt.provider,
            at_us=to_us(event.at),
            machine=event.machine,
            detail=event.detail,
        ),
    )
    what = f"{receipt.channel}_{event.type}"
    return OutgoingFact(
        DELIVERIES.name,
        receipt.lane,
        partition_of(receipt.person, DELIVERIES.partitions),
        fact.SerializeToString(),
        feed=feed_subject(receipt.workspace, "receipt_taken", what),
        id=str(fact_id),
    )


def permit_question(orders: Sequence[Order], *, keyed: bool) -> bytes:
    """May these calls start now? `keyed`: a repeat of one is no second message."""
    questions = [
        PermitQuestion(
            workspace=order.workspace,
            person=order.person.bytes,
            message_id=order.message_id.bytes,
            keyed=keyed,
        )
        for order in orders
    ]
    return PermitRequest(questions=questions).SerializeToString()


def read_permits(body: bytes) -> list[tuple[bool, str]]:
    """Granted or not, and why not, in the order of the questions."""
    return [(each.granted, each.reason) for each in PermitReply.FromString(body).answers]


def template_question(key: str, revision: int) -> bytes:
    """One template at one revision of the catalog."""
    return CatalogRequest(kind="template", key=key, revision=revision).SerializeToString()


def read_template(body: bytes) -> tuple[int, bytes] | None:
    """Revision in which the template got its text, and the text; None where there is none."""
    documents = CatalogReply.FromString(body).documents
    return (documents[0].revision, documents[0].body_json) if documents else None


def blocks_question(revision: int) -> bytes:
    """All shared blocks at one revision of the catalog."""
    return CatalogRequest(kind="block", revision=revision).SerializeToString()


def read_blocks(body: bytes) -> list[tuple[str, int, bytes]]:
    """Key, revision in which it got its text, and the text."""
    documents = CatalogReply.FromString(body).documents
    return [(each.key, each.revision, each.body_json) for each in documents]


def documents_question(kind: str) -> bytes:
    """All documents of a kind at the head of the catalog."""
    return CatalogRequest(kind=kind).SerializeToString()


def read_documents(body: bytes) -> list[bytes]:
    """The texts of the documents."""
    return [each.body_json for each in CatalogReply.FromString(body).documents]


def read_check(body: bytes) -> list[dict[str, Any]]:
    """The documents to check; raises Malformed. What is no object is passed over."""
    try:
        found = _documents.decode(CheckTemplatesRequest.FromString(body).documents_json)
    except ValueError as error:
        raise Malformed("documents_json must be a JSON array") from error
    return [each for each in found if isinstance(each, dict)]


def check_reply(findings: Sequence[tuple[str, Finding]]) -> bytes:
    """Findings, each with the name of its document."""
    return CheckTemplatesReply(
        findings=[
            TemplateFinding(
                document=document,
                path=each.path,
                flaw=each.flaw.value,
                expected=each.expected,
                got=each.got.encode("utf-8", "replace").decode(),
                refuses=each.refuses,
            )
            for document, each in findings
        ]
    ).SerializeToString()


def read_preview(body: bytes, at: datetime) -> Preview:
    """The text somebody wants to see; raises Malformed."""
    try:
        asked = RenderTemplateRequest.FromString(body)
        variables = asked.variables_json.decode() or "{}"
    except ValueError as error:
        raise Malformed("The question is no RenderTemplateRequest") from error
    return Preview(asked.key, asked.revision, asked.locale, asked.variant, variables, at)


def preview_reply(proof: Proof, count: int) -> bytes:
    """What somebody would read."""
    content = proof.content
    return RenderTemplateReply(
        channel=proof.channel,
        subject=content.subject,
        html=content.html,
        text=content.text,
        sender=content.sender,
        reply_to=content.reply_to,
        url=content.url,
        action=content.action,
        image=content.image,
        segments=count,
    ).SerializeToString()


def refused_preview(why: str) -> bytes:
    """Why nobody would read it."""
    return RenderTemplateReply(refused=why).SerializeToString()


def read_reaction(body: bytes, at: datetime) -> Reaction:
    """What a recipient did; raises Malformed."""
    try:
        asked = ReactRequest.FromString(body)
        return Reaction(
            kind=_KINDS_READ[asked.kind],
            message_id=UUID(bytes=asked.message_id) if asked.message_id else None,
            target=UUID(bytes=asked.target) if asked.target else None,
            code=asked.code,
            user_agent=asked.user_agent,
            at=at,
        )
    except (ValueError, KeyError) as error:
        raise Malformed("The question is no ReactRequest") from error


def read_inbox(body: bytes) -> InboxQuestion:
    """Which items of an inbox; raises Malformed."""
    try:
        asked = InboxRequest.FromString(body)
        persons = [UUID(bytes=each) for each in asked.persons]
    except ValueError as error:
        raise Malformed("The question is no InboxRequest") from error
    limit = min(max(asked.limit, 1), 200)
    return InboxQuestion(persons, asked.placement, asked.before, asked.after, limit)


def inbox_reply(rows: Sequence[InboxRow]) -> bytes:
    """The items."""
    items = [
        InboxItem(
            id=row.item.bytes,
            position=row.position,
            placement=row.placement,
            title=row.title,
            text=row.text,
            url=row.url,
            action=row.action,
            image=row.image,
            at_us=to_us(row.at),
            expires_at_us=to_us(row.expires_at),
            seen_at_us=to_us(row.seen_at) if row.seen_at else 0,
            clicked_at_us=to_us(row.clicked_at) if row.clicked_at else 0,
        )
        for row in rows
    ]
    return InboxReply(items=items).SerializeToString()


def read_inbox_act(body: bytes) -> tuple[list[UUID], UUID, str]:
    """Persons, item and what was done; raises Malformed."""
    try:
        asked = InboxActRequest.FromString(body)
        return [UUID(bytes=each) for each in asked.persons], UUID(bytes=asked.id), asked.act
    except ValueError as error:
        raise Malformed("The question is no InboxActRequest") from error


def inbox_act_reply(*, changed: bool) -> bytes:
    """Whether it was news."""
    return InboxActReply(changed=changed).SerializeToString()


def reaction_reply(url: str) -> bytes:
    """Where the link leads."""
    return ReactReply(url=url).SerializeToString()


def read_webhook(body: bytes) -> tuple[str, bytes, dict[str, str], str]:
    """Provider, raw body, headers and query of a webhook; raises Malformed or NotFound."""
    try:
        request = TakeReceiptsRequest.FromString(body)
    except ValueError as error:
        raise Malformed("The question is no TakeReceiptsRequest") from error
    if not _PROVIDER.fullmatch(request.provider):
        raise NotFound("There is no such provider")
    return request.provider, request.body, dict(request.headers), request.query


def receipts_reply(taken: int, repeated: int, unknown: int) -> bytes:
    """What became of the items of a webhook."""
    reply = TakeReceiptsReply(taken=taken, repeated_items=repeated, unknown_items=unknown)
    return reply.SerializeToString()


def read_keep_secret(body: bytes) -> tuple[str, str]:
    """Reference and value."""
    request = KeepSecretRequest.FromString(body)
    return request.ref, request.value


def keep_secret_reply() -> bytes:
    return KeepSecretReply().SerializeToString()


def secrets_reply(found: Sequence[tuple[str, datetime]]) -> bytes:
    """References and when each was changed."""
    secrets = [Secret(ref=ref, changed_at_us=to_us(at)) for ref, at in found]
    return SecretsReply(secrets=secrets).SerializeToString()


def read_drop_secret(body: bytes) -> str:
    """The reference."""
    return DropSecretRequest.FromString(body).ref


def drop_secret_reply() -> bytes:
    return DropSecretReply().SerializeToString()


def read_message_request(body: bytes) -> UUID:
    """The message asked for; raises Malformed."""
    try:
        return UUID(bytes=MessageRequest.FromString(body).message_id)
    except ValueError as error:
        raise Malformed("message_id must be the 16 bytes of a UUID") from error


def message_reply(row: MessageRow) -> bytes:
    """One message with everything that became of it."""
    order = row.order
    return MessageReply(
        message_id=order.message_id.bytes,
        decision_id=order.decision_id.bytes,
        person=order.person.bytes,
        state=row.state,
        channel=order.channel,
        template=order.template,
        attempts=[_attempt(order, each) for each in row.attempts],
        receipts=[
            ReceiptTaken(
                message_id=order.message_id.bytes,
                decision_id=order.decision_id.bytes,
                kind=KINDS[ReceiptKind(each.kind)],
                channel=order.channel,
                provider=each.provider,
                at_us=to_us(each.at),
                machine=each.machine,
                detail=each.detail,
            )
            for each in row.receipts
        ],
    ).SerializeToString()


def _attempt(order: Order, row: AttemptRow, *, repeats: bool = False) -> AttemptFinished:
    return AttemptFinished(
        message_id=order.message_id.bytes,
        decision_id=order.decision_id.bytes,
        attempt=row.attempt,
        outcome=OUTCOMES[Outcome(row.outcome)],
        channel=order.channel,
        provider=row.provider,
        provider_message_id=row.provider_message_id,
        fault=row.fault,
        detail=row.detail,
        at_us=to_us(row.at),
        called_at_us=to_us(row.called_at) if row.called_at else 0,
        template=order.template,
        catalog_revision=order.catalog_revision,
        subject=row.subject,
        variables_json=order.variables.encode(),
        content_sha256=row.content_sha256,
        topic=order.topic,
        message_class=order.message_class,
        journey=order.journey,
        step=order.step,
        reason_en=order.reason_en,
        reason_de=order.reason_de,
        basis=order.basis,
        locale=order.locale,
        variant=order.variant,
        repeats=repeats,
    )
