"""Twilio's reports and people's answers on the real path: verified, matched, taken once."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

import pytest

from contracts.gen.kairos.deliveries.v1.delivery_pb2 import ReceiptKind
from contracts.gen.kairos.delivery.v1.service_pb2 import TakeReceiptsReply, TakeReceiptsRequest
from contracts.topology import TAKE_RECEIPTS
from kit.errors import Unauthenticated
from sandbox.twilio import signature
from tests.integration.delivery.conftest import Office
from tests.integration.delivery.test_accounts import SHORT, SMS

TOKEN = "twilio-token"


def env(office: Office) -> dict[str, str]:
    return {
        "KAIROS_DELIVERY_TWILIO_URL": f"http://127.0.0.1:{office.sandbox_port}",
        "KAIROS_DELIVERY_TWILIO_ACCOUNT_SID": "AC1",
        "KAIROS_DELIVERY_TWILIO_AUTH_TOKEN": TOKEN,
        "KAIROS_DELIVERY_TWILIO_SENDER": "+4930901820",
    }


async def post(
    office: Office, form: Mapping[str, str], query: str, token: str = TOKEN
) -> TakeReceiptsReply:
    """What the gateway asks delivery when Twilio calls."""
    url = f"http://kairos.example/v1/webhooks/twilio?{query}"
    question = TakeReceiptsRequest(
        provider="twilio",
        body=urlencode(form).encode(),
        headers={"X-Twilio-Signature": signature(token, url, form)},
        query=query,
    )
    answer = await office.caller.call(TAKE_RECEIPTS, "", question.SerializeToString())
    return TakeReceiptsReply.FromString(answer)


async def sent(office: Office) -> tuple[UUID, str]:
    """An accepted SMS and the query of its callback."""
    office.decision.templates["short"] = SHORT
    [message_id] = await office.decision.order(**SMS)
    assert await office.settled([message_id]) == {message_id: "accepted"}
    return message_id, f"account=twilio&message={message_id}"


async def test_status_reports_are_taken_once_and_only_from_twilio(office: Office) -> None:
    """Progress is nothing; delivered is a receipt, once; another key is refused."""
    async with office.delivery("smtp", **env(office)):
        message_id, query = await sent(office)
        [entry] = await office.sandbox.ledger(channel="sms")
        assert entry["body"] == "Hallo!"
        form = {"MessageSid": "SM1", "To": "+4915112345678"}
        progress = await post(office, form | {"MessageStatus": "sent"}, query)
        first = await post(office, form | {"MessageStatus": "delivered"}, query)
        again = await post(office, form | {"MessageStatus": "delivered"}, query)
        with pytest.raises(Unauthenticated):
            await post(office, form | {"MessageStatus": "failed"}, query, token="x")
        told = await office.message(message_id)
    assert (progress.taken, first.taken, again.taken, again.repeated_items) == (0, 1, 0, 1)
    assert [each.kind for each in told.receipts] == [ReceiptKind.RECEIPT_KIND_DELIVERED]


async def test_stop_is_an_opt_out_of_the_last_message(office: Office) -> None:
    """Found by the number; START and free words are replies, whose words are not kept."""
    async with office.delivery("smtp", **env(office)):
        message_id, _ = await sent(office)
        form = {"From": "+4915112345678", "To": "+4930901820"}
        for sid, words in (("SM7", "Stopp!"), ("SM8", "Anmelden"), ("SM9", "Danke, Anna")):
            reply = await post(office, form | {"MessageSid": sid, "Body": words}, "account=twilio")
            assert reply.taken == 1
        stranger = form | {"From": "+4915100000000", "MessageSid": "SM2", "Body": "STOP"}
        assert (await post(office, stranger, "account=twilio")).unknown_items == 1
        told = await office.message(message_id)
        facts = await office.facts()
    found = sorted((each.kind, each.detail) for each in told.receipts)
    assert found == [
        (ReceiptKind.RECEIPT_KIND_REPLIED, ""),
        (ReceiptKind.RECEIPT_KIND_REPLIED, "start"),
        (ReceiptKind.RECEIPT_KIND_UNSUBSCRIBED, "stop"),
    ]
    assert not any(b"Danke" in fact.SerializeToString() for fact in facts)
