"""Templates before anybody gets them: what is refused, what is advised, what is shown."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from contracts.gen.kairos.delivery.v1.service_pb2 import (
    CheckTemplatesReply,
    CheckTemplatesRequest,
    RenderTemplateReply,
    RenderTemplateRequest,
)
from contracts.topology import CHECK_TEMPLATES, RENDER_TEMPLATE
from kit.bus.connection import NoResponders
from kit.bus.spec import EndpointSpec
from tests.integration.delivery.conftest import WORKSPACE, Office

FOOT = "<p>FitShop, Musterstraße 1, 10115 Berlin <a href='{{ unsubscribe_url }}'>Abmelden</a></p>"


def mail(html: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": "template",
        "key": "t",
        "channel": "email",
        "topic": "tips",
        "variables": ["profile.first_name"],
        "content": {"de": {"subject": "Ihr Plan", "html": html}},
        **more,
    }


async def ask(office: Office, spec: EndpointSpec, body: bytes) -> bytes:
    """The answer, once delivery is up."""
    async with asyncio.timeout(15):
        while True:
            try:
                return await office.caller.call(spec, WORKSPACE, body)
            except NoResponders:
                await asyncio.sleep(0.02)


async def flaws(office: Office, *documents: Mapping[str, Any]) -> dict[str, str]:
    """Flaw -> where."""
    body = CheckTemplatesRequest(documents_json=json.dumps(documents).encode())
    reply = await ask(office, CHECK_TEMPLATES, body.SerializeToString())
    found = CheckTemplatesReply.FromString(reply).findings
    return {each.flaw: f"{each.document} {each.path}" for each in found}


TEXT = "<p>Ihr Plan für die kommende Woche ist fertig.</p>"


async def test_templates_are_checked_in_every_wording(office: Office) -> None:
    async with office.delivery():
        assert await flaws(office, mail(TEXT + FOOT)) == {}
        assert await flaws(office, {"kind": "event", "key": "x"}) == {}
        assert await flaws(office, mail(TEXT)) == {
            "no_unsubscribe": "template t content.de",
            "no_imprint": "template t content.de",
        }
        variants = {"b": {"de": {"html": TEXT + FOOT + "<a href='/x'>x</a>"}}}
        assert await flaws(office, mail(TEXT + FOOT, variants=variants)) == {
            "bad_link": "template t variants.b.de"
        }


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ({"de": {"subject": "x"}}, "unreadable"),
        ({"de": {"subject": "x", "html": "x", "typo": "x"}}, "unreadable"),
        ({"de": {"subject": "x", "html": "{% if %}"}}, "unrenderable"),
        ({"de": {"subject": "x", "html": "{{ 1 | nosuch }}"}}, "unrenderable"),
        ({"de": {"subject": "x", "mjml": "<mjml><mj-nope>"}}, "unrenderable"),
        ({"de": {"subject": "x", "html": "{% render 'gone' %}"}}, "unrenderable"),
    ],
)
async def test_what_cannot_be_rendered_is_refused(
    office: Office, content: dict[str, Any], flaw: str
) -> None:
    async with office.delivery():
        assert list(await flaws(office, mail("", content=content))) == [flaw]


async def test_class_of_the_topic_and_blocks_of_the_apply_count(office: Office) -> None:
    """A topic that becomes transactional forbids what its templates sell; a block counts too."""
    sells = mail(TEXT + "<p>Sparen Sie 10 % Rabatt!</p>{% render 'foot' %}")
    foot = {"kind": "block", "key": "foot", "content": {"de": {"html": FOOT}}}
    topic = {"kind": "topic", "key": "tips", "class": "transactional"}
    async with office.delivery():
        assert await flaws(office, sells, foot) == {}
        assert list(await flaws(office, sells, foot, topic)) == ["promotion_in_transactional"]


async def test_message_valid_longer_than_its_promise_is_refused(office: Office) -> None:
    journey = {
        "kind": "journey",
        "key": "j",
        "steps": [{"type": "message", "key": "a", "template": "t", "valid_for": "P5D"}],
    }
    async with office.delivery():
        short = mail(TEXT + FOOT, holds_for="P2D")
        assert list(await flaws(office, short, journey)) == ["ends_too_early"]
        assert await flaws(office, mail(TEXT + FOOT, holds_for="P7D"), journey) == {}


async def test_preview_shows_what_a_person_would_read(office: Office) -> None:
    office.decision.templates["plan"] = mail("<p>Hallo {{ profile.first_name }}</p>", key="plan")

    async def show(**asked: Any) -> RenderTemplateReply:
        body = RenderTemplateRequest(**asked).SerializeToString()
        reply = await ask(office, RENDER_TEMPLATE, body)
        return RenderTemplateReply.FromString(reply)

    async with office.delivery():
        shown = await show(key="plan", variables_json=b'{"profile": {"first_name": "Anna"}}')
        assert (shown.subject, shown.text, shown.refused) == ("Ihr Plan", "Hallo Anna", "")
        assert (await show(key="plan")).refused == "'profile' is undefined"
        assert await office.states() == {}
