"""The preference centre, redirects and pixel: what acts, and what nobody can forge."""

import json
import random
from uuid import UUID

import msgspec
import pytest

from contracts.gen.kairos.catalog.v1.catalog_pb2 import Document
from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.deliveries.v1.delivery_pb2 import AttemptFinished, ReceiptKind
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery
from contracts.topology import CATALOG, CHANGE_PERMISSION, MESSAGE, PERMISSION, REACT
from kit import tokens
from kit.bus.rpc import Request
from kit.errors import NotFound
from tests.integration.gateway.conftest import LINK_SECRET, Door

PERSON, MESSAGE_ID, TARGET = UUID(int=7), UUID(int=8), UUID(int=9)
GERMAN = {"accept-language": "de-DE,de;q=0.9"}
STATE = {
    "verdicts": [
        {"channel": "email", "topic": "tips", "class": "marketing", "allowed": True},
        {"channel": "email", "topic": "news", "class": "marketing", "allowed": False}
        | {"reason": "no_consent"},
        {"channel": "sms", "topic": "tips", "class": "marketing", "allowed": False}
        | {"reason": "consent_withdrawn"},
        {"channel": "email", "topic": "orders", "class": "transactional", "allowed": True},
    ]
}


def signed(purpose: str, *payload: object) -> str:
    return tokens.sign(purpose, msgspec.msgpack.encode(payload), LINK_SECRET.encode())


def page() -> str:
    who = (PERSON.bytes, MESSAGE_ID.bytes)
    return "/p/" + signed("preferences", "fitshop", *who, "email", "tips")


@pytest.fixture(autouse=True)
def neighbours(door: Door) -> None:
    """Decision knows the person's wishes and two topics, delivery the message."""
    state = decision.PermissionReply(permission_json=json.dumps(STATE).encode())
    door.toys.says(PERMISSION, lambda _: state.SerializeToString())
    topics = [
        Document(kind="topic", key=key, revision=1, body_json=json.dumps({"name": name}).encode())
        for key, name in (("tips", "Tipps & Tricks"), ("news", "<Neues>"), ("orders", "Orders"))
    ]
    catalog = decision.CatalogReply(revision=1, documents=topics).SerializeToString()
    door.toys.says(CATALOG, lambda _: catalog)
    attempt = AttemptFinished(
        subject="Sieben Minuten", reason_en="You began", reason_de="Sie haben begonnen", at_us=1
    )
    message = delivery.MessageReply(
        message_id=MESSAGE_ID.bytes, person=PERSON.bytes, attempts=[attempt]
    )
    door.toys.says(MESSAGE, lambda _: message.SerializeToString())
    reply = delivery.ReactReply(url="https://shop.example/a?b=1").SerializeToString()
    door.toys.says(REACT, lambda _: reply)


def changes(door: Door) -> list[tuple[str, str, str, str]]:
    told = [
        decision.ChangePermissionRequest.FromString(each.body).change
        for each in door.toys.requests(CHANGE_PERMISSION)
    ]
    return [
        (
            consents.PermissionPart.Name(each.part).removeprefix("PERMISSION_PART_"),
            consents.PermissionStatus.Name(each.status).removeprefix("PERMISSION_STATUS_"),
            each.channel,
            each.topic,
        )
        for each in told
    ]


def reactions(door: Door) -> list[delivery.ReactRequest]:
    return [delivery.ReactRequest.FromString(each.body) for each in door.toys.requests(REACT)]


async def test_page_shows_topics_and_the_reason_and_changes_nothing(door: Door) -> None:
    german = await door.http.get(page(), headers=GERMAN)
    assert german.status_code == 200
    assert "Tipps &amp; Tricks (E-Mail)" in german.text
    assert "&lt;Neues&gt; (E-Mail)" in german.text
    assert 'value="email/tips" checked' in german.text
    assert "Orders" not in german.text
    assert "Sie haben begonnen" in german.text
    assert "Sieben Minuten" in german.text
    assert "<script" not in german.text
    assert "set-cookie" not in german.headers
    assert "You began" in (await door.http.get(page())).text
    assert changes(door) == []
    assert reactions(door) == []


async def test_unticking_withdraws_and_ticking_grants_where_the_link_came_by(door: Door) -> None:
    """The number was never proven by a link in an e-mail; nor is a topic that does not exist."""
    form = {"do": "topics", "was": ["email/tips"], "on": ["email/news", "sms/tips", "email/none"]}
    answer = await door.http.post(page(), data=form)
    assert answer.status_code == 303
    assert changes(door) == [
        ("CONSENT", "WITHDRAWN", "email", "tips"),
        ("CONSENT", "GRANTED", "email", "news"),
    ]
    back = await door.http.get(answer.headers["location"], headers=GERMAN)
    assert "Ihre Auswahl ist gespeichert." in back.text


@pytest.mark.parametrize(
    ("do", "change"),
    [
        ("pause", ("PAUSE", "SET", "*", "*")),
        ("resume", ("PAUSE", "LIFTED", "*", "*")),
        ("objection", ("OBJECTION", "SET", "*", "*")),
        ("unobject", ("OBJECTION", "LIFTED", "*", "*")),
    ],
)
async def test_button_acts_at_once(door: Door, do: str, change: tuple[str, str, str, str]) -> None:
    answer = await door.http.post(page(), data={"do": do, "days": "30"})
    assert answer.status_code == 303
    assert changes(door) == [change]


async def test_not_relevant_is_told_to_delivery(door: Door) -> None:
    await door.http.post(page(), data={"do": "not_relevant"})
    [asked] = reactions(door)
    assert asked.kind == ReceiptKind.RECEIPT_KIND_NOT_RELEVANT
    assert asked.message_id == MESSAGE_ID.bytes


async def test_less_is_taken_while_decision_is_away(door: Door) -> None:
    await door.toys.stop("decision", "delivery")
    shown = await door.http.get(page())
    assert shown.status_code == 200
    assert 'value="email/tips" checked' in shown.text
    for form in ({"do": "topics", "was": "email/tips"}, {"do": "objection"}, {"do": "pause"}):
        assert (await door.http.post(page(), data=form)).status_code == 303
    async with door.ctx.db.worker(readonly=True) as tx:
        rows = await tx.fetch("SELECT workspace FROM pending_optouts WHERE workspace <> ''")
    assert len(rows) == 3


@pytest.mark.parametrize("form", [{}, {"do": "everything"}, {"do": "topics", "on": "x" * 900}])
async def test_nonsense_changes_nothing(door: Door, form: dict[str, str]) -> None:
    assert (await door.http.post(page(), data=form)).status_code == 303
    assert changes(door) == []


async def test_link_leads_to_its_stored_target_and_nowhere_else(door: Door) -> None:
    """Not even with an address in the query."""
    token = signed("click", "fitshop", MESSAGE_ID.bytes, TARGET.bytes)
    answer = await door.http.get(
        f"/c/{token}?url=https://evil.example&u=//evil.example", headers={"user-agent": "Firefox"}
    )
    assert answer.status_code == 302
    assert answer.headers["location"] == "https://shop.example/a?b=1"
    [asked] = reactions(door)
    assert (asked.message_id, asked.target) == (MESSAGE_ID.bytes, TARGET.bytes)
    assert asked.user_agent == "Firefox"
    assert door.toys.requests(REACT)[0].workspace == "fitshop"


async def test_short_link_is_looked_up_by_its_code(door: Door) -> None:
    assert (await door.http.get("/s/0123456789")).headers["location"].startswith("https://shop")
    assert reactions(door)[0].code == "0123456789"
    assert (await door.http.get("/s/short")).status_code in (404, 422)

    def unknown(_: Request) -> bytes:
        raise NotFound("This link is not valid")

    door.toys.says(REACT, unknown)
    gone = await door.http.get("/s/0123456789", headers=GERMAN)
    assert gone.status_code == 404
    assert "nicht gültig" in gone.text


async def test_pixel_is_a_picture_even_while_delivery_is_away(door: Door) -> None:
    url = "/o/" + signed("open", "fitshop", MESSAGE_ID.bytes)
    answer = await door.http.get(url)
    assert answer.content[:3] == b"GIF"
    assert reactions(door)[0].kind == ReceiptKind.RECEIPT_KIND_OPENED
    await door.toys.stop("delivery")
    assert (await door.http.get(url)).content[:3] == b"GIF"


async def test_token_of_one_purpose_is_worth_nothing_for_another(door: Door) -> None:
    token = page().removeprefix("/p/")
    for path in (f"/u/{token}", f"/c/{token}", f"/o/{token}"):
        assert (await door.http.get(path)).status_code == 404


def test_ten_thousand_mutated_tokens_are_refused() -> None:
    """One character changed, dropped, doubled or swapped, in any kind of token."""
    chance = random.Random(1)
    good = [
        ("click", signed("click", "fitshop", MESSAGE_ID.bytes, TARGET.bytes)),
        ("open", signed("open", "fitshop", MESSAGE_ID.bytes)),
        ("preferences", page().removeprefix("/p/")),
    ]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=%"
    accepted = tried = 0
    while tried < 10_000:
        purpose, token = chance.choice(good)
        at = chance.randrange(len(token))
        piece = chance.choice(["", chance.choice(letters), token[at] * 2, token[at : at + 2][::-1]])
        mutated = token[:at] + piece + token[at + len(piece or "x") :]
        if mutated == token:
            continue
        tried += 1
        try:
            tokens.verify(purpose, mutated, LINK_SECRET.encode())
            accepted += 1
        except NotFound:
            continue
    assert accepted == 0
