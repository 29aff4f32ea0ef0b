"""Messages asked for, on a real database: decided and committed with the answer."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.gen.kairos.decision.v1 import requests_pb2
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.handlers.requests import RequestDesk
from tests.integration.decision.conftest import WORKSPACE, Desk, request

CATALOG: list[dict[str, Any]] = [
    {"kind": "topic", "key": "account", "class": "transactional"},
    {"kind": "topic", "key": "tips"},
    {
        "kind": "template",
        "key": "reset",
        "channel": "email",
        "topic": "account",
        "variables": ["event.code"],
        "content": {"en": {"subject": "Code", "html": "<p>{{ event.code }}</p>"}},
    },
    {
        "kind": "template",
        "key": "offer",
        "channel": "email",
        "topic": "tips",
        "on_request": True,
        "content": {"en": {"subject": "Offer", "html": "<p>{{ unsubscribe_url }}</p>"}},
    },
    {
        "kind": "journey",
        "key": "offers",
        "entry": {"event": "started"},
        "steps": [{"type": "message", "key": "m", "template": "offer"}],
    },
]


async def send(desk: Desk, person: UUID, **asked: object) -> requests_pb2.SendReply:
    """Asks for a message."""
    given = {"template": "reset", "data_json": b'{"code":"4711"}'} | asked
    body = requests_pb2.SendRequest(person=person.bytes, **given)  # type: ignore[arg-type]
    desk_ = RequestDesk(desk.decider, desk.catalogs, desk.clock)

    async def once() -> bytes:
        async with desk.db.api(WORKSPACE) as tx:
            return await desk_.on_send(tx, request(body.SerializeToString()))

    return requests_pb2.SendReply.FromString(await desk.db.retrying(once))


async def known(desk: Desk) -> UUID:
    """Somebody with an address."""
    await desk.apply(CATALOG)
    person = new_id(desk.clock)
    await desk.identify(person)
    return person


async def test_message_asked_for_is_ordered_when_this_answers(desk: Desk) -> None:
    """With its decision, which replays like any other."""
    person = await known(desk)
    told = await send(desk, person, channel="email", message_class="transactional")
    [order] = await desk.ordered()

    assert told.outcome == "message"
    assert order.message_ordered.message_id == told.message_id
    assert msgspec.json.decode(order.message_ordered.variables_json)["event"] == {"code": "4711"}
    assert (await desk.permit(person, told.message_id)).granted


async def test_same_key_at_once_is_one_message(desk: Desk) -> None:
    """Twenty requests race for the person's lock."""
    person = await known(desk)
    told = await asyncio.gather(*(send(desk, person, key="k1") for _ in range(20)))

    assert sorted(one.outcome for one in told) == ["message"] + ["repeated"] * 19
    assert len(await desk.ordered()) == 1
    await send(desk, person, key="k2")
    assert len(await desk.ordered()) == 2


async def test_message_without_permission_says_why(desk: Desk) -> None:
    """The refusal is a decision, on record."""
    person = await known(desk)
    told = await send(desk, person, template="offer")

    assert (told.outcome, told.reason) == ("silence", "no_consent")
    assert told.decision_id
    assert await desk.ordered() == []


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"template": "none"}, NotFound),
        ({"channel": "sms"}, Invalid),
        ({"message_class": "marketing"}, Invalid),
    ],
    ids=str,
)
async def test_request_that_does_not_fit_its_template_is_refused(
    desk: Desk, asked: dict[str, object], error: type[Exception]
) -> None:
    """Nobody sends marketing as transactional."""
    person = await known(desk)
    with pytest.raises(error):
        await send(desk, person, **asked)


async def test_next_message_is_chosen_once(desk: Desk) -> None:
    """Ten clients ask at the same time; one gets it."""
    person = await known(desk)
    await desk.consent(person, "granted")
    await desk.event(person, "started")
    assert await desk.ordered() == []
    desk_ = RequestDesk(desk.decider, desk.catalogs, desk.clock)
    body = requests_pb2.NextRequest(person=person.bytes, channels=["email"]).SerializeToString()

    async def ask() -> requests_pb2.NextReply:
        async with desk.db.api(WORKSPACE) as tx:
            return requests_pb2.NextReply.FromString(await desk_.on_next(tx, request(body)))

    told = await asyncio.gather(*(ask() for _ in range(10)))
    messages = [msgspec.json.decode(one.message_json) for one in told if one.message_json]

    assert [one["template"] for one in messages] == ["offer"]
    assert len(await desk.ordered()) == 1
