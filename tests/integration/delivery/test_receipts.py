"""Receipts on the real path: signed by the sandbox's own code, taken once, told to everybody."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.deliveries.v1.delivery_pb2 import ReceiptKind
from contracts.gen.kairos.delivery.v1.service_pb2 import TakeReceiptsReply, TakeReceiptsRequest
from contracts.topology import TAKE_RECEIPTS
from kit.errors import Invalid, Unauthenticated
from sandbox.receipts import key_of, signed
from tests.integration.delivery.conftest import WEBHOOK_SECRET, Office


def event(message_id: UUID, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{kind}-{message_id}",
        "type": kind,
        "message_id": f"<{message_id}@kairos.example>",
        "recipient": "anna@example.com",
        "at": "2026-03-02T09:00:00Z",
        **more,
    }


async def post(
    office: Office,
    *events: dict[str, Any],
    age: timedelta = timedelta(),
    body: bytes | None = None,
    secret: str = WEBHOOK_SECRET,
) -> TakeReceiptsReply:
    """What the gateway asks delivery when a webhook comes in."""
    raw = body if body is not None else json.dumps({"events": events}).encode()
    headers = signed(key_of(secret), "wh_1", office.clock.now() - age, raw)
    question = TakeReceiptsRequest(provider="sandbox", body=raw, headers=headers)
    answer = await office.caller.call(TAKE_RECEIPTS, "", question.SerializeToString())
    return TakeReceiptsReply.FromString(answer)


async def test_receipts_are_taken_once_and_told(office: Office) -> None:
    """New ones become facts on the feed; repeated ones and strangers' are counted."""
    async with office.delivery("http"):
        [message_id] = await office.decision.order(lane="bulk")
        await office.settled([message_id])
        events = [
            event(message_id, "delivered"),
            event(message_id, "opened", machine=True, detail="prefetch"),
            event(UUID(int=9), "delivered"),
            event(message_id, "clicked") | {"message_id": "not-ours"},
        ]
        first = await post(office, *events)
        again = await post(office, *events, event(message_id, "complained"))
        told = await office.message(message_id)

    assert (first.taken, first.repeated_items, first.unknown_items) == (2, 0, 2)
    assert (again.taken, again.repeated_items, again.unknown_items) == (1, 2, 2)
    assert {ReceiptKind.Name(each.kind) for each in told.receipts} == {
        "RECEIPT_KIND_DELIVERED",
        "RECEIPT_KIND_OPENED",
        "RECEIPT_KIND_COMPLAINED",
    }
    facts = [f for f in await office.facts() if f.WhichOneof("body") == "receipt_taken"]
    assert [fact.receipt_taken.message_id for fact in facts] == [message_id.bytes] * 3
    assert [fact.receipt_taken.machine for fact in facts] == [False, True, False]
    rows = await office.admin.fetch("SELECT lane, feed FROM delivery.outbox WHERE feed IS NOT NULL")
    assert {row["lane"] for row in rows} <= {"bulk"}


async def test_unsigned_old_or_foreign_webhooks_are_refused(office: Office) -> None:
    """Nothing is stored, whatever they say."""
    async with office.delivery("http"):
        [message_id] = await office.decision.order()
        await office.settled([message_id])
        good = event(message_id, "delivered")
        with pytest.raises(Unauthenticated):
            await post(office, good, secret="whsec_b3RoZXItb3RoZXItb3RoZXI=")
        with pytest.raises(Unauthenticated):
            await post(office, good, age=timedelta(minutes=6))
        with pytest.raises(Unauthenticated):
            await post(office, good, age=timedelta(minutes=-6))
        with pytest.raises(Invalid):
            await post(office, body=b"[]")
        with pytest.raises(Invalid):
            await post(office, {**good, "type": "danced"})
        with pytest.raises(Invalid):
            await post(office, {**good, "detail": "a\x00b"})
        assert await office.admin.fetchval("SELECT count(*) FROM delivery.receipts") == 0


async def test_clock_of_the_webhook_is_the_development_clock(office: Office) -> None:
    """Weeks ahead, receipts signed weeks ahead are recent, those signed today are old."""
    async with office.delivery("http"):
        [message_id] = await office.decision.order()
        await office.settled([message_id])
        office.clock.shift_to(timedelta(weeks=3))
        assert (await post(office, event(message_id, "delivered"))).taken == 1
        with pytest.raises(Unauthenticated):
            await post(office, event(message_id, "opened"), age=timedelta(weeks=3))
