"""Links of messages on the real path: stored before the message goes out, followed, recorded."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.deliveries.v1.delivery_pb2 import ReceiptKind
from contracts.gen.kairos.delivery.v1.service_pb2 import ReactReply, ReactRequest
from contracts.topology import REACT
from kit import tokens
from kit.errors import NotFound
from tests.integration.delivery.conftest import TEMPLATE, WORKSPACE, Office

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HTML = (
    '<html><body><a href="https://shop.example/a?x=1&amp;utm_source=own">Go</a>'
    '<a href="{{ unsubscribe_url }}">Ab</a><a href="{{ preferences_url }}">Mehr</a>'
    '<a href="mailto:a@b.example">Mail</a></body></html>'
)


def use(office: Office, html: str = HTML, **more: Any) -> None:
    content = {"de": {"subject": "Hallo", "html": html}}
    office.decision.templates["welcome"] = {**TEMPLATE, "content": content, **more}


async def react(office: Office, message_id: UUID, kind: str, **more: Any) -> str:
    asked = ReactRequest(
        message_id=message_id.bytes,
        kind=f"RECEIPT_KIND_{kind}",
        **{"user_agent": BROWSER, **more},
    )
    reply = await office.caller.call(REACT, WORKSPACE, asked.SerializeToString())
    return ReactReply.FromString(reply).url


async def sent_html(office: Office, **order: Any) -> tuple[UUID, str]:
    [message_id] = await office.decision.order(**order)
    await office.settled([message_id])
    [entry] = [e for e in await office.sandbox.ledger() if str(message_id) in str(e)]
    return message_id, entry["html"]


async def test_links_lead_over_us_and_are_recorded_once_a_minute(office: Office) -> None:
    """Parameters are added, what the address says itself stays, and our own pages stay direct."""
    use(office, link_parameters={"utm_source": "kairos", "utm_campaign": "welcome"})
    async with office.delivery("http"):
        message_id, html = await sent_html(office)
        [token] = re.findall(r'href="http://kairos\.example/c/([^"]+)"', html)
        assert "http://kairos.example/u/v1." in html
        assert "http://kairos.example/p/v1." in html
        assert "mailto:a@b.example" in html
        assert "/o/" not in html
        target = tokens.verify("click", token, b"link-secret")[-16:]
        into_s = office.clock.now().second
        office.clock.shift_to(office.clock.offset + timedelta(seconds=185 - into_s))
        for _ in range(3):
            url = await react(office, message_id, "CLICKED", target=target)
            assert url == "https://shop.example/a?x=1&utm_source=own&utm_campaign=welcome"
        await react(office, message_id, "CLICKED", target=target, user_agent="curl/8")
        receipts = (await office.message(message_id)).receipts
        assert [(each.kind, each.machine) for each in receipts] == [
            (ReceiptKind.RECEIPT_KIND_CLICKED, False),
            (ReceiptKind.RECEIPT_KIND_CLICKED, True),
        ]


async def test_click_right_after_sending_is_a_machine(office: Office) -> None:
    use(office)
    async with office.delivery("http"):
        message_id, html = await sent_html(office)
        [token] = re.findall(r'/c/([^"]+)"', html)
        target = tokens.verify("click", token, b"link-secret")[-16:]
        await react(office, message_id, "CLICKED", target=target)
        await react(office, message_id, "NOT_RELEVANT")
        await react(office, message_id, "NOT_RELEVANT")
        receipts = (await office.message(message_id)).receipts
        assert [(each.kind, each.machine) for each in receipts] == [
            (ReceiptKind.RECEIPT_KIND_CLICKED, True),
            (ReceiptKind.RECEIPT_KIND_NOT_RELEVANT, False),
        ]


async def test_pixel_comes_only_with_consent_for_measurement(office: Office) -> None:
    use(office)
    async with office.delivery("http"):
        _, html = await sent_html(office, measure=True)
        assert re.search(r'<img src="http://kairos\.example/o/v1\.[^"]+" [^>]*></body>', html)


@pytest.mark.parametrize("target", [UUID(int=1).bytes, b""])
async def test_nothing_leads_where_no_message_led(office: Office, target: bytes) -> None:
    use(office)
    async with office.delivery("http"):
        message_id, _ = await sent_html(office)
        with pytest.raises(NotFound):
            await react(office, UUID(int=5), "CLICKED", target=target)
        if target:
            with pytest.raises(NotFound):
                await react(office, message_id, "CLICKED", target=target)
        with pytest.raises(NotFound):
            await react(office, message_id, "CLICKED", code="0123456789")
