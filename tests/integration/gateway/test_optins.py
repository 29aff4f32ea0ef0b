"""Double opt-in and suppressions over REST, and the page that confirms."""

from uuid import UUID

import pytest

from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.gen.kairos.profiles.v1 import profile_pb2
from contracts.topology import (
    BEGIN_OPT_IN,
    CHANGE_PERMISSION,
    CONFIRM_OPT_IN,
    OPT_IN,
    PERMISSION,
    PROFILE,
    SUPPRESSIONS,
)
from kit.bus.rpc import Request
from kit.errors import NotFound
from tests.integration.gateway.conftest import Door

PERSON = UUID(int=11)
TOKEN = "fitshop.c2VjcmV0"


@pytest.fixture(autouse=True)
def anna(door: Door) -> None:
    profile = ingest.ProfileReply(profile=profile_pb2.Profile(id=PERSON.bytes))
    door.toys.says(PROFILE, lambda _: profile.SerializeToString())


def unknown(_: Request) -> bytes:
    raise NotFound("This link is not valid")


async def test_opt_in_is_asked_of_decision_with_evidence_and_actor(door: Door) -> None:
    begun = decision.BeginOptInReply(state="pending", expires_at_us=1_800_000_000_000_000)
    door.toys.says(BEGIN_OPT_IN, lambda _: begun.SerializeToString())
    answer = await door.http.post(
        "/v1/profiles/user:u1/opt-ins",
        json={"channel": "email", "topic": "tips", "evidence": {"wording": "yes"}},
        headers=door.key("secret"),
    )

    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    asked = decision.BeginOptInRequest.FromString(door.toys.requests(BEGIN_OPT_IN)[0].body)
    assert (asked.person, asked.channel, asked.topic) == (PERSON.bytes, "email", "tips")
    assert b'"wording":"yes"' in asked.evidence_json
    assert b'"actor":"key:' in asked.evidence_json


async def test_looking_at_the_page_confirms_nothing(door: Door) -> None:
    """Scanners open links (listmonk#1078)."""
    pending = decision.OptInReply(state="pending", channel="email", topic="tips")
    door.toys.says(OPT_IN, lambda _: pending.SerializeToString())
    answer = await door.http.get(f"/k/{TOKEN}", headers={"accept-language": "de"})

    assert answer.status_code == 200
    assert "E-Mails zum Thema „tips“" in answer.text
    assert door.toys.requests(CONFIRM_OPT_IN) == []
    assert door.toys.requests(OPT_IN)[0].workspace == "fitshop"


async def test_posting_the_page_confirms_with_what_proves_it(door: Door) -> None:
    done = decision.ConfirmOptInReply(state="confirmed", channel="email", topic="tips")
    door.toys.says(CONFIRM_OPT_IN, lambda _: done.SerializeToString())
    answer = await door.http.post(f"/k/{TOKEN}", headers={"user-agent": "Mail"})

    assert (answer.status_code, "Thank you" in answer.text) == (200, True)
    asked = decision.ConfirmOptInRequest.FromString(door.toys.requests(CONFIRM_OPT_IN)[0].body)
    assert asked.token == TOKEN
    assert b'"ip":"192.0.2.7"' in asked.evidence_json


@pytest.mark.parametrize("token", ["nonsense", ".x", "FITSHOP.x", "fitshop.", "a" * 200 + ".x"])
async def test_token_that_names_no_workspace_asks_nobody(door: Door, token: str) -> None:
    for method in ("GET", "POST"):
        assert (await door.http.request(method, f"/k/{token}")).status_code == 404
    assert door.toys.requests(OPT_IN) == door.toys.requests(CONFIRM_OPT_IN) == []


async def test_foreign_or_late_token_is_a_page_that_says_so(door: Door) -> None:
    door.toys.says(CONFIRM_OPT_IN, unknown)
    assert (await door.http.post(f"/k/{TOKEN}")).status_code == 404
    late = decision.ConfirmOptInReply(state="expired").SerializeToString()
    door.toys.says(CONFIRM_OPT_IN, lambda _: late)
    assert (await door.http.post(f"/k/{TOKEN}")).status_code == 410


async def test_suppressions_are_listed_and_lifted_with_a_reason(door: Door) -> None:
    page = decision.SuppressionsReply(
        suppressions=[
            decision.Suppression(person=PERSON.bytes, channel="email", reason="complaint", at_us=1)
        ]
    )
    door.toys.says(SUPPRESSIONS, lambda _: page.SerializeToString())
    listed = await door.http.get("/v1/suppressions", headers=door.key("reader"))
    assert [one["reason"] for one in listed.json()["items"]] == ["complaint"]

    bare = await door.http.delete(
        "/v1/suppressions", params={"profile": "user:u1"}, headers=door.key("secret")
    )
    assert bare.status_code == 422
    asked = {"profile": "user:u1", "channel": "email", "reason": "asked by phone"}
    lifted = await door.http.delete("/v1/suppressions", params=asked, headers=door.key("secret"))
    assert lifted.json() == {"changed": True}
    assert len(door.toys.requests(CHANGE_PERMISSION)) == 1


async def test_permission_of_a_moment_is_asked_of_decision(door: Door) -> None:
    door.toys.says(
        PERMISSION,
        lambda _: decision.PermissionReply(permission_json=b"{}").SerializeToString(),
    )
    await door.http.get(
        "/v1/profiles/user:u1/permission",
        params={"at": "2026-03-01T00:00:00Z"},
        headers=door.key("reader"),
    )

    asked = decision.PermissionRequest.FromString(door.toys.requests(PERMISSION)[0].body)
    assert asked.at_us == 1_772_323_200_000_000
