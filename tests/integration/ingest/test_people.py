"""Who there is: found by address and number, listed, made one when somebody asks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.ingest.v1 import service_pb2
from kit.bus.rpc import Request
from kit.errors import Invalid, NotFound
from tests.integration.ingest.conftest import WORKSPACE, Desk, track

START = datetime(2026, 5, 4, tzinfo=UTC)


def identify(message: str, user: str, minute: int = 0, **traits: Any) -> dict[str, Any]:
    return {
        "type": "identify",
        "messageId": message,
        "userId": user,
        "traits": traits,
        "timestamp": f"2026-05-04T10:{minute:02}:00Z",
    }


async def merge(desk: Desk, ref: str, other: str, workspace: str = WORKSPACE) -> Any:
    """Asks for a merge."""
    asked = service_pb2.MergeRequest(ref=ref, other=other, reason="ticket 1").SerializeToString()
    return service_pb2.MergeReply.FromString(
        await desk.directory.on_merge(Request(workspace, asked, {}))
    )


async def listed(desk: Desk, workspace: str = WORKSPACE, **asked: Any) -> Any:
    """A page of people."""
    body = service_pb2.ProfilesRequest(**asked).SerializeToString()
    async with desk.db.api(workspace, readonly=True) as tx:
        answer = await desk.directory.on_profiles(tx, Request(workspace, body, {}))
    return service_pb2.ProfilesReply.FromString(answer)


async def test_two_known_people_become_one_when_asked(desk: Desk) -> None:
    """All ids, traits and numbers unite; the past of the other is told once; again: nothing."""
    await desk.send(identify("m-1", "anna", 1, city="Ulm", plan="pro"), track("m-2"))
    await desk.send(identify("m-3", "bert", 2, city="Bonn"), track("m-4", "bert"))
    anna, bert = await desk.profile("user:anna"), await desk.profile("user:bert")
    first = await merge(desk, "user:anna", "user:bert")
    again = await merge(desk, "user:anna", "user:bert")

    assert (first.changed, again.changed) == (True, False)
    assert first.profile.id == anna.id
    assert [*first.profile.user_ids] == ["anna", "bert"]
    assert [*first.profile.merged] == [bert.id]
    assert first.profile.traits_json == b'{"city":"Bonn","plan":"pro"}'
    (told,) = [fact for fact in await desk.facts() if fact.HasField("profile_merged")]
    assert (told.person, told.person_seq) == (anna.id, 3)
    assert (told.profile_merged.loser, told.profile_merged.reason) == (bert.id, "ticket 1")
    await desk.send(track("m-5", "bert"))
    assert (await desk.profile("user:bert")).last_seq == 4
    await desk.check_record()


async def test_chain_of_asked_merges_reads_as_one_person(desk: Desk) -> None:
    """Twenty customers turn out to be one: each tombstone leads to the last winner at once."""
    for number in range(20):
        await desk.send(track(f"m-{number}", f"u{number}"))
    ids = [(await desk.profile(f"user:u{number}")).id for number in range(20)]
    for number in range(19):
        assert (await merge(desk, f"user:u{number + 1}", f"user:u{number}")).changed

    last = await desk.profile("user:u19")
    assert len(last.user_ids) == 20
    assert {*last.merged} == {*ids[:19]}
    for each in ids:
        assert (await desk.profile(str(UUID(bytes=each)))).id == last.id
    await desk.check_record()


async def test_merge_stays_within_its_workspace(desk: Desk) -> None:
    await desk.send(track("m-1"), track("m-2", "bert"))
    await desk.send(track("m-1"), workspace="other")

    with pytest.raises(NotFound):
        await merge(desk, "user:anna", "user:bert", workspace="other")
    with pytest.raises(NotFound):
        await merge(desk, "user:anna", "user:cleo")


async def test_person_is_found_by_any_address(desk: Desk) -> None:
    """The number however it is written, the address in any case, the id of the other system."""
    external = {"context": {"externalIds": [{"id": "c:1", "type": "crm"}]}}
    await desk.send(identify("m-1", "anna", phone="+49 170 1234567") | external)
    anna = await desk.profile("user:anna")

    for ref in ("phone:+491701234567", "phone:+49 (170) 123-4567", "external:crm:c:1"):
        assert await desk.profile(ref) == anna
    assert [(each.kind, each.value) for each in anna.external_ids] == [("external:crm", "c:1")]
    for ref in ("phone:+491701234568", "external:till:c:1", "external:crm", "phone:"):
        with pytest.raises(NotFound):
            await desk.profile(ref)


async def test_people_are_listed_page_by_page(desk: Desk) -> None:
    """Newest first, each once, no tombstones, only the own workspace's."""
    for number in range(7):
        desk.clock.set(START + timedelta(seconds=number))
        await desk.send(track(f"m-{number}", f"u{number}"))
    await desk.send(track("v-1", "", anonymousId="v"), track("v-2", "u3", anonymousId="v"))
    await desk.send(track("m-1"), workspace="other")
    pages = [await listed(desk, limit=3)]
    while pages[-1].more:
        pages.append(await listed(desk, limit=3, before=pages[-1].profiles[-1].id))

    users = [user for page in pages for each in page.profiles for user in each.user_ids]
    assert users == [f"u{number}" for number in reversed(range(7))]
    assert [len(page.profiles) for page in pages] == [3, 3, 1]


async def test_people_are_searched_by_address(desk: Desk) -> None:
    """Couples share addresses: both are shown."""
    await desk.send(
        identify("m-1", "anna", email="us@example.com", phone="+491701234567"),
        identify("m-2", "bert", email="US@example.com"),
        identify("m-3", "cleo", email="cleo@example.com"),
    )

    async def found(**asked: str) -> list[str]:
        page = await listed(desk, **asked)
        return [user for each in page.profiles for user in each.user_ids]

    assert sorted(await found(email="Us@Example.com ")) == ["anna", "bert"]
    assert await found(email="us@example.com", phone="+49 1701234567") == ["anna"]
    assert await found(phone="+4930123456") == []
    with pytest.raises(Invalid):
        await found(email=" ")


async def test_late_identify_tells_what_it_does_not_change(desk: Desk) -> None:
    """An offline phone reports last week's address: the newer one stays, here and downstream."""
    await desk.send(identify("m-1", "anna", 5, email="new@example.com"))
    await desk.send(identify("m-2", "anna", 1, email="old@example.com", city="Ulm"))

    assert (await desk.profile("email:new@example.com")).user_ids == ["anna"]
    newer, late = (fact.event_accepted for fact in await desk.facts())
    assert [(each.channel, each.address) for each in newer.endpoints] == [
        ("email", "new@example.com")
    ]
    assert ([*late.superseded], [*late.endpoints]) == (["email"], [])


async def test_unreadable_address_changes_nothing_downstream(desk: Desk) -> None:
    """It is kept as a trait and told as unreadable."""
    await desk.send(identify("m-1", "anna", email="anna at home", phone="0170"))

    (fact,) = await desk.facts()
    assert [(each.channel, each.unreadable) for each in fact.event_accepted.endpoints] == [
        ("email", True),
        ("sms", True),
    ]
