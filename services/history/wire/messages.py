"""Facts about a message → what they tell of it."""

from collections.abc import Callable
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from kit.clock import from_us
from services.history.domain.messages import REACTIONS, Message
from services.history.wire.parts import names

_RECEIPTS = names(deliveries.ReceiptKind, "RECEIPT_KIND_")


def read_messages(fact: Fact, body: str) -> list[Message]:
    """The message a fact with this body tells of; most tell of none."""
    read = _READING.get(body)
    return read(fact) if read else []


def _sent(fact: Fact) -> list[Message]:
    """The message an accepted attempt sent; any other attempt sent none."""
    body = fact.attempt_finished
    if body.outcome != deliveries.ATTEMPT_OUTCOME_ACCEPTED or not body.message_id:
        return []
    return [
        Message(
            workspace=fact.workspace,
            message=UUID(bytes=body.message_id),
            person=UUID(bytes=fact.person),
            at=from_us(body.at_us),
            channel=body.channel,
            message_class=body.message_class,
            topic=body.topic,
            template=body.template,
            variant=body.variant,
            journey=body.journey,
            campaign=body.campaign,
            cost_micros=body.cost_micros,
            catalog_revision=body.catalog_revision,
        )
    ]


def _reacted(fact: Fact) -> list[Message]:
    """What a receipt tells of its message."""
    body = fact.receipt_taken
    kind = "machine" if body.machine else _RECEIPTS[body.kind]
    if kind not in REACTIONS or not body.message_id:
        return []
    return [
        Message(
            workspace=fact.workspace,
            message=UUID(bytes=body.message_id),
            person=UUID(bytes=fact.person),
            channel=body.channel,
            reactions={kind: from_us(body.at_us)},
        )
    ]


_READING: dict[str, Callable[[Fact], list[Message]]] = {
    "attempt_finished": _sent,
    "receipt_taken": _reacted,
}
