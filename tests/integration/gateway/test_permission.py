"""Permission over REST and by link: what decision hears, and that an opt-out is never refused."""

import asyncio
import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from nats.aio.msg import Msg

from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.gen.kairos.profiles.v1 import profile_pb2
from contracts.topology import (
    CHANGE_PERMISSION,
    DRAIN_OPTOUTS,
    OPTOUTS_KEPT,
    PERMISSION,
    PROFILE,
)
from kit import tokens
from kit.bus.rpc import Endpoint, Endpoints, Request
from kit.clock import from_us
from kit.errors import NotFound, Unavailable
from tests.integration.gateway.conftest import LINK_SECRET, Door

PERSON, MESSAGE = UUID(int=11), UUID(int=12)
SLOW_S = 5.0


@pytest.fixture(autouse=True)
def anna(door: Door) -> None:
    """Ingest knows one person."""

    def profile(request: Request) -> bytes:
        asked = ingest.ProfileRequest.FromString(request.body)
        if asked.ref != "user:u1" or request.workspace != "fitshop":
            raise NotFound("There is no such profile")
        return ingest.ProfileReply(profile=profile_pb2.Profile(id=PERSON.bytes)).SerializeToString()

    door.toys.says(PROFILE, profile)


def changes(door: Door) -> list[consent_pb2.PermissionChanged]:
    """What decision was told."""
    requests = door.toys.requests(CHANGE_PERMISSION)
    return [decision.ChangePermissionRequest.FromString(each.body).change for each in requests]


def refuse(_: Request) -> bytes:
    raise NotFound("Decision does not know this person")


def fail(_: Request) -> bytes:
    raise Unavailable


def link(channel: str = "email", topic: str = "tips") -> str:
    payload = ("fitshop", PERSON.bytes, MESSAGE.bytes, channel, topic)
    return tokens.sign("unsubscribe", msgspec.msgpack.encode(payload), LINK_SECRET.encode())


async def pending(door: Door) -> list[Any]:
    async with door.ctx.db.worker(readonly=True) as tx:
        return await tx.fetch("SELECT workspace, request, refused FROM pending_optouts")


async def until_relayed(door: Door) -> None:
    async with asyncio.timeout(SLOW_S):
        while await pending(door):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("method", "path", "body", "part", "status"),
    [
        ("PUT", "consents/email/tips", {"status": "granted"}, "CONSENT", "GRANTED"),
        ("PUT", "consents/sms/*", {"status": "withdrawn"}, "CONSENT", "WITHDRAWN"),
        ("PUT", "consents/email/tips", {"status": "pending"}, "CONSENT", "PENDING"),
        ("PUT", "objection", {"reason": "letter"}, "OBJECTION", "SET"),
        ("PUT", "objection", None, "OBJECTION", "SET"),
        ("DELETE", "objection", None, "OBJECTION", "LIFTED"),
        ("PUT", "pause", {"until": "2030-01-02T00:00:00+01:00"}, "PAUSE", "SET"),
        ("DELETE", "pause", None, "PAUSE", "LIFTED"),
        ("PUT", "mute", {"reason": "ticket 123"}, "MUTE", "SET"),
        ("DELETE", "mute", None, "MUTE", "LIFTED"),
    ],
)
async def test_change_reaches_decision(
    door: Door, method: str, path: str, body: object, part: str, status: str
) -> None:
    answer = await door.http.request(
        method, f"/v1/profiles/user:u1/{path}", json=body, headers=door.key("secret")
    )

    assert answer.json() == {"changed": True}
    (change,) = changes(door)
    assert consent_pb2.PermissionPart.Name(change.part) == f"PERMISSION_PART_{part}"
    assert consent_pb2.PermissionStatus.Name(change.status) == f"PERMISSION_STATUS_{status}"
    assert json.loads(change.evidence_json)["actor"].startswith("key:")
    request = door.toys.requests(CHANGE_PERMISSION)[0]
    assert request.workspace == "fitshop"
    assert decision.ChangePermissionRequest.FromString(request.body).person == PERSON.bytes


async def test_consent_carries_its_evidence(door: Door) -> None:
    body = {
        "status": "granted",
        "basis": "double_opt_in",
        "purpose": "profiling",
        "evidence": {"wording": "Yes", "actor": "somebody else"},
    }
    await door.http.put(
        "/v1/profiles/user:u1/consents/email/tips", json=body, headers=door.key("secret")
    )

    (change,) = changes(door)
    evidence = json.loads(change.evidence_json)
    assert (change.channel, change.topic) == ("email", "tips")
    assert (change.basis, change.purpose) == ("double_opt_in", "profiling")
    assert evidence["wording"] == "Yes"
    assert evidence["actor"].startswith("key:"), "the caller cannot say who it is"


async def test_pause_ends_when_asked(door: Door) -> None:
    await door.http.put(
        "/v1/profiles/user:u1/pause",
        json={"until": "2030-01-02T00:00:00+01:00"},
        headers=door.key("secret"),
    )

    (change,) = changes(door)
    assert from_us(change.until_us).isoformat() == "2030-01-01T23:00:00+00:00"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("user:u1/consents/email/tips", {"status": "maybe"}, 422),
        ("user:u1/consents/email/tips", {"status": "granted", "typo": 1}, 422),
        ("user:u1/consents/fax/tips", {"status": "granted"}, 422),
        ("user:u1/consents/email/Not a Topic", {"status": "granted"}, 422),
        ("user:u1/pause", {"until": "2030-01-02T00:00:00"}, 422),
        ("user:u1/pause", {}, 422),
        ("user:u2/mute", {}, 404),
    ],
)
async def test_wrong_change_is_refused(door: Door, path: str, body: object, status: int) -> None:
    answer = await door.http.put(f"/v1/profiles/{path}", json=body, headers=door.key("secret"))

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert changes(door) == []


async def test_permission_is_shown(door: Door) -> None:
    door.toys.says(
        PERMISSION,
        lambda _: decision.PermissionReply(
            permission_json=b'{"consents":[],"pause":null}'
        ).SerializeToString(),
    )
    answer = await door.http.get("/v1/profiles/user:u1/permission", headers=door.key("reader"))

    assert answer.json() == {"consents": []}


async def test_looking_at_the_link_changes_nothing(door: Door) -> None:
    answer = await door.http.get(f"/u/{link()}", headers={"accept-language": "de-DE,en;q=0.5"})

    assert answer.status_code == 200
    assert '<html lang="de">' in answer.text
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers
    assert "keine E-Mails zum Thema „tips“" in answer.text
    assert changes(door) == []


@pytest.mark.parametrize(
    ("body", "source"),
    [
        (b"List-Unsubscribe=One-Click", "one-click"),
        (b"", "unsubscribe-page"),
        (b"x" * 100_000, "unsubscribe-page"),
    ],
)
async def test_posting_the_link_withdraws(door: Door, body: bytes, source: str) -> None:
    answer = await door.http.post(
        f"/u/{link()}",
        content=body,
        headers={"content-type": "application/x-www-form-urlencoded", "user-agent": "Mail"},
    )

    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
    (change,) = changes(door)
    assert change.status == consent_pb2.PERMISSION_STATUS_WITHDRAWN
    assert (change.channel, change.topic, change.purpose) == ("email", "tips", "contact")
    assert change.message_id == MESSAGE.bytes
    assert json.loads(change.evidence_json) == {
        "source": source,
        "actor": "recipient",
        "ip": "192.0.2.7",
        "user_agent": "Mail",
    }


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_forged_link_is_a_page_that_says_so(door: Door, method: str) -> None:
    good = link()
    changed = ("a" if good[4] != "a" else "b").join((good[:4], good[5:]))
    answer = await door.http.request(method, f"/u/{changed}")

    assert answer.status_code == 404
    assert "This link is not valid" in answer.text
    assert changes(door) == []


async def test_optout_is_taken_while_decision_is_away(door: Door) -> None:
    """An opt-out is never refused; decision hears of it when it is back."""
    await door.toys.stop("decision")
    answer = await door.http.post(f"/u/{link()}")
    assert answer.status_code == 200
    assert len(await pending(door)) == 1

    await door.toys.start("decision")
    await door.ctx.optouts.drain()
    (change,) = changes(door)
    assert change.status == consent_pb2.PERMISSION_STATUS_WITHDRAWN
    assert await pending(door) == []


async def test_kept_optout_is_relayed_by_itself(door: Door, relaying: None) -> None:
    door.toys.says(CHANGE_PERMISSION, fail)
    await door.http.post(f"/u/{link()}")
    told = len(changes(door))

    door.toys.says(
        CHANGE_PERMISSION, lambda _: decision.ChangePermissionReply().SerializeToString()
    )
    await until_relayed(door)
    assert len(changes(door)) > told


async def test_withdrawal_over_rest_is_taken_while_decision_is_away(door: Door) -> None:
    door.toys.says(CHANGE_PERMISSION, fail)
    for path, body in (
        ("consents/email/tips", {"status": "withdrawn"}),
        ("objection", {}),
    ):
        answer = await door.http.put(
            f"/v1/profiles/user:u1/{path}", json=body, headers=door.key("secret")
        )
        assert answer.json() == {"changed": True}
    assert len(await pending(door)) == 2


async def test_grant_waits_until_earlier_withdrawals_have_arrived(door: Door) -> None:
    """Otherwise the older wish would undo the newer one."""
    door.toys.says(CHANGE_PERMISSION, fail)
    await door.http.post(f"/u/{link()}")
    grant = {"status": "granted"}
    url = "/v1/profiles/user:u1/consents/email/tips"
    answer = await door.http.put(url, json=grant, headers=door.key("secret"))
    assert answer.status_code == 503

    door.toys.asked.clear()
    door.toys.says(
        CHANGE_PERMISSION, lambda _: decision.ChangePermissionReply().SerializeToString()
    )
    answer = await door.http.put(url, json=grant, headers=door.key("secret"))
    assert answer.status_code == 200
    assert [each.status for each in changes(door)] == [
        consent_pb2.PERMISSION_STATUS_WITHDRAWN,
        consent_pb2.PERMISSION_STATUS_GRANTED,
    ]


async def test_optout_that_decision_refuses_is_kept_for_a_person(door: Door) -> None:
    door.toys.says(CHANGE_PERMISSION, refuse)
    answer = await door.http.post(f"/u/{link()}")
    assert answer.status_code == 200

    await door.ctx.optouts.drain()
    (row,) = await pending(door)
    assert row["refused"] == "Decision does not know this person"


async def test_decision_is_told_before_the_person_is_answered(door: Door) -> None:
    """It may be there without having answered in time: then it must not grant permits."""
    told: list[bytes] = []

    async def on_kept(message: Msg) -> None:
        told.append(message.data)

    await door.toys.bus.subscribe(OPTOUTS_KEPT, on_kept)
    await door.toys.bus.settle()
    door.toys.says(CHANGE_PERMISSION, fail)
    await door.http.post(f"/u/{link()}")
    await door.toys.bus.round_trip()

    assert len(told) == 1


async def test_drain_answers_when_nothing_is_kept_any_more(door: Door) -> None:
    """And fails as long as decision does not take it."""
    drain = Endpoint(DRAIN_OPTOUTS, door.ctx.optouts.on_drain)
    endpoints = Endpoints("gateway", door.ctx.bus, door.ctx.db, [drain])
    await endpoints.start()
    door.toys.says(CHANGE_PERMISSION, fail)
    await door.http.post(f"/u/{link()}")
    with pytest.raises(Unavailable):
        await door.ctx.caller.call(DRAIN_OPTOUTS, "", b"")

    door.toys.says(
        CHANGE_PERMISSION, lambda _: decision.ChangePermissionReply().SerializeToString()
    )
    assert await door.ctx.caller.call(DRAIN_OPTOUTS, "", b"") == b""
    assert await pending(door) == []
    await endpoints.stop()
