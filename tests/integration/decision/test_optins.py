"""Double opt-in on a real database: pending, one message, one token, one address, once."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import pytest

from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from kit.clock import to_us
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from tests.integration.decision.conftest import WORKSPACE, Desk, request

SHOP: list[dict[str, Any]] = [
    {"kind": "workspace", "key": "shop", "timezone": "UTC"},
    {"kind": "topic", "key": "tips"},
    {"kind": "topic", "key": "orders", "class": "transactional"},
    {
        "kind": "template", "key": "please-confirm", "channel": "email", "topic": "orders",
        "variables": ["event.confirm_token"],
    },
    {"kind": "template", "key": "hi", "channel": "email", "topic": "tips"},
    {
        "kind": "journey", "key": "confirm", "entry": {"event": "$opt_in_requested"},
        "reentry": "every",
        "steps": [{"key": "m", "type": "message", "template": "please-confirm"}],
    },
    {
        "kind": "journey", "key": "hello", "entry": {"event": "started"}, "reentry": "every",
        "steps": [{"key": "m", "type": "message", "template": "hi"}],
    },
]  # fmt: skip


async def somebody(desk: Desk, email: str = "anna@example.com") -> UUID:
    await desk.apply(SHOP)
    person = new_id(desk.clock)
    await desk.deliver(desk.fact(person, "", {}, {"email": email}))
    return person


async def begin(desk: Desk, person: UUID) -> service_pb2.BeginOptInReply:
    body = service_pb2.BeginOptInRequest(
        person=person.bytes, channel="email", topic="tips", evidence_json=b'{"wording": "yes"}'
    )
    async with desk.db.api(WORKSPACE) as tx:
        answer = await desk.opt_ins.on_begin(tx, request(body.SerializeToString()))
    return service_pb2.BeginOptInReply.FromString(answer)


async def confirm(desk: Desk, token: str) -> str:
    """The person reads their message and presses the button."""
    desk.clock.pass_by(minutes=1)
    body = service_pb2.ConfirmOptInRequest(token=token, evidence_json=b'{"ip": "192.0.2.1"}')
    async with desk.db.api(WORKSPACE) as tx:
        answer = await desk.opt_ins.on_confirm(tx, request(body.SerializeToString()))
    return service_pb2.ConfirmOptInReply.FromString(answer).state


async def tokens(desk: Desk) -> list[str]:
    """The tokens that went out."""
    orders = [fact.message_ordered for fact in await desk.ordered()]
    variables = [msgspec.json.decode(one.variables_json) for one in orders]
    return [one["event"]["confirm_token"] for one in variables if one["event"]]


async def view(desk: Desk, person: UUID, at_us: int = 0) -> dict[str, Any]:
    body = service_pb2.PermissionRequest(person=person.bytes, at_us=at_us).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        answer = await desk.permission.on_permission(tx, request(body))
    found: dict[str, Any] = msgspec.json.decode(
        service_pb2.PermissionReply.FromString(answer).permission_json
    )
    return found


def allowed(permission: dict[str, Any]) -> tuple[bool, str]:
    [verdict] = [one for one in permission["verdicts"] if one["topic"] == "tips"]
    return verdict["allowed"], verdict["basis"] or verdict["reason"]


async def test_consent_is_pending_until_the_token_comes_back(desk: Desk) -> None:
    person = await somebody(desk)
    assert (await begin(desk, person)).state == "pending"
    assert allowed(await view(desk, person)) == (False, "consent_pending")
    [token] = await tokens(desk)

    assert await confirm(desk, token) == "confirmed"
    assert allowed(await view(desk, person)) == (True, "double_opt_in")
    await desk.event(person, "started")
    assert (await desk.ordered())[-1].message_ordered.basis == "double_opt_in"


async def test_record_has_the_hash_and_the_ledger_the_proof(desk: Desk) -> None:
    """BGH I ZR 164/09: each consent is documented by itself, with the act that confirmed it."""
    person = await somebody(desk)
    await begin(desk, person)
    [token] = await tokens(desk)
    await confirm(desk, token)

    async with desk.db.worker(readonly=True) as tx:
        digests = await tx.fetch("SELECT token_sha256 FROM opt_ins")
        evidence = await tx.fetchval(
            "SELECT evidence::text FROM permission_ledger WHERE status = 'granted'"
        )
    assert [row["token_sha256"] for row in digests] == [sha256(token.encode()).digest()]
    found = msgspec.json.decode(evidence)
    assert (found["wording"], found["confirmed_by"]) == ("yes", {"ip": "192.0.2.1"})
    assert {"requested_at", "confirmed_at", "token_sha256"} <= set(found)


async def test_token_works_once_and_does_not_undo_a_later_withdrawal(desk: Desk) -> None:
    person = await somebody(desk)
    await begin(desk, person)
    [token] = await tokens(desk)
    await confirm(desk, token)
    desk.clock.pass_by(hours=1)
    await desk.consent(person, "withdrawn")

    assert await confirm(desk, token) == "confirmed"
    assert allowed(await view(desk, person)) == (False, "consent_withdrawn")


async def test_token_expires(desk: Desk) -> None:
    person = await somebody(desk)
    await begin(desk, person)
    [token] = await tokens(desk)
    desk.clock.pass_by(days=7)

    assert await confirm(desk, token) == "expired"
    assert allowed(await view(desk, person)) == (False, "consent_pending")


async def test_asking_again_sends_no_second_message(desk: Desk) -> None:
    """No reminder; nobody's mailbox can be filled this way."""
    person = await somebody(desk)
    first = await begin(desk, person)
    desk.clock.pass_by(days=1)

    assert await begin(desk, person) == first
    assert len(await tokens(desk)) == 1
    desk.clock.pass_by(days=7)
    await begin(desk, person)
    assert len(await tokens(desk)) == 2


async def test_consent_counts_for_the_address_that_confirmed(desk: Desk) -> None:
    """A new address starts anew, and the old link proves nothing for it."""
    person = await somebody(desk)
    await begin(desk, person)
    [token] = await tokens(desk)
    await desk.deliver(desk.fact(person, "", {}, {"email": "new@example.com"}))
    with pytest.raises(NotFound):
        await confirm(desk, token)

    await begin(desk, person)
    assert await confirm(desk, (await tokens(desk))[-1]) == "confirmed"
    await desk.deliver(desk.fact(person, "", {}, {"email": "newer@example.com"}))
    assert allowed(await view(desk, person)) == (False, "consent_for_other_address")


async def test_confirmed_address_is_not_asked_again(desk: Desk) -> None:
    person = await somebody(desk)
    await begin(desk, person)
    await confirm(desk, (await tokens(desk))[0])

    assert (await begin(desk, person)).state == "confirmed"
    assert len(await tokens(desk)) == 1


async def test_foreign_token_and_missing_journey_are_refused(desk: Desk) -> None:
    person = await somebody(desk)
    with pytest.raises(NotFound):
        await confirm(desk, "fitshop.guessed")
    desk_without = new_id(desk.clock)
    with pytest.raises(Invalid):
        await begin(desk, desk_without)
    assert (await begin(desk, person)).state == "pending"


async def test_permission_of_the_past_is_what_the_ledger_says(desk: Desk) -> None:
    person = await somebody(desk)
    await desk.consent(person, "granted")
    granted_us = to_us(desk.clock.now())
    desk.clock.pass_by(days=3)
    await desk.consent(person, "withdrawn")
    desk.clock.pass_by(days=3)

    assert allowed(await view(desk, person)) == (False, "consent_withdrawn")
    assert allowed(await view(desk, person, granted_us)) == (True, "opt_in")
    assert allowed(await view(desk, person, granted_us - 1)) == (False, "no_consent")


async def test_suppressions_in_force_are_listed_page_by_page(desk: Desk) -> None:
    await desk.apply(SHOP)
    people = [new_id(desk.clock) for _ in range(5)]
    for person in people:
        await suppress(desk, person, "SET")
    desk.clock.pass_by(hours=1)
    await suppress(desk, people[2], "LIFTED")

    seen: list[UUID] = []
    cursor = ""
    while True:
        body = service_pb2.SuppressionsRequest(cursor=cursor, limit=2).SerializeToString()
        async with desk.db.api(WORKSPACE, readonly=True) as tx:
            page = await desk.opt_ins.on_suppressions(tx, request(body))
        found = service_pb2.SuppressionsReply.FromString(page)
        assert {one.reason for one in found.suppressions} <= {"complaint"}
        seen += [UUID(bytes=one.person) for one in found.suppressions]
        cursor = found.next_cursor
        if not cursor:
            break
    assert seen == sorted({*people} - {people[2]})


async def suppress(desk: Desk, person: UUID, status: str) -> None:
    change = consent_pb2.PermissionChanged(
        part=consent_pb2.PERMISSION_PART_SUPPRESSION,
        status=f"PERMISSION_STATUS_{status}",
        channel="email",
        evidence_json=b'{"reason": "complaint"}',
    )
    body = service_pb2.ChangePermissionRequest(person=person.bytes, change=change)
    async with desk.db.api(WORKSPACE) as tx:
        await desk.permission.on_change(tx, request(body.SerializeToString()))
