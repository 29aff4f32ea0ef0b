"""Every event once, about the right person, in a dense sequence, whatever happens at once."""

import asyncio
import json
import random
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from kit.clock import to_us
from kit.errors import Invalid, Malformed, NotFound, TooLarge
from tests.integration.ingest.conftest import Desk, track


async def test_accepted_event_is_recorded_and_told(desk: Desk) -> None:
    """The answer counts it, the record keeps it, the fact carries it."""
    reply = await desk.send(track("m-1", properties={"total": 3}, context={"locale": "de"}))

    assert (reply.accepted, reply.repeated_items, len(reply.refused)) == (1, 0, 0)
    (event,) = await desk.rows("SELECT * FROM events")
    assert (event["message_id"], event["name"], event["properties"]) == (
        "m-1",
        "Seen",
        '{"total":3}',
    )
    (fact,) = await desk.facts("now")
    assert (fact.workspace, fact.person_seq, fact.id) == ("shop", 1, event["id"].bytes)
    assert fact.event_accepted.user_id == "anna"
    assert msgspec.json.decode(fact.event_accepted.context_json) == {"locale": "de"}


async def test_repeated_event_gets_the_same_answer(desk: Desk) -> None:
    """One after the other, in another batch, and beside itself."""
    await desk.send(track("m-1"))
    again = await desk.send(track("m-1"), track("m-2"), track("m-2"))

    assert (again.accepted, again.repeated_items) == (1, 2)
    assert len(await desk.facts()) == 2


async def test_64_identical_requests_at_once_are_one(desk: Desk) -> None:
    """All are answered, one is stored."""
    replies = await asyncio.gather(*(desk.send(track("m-1"), track("m-2")) for _ in range(64)))

    assert sum(reply.accepted for reply in replies) == 2
    assert sum(reply.repeated_items for reply in replies) == 126
    await desk.check_record()


async def test_same_message_id_in_two_workspaces_is_two_events(desk: Desk) -> None:
    """Nothing is shared between workspaces, ids least of all."""
    for workspace in ("shop", "other"):
        reply = await desk.send(track("m-1"), workspace=workspace)
        assert reply.accepted == 1

    with pytest.raises(NotFound):
        await desk.profile("user:bert", workspace="other")
    assert (await desk.profile("user:anna")).id != (await desk.profile("user:anna", "other")).id


async def test_sequences_are_dense_under_concurrency(desk: Desk) -> None:
    """200 requests about five people by many ids, merges among them, repeated at random."""
    draw = random.Random(7)
    people = [("anna", "a"), ("bert", "b"), ("", "a"), ("cleo", "c"), ("", "b"), ("", "c")]
    requests = []
    for number in range(200):
        events = []
        for part in range(draw.randint(1, 5)):
            user, visitor = draw.choice(people)
            message = f"m-{draw.randint(0, number)}-{part}"
            events.append(track(message, user, anonymousId=visitor))
        requests.append(events)
    replies = await asyncio.gather(*(desk.send(*events) for events in requests))

    distinct = {event["messageId"] for events in requests for event in events}
    assert sum(reply.accepted for reply in replies) == len(distinct)
    await desk.check_record()
    for user, visitor in (("anna", "a"), ("bert", "b"), ("cleo", "c")):
        known = await desk.profile(f"user:{user}")
        assert known == await desk.profile(f"anonymous:{visitor}")


async def test_visitor_becomes_known_and_brings_the_past(desk: Desk) -> None:
    """The anonymous profile is a tombstone, every id leads to the known one, the fact says so."""
    await desk.send(track("m-1", "", anonymousId="a"), track("m-2", "", anonymousId="a"))
    visitor = await desk.profile("anonymous:a")
    await desk.send({"type": "identify", "userId": "anna", "messageId": "m-3"})
    await desk.send(track("m-4", "anna", anonymousId="a"))

    anna = await desk.profile("user:anna")
    assert [*anna.user_ids, *anna.anonymous_ids] == ["anna", "a"]
    assert ([*anna.merged], anna.last_seq) == ([visitor.id], 3)
    assert await desk.profile("anonymous:a") == anna
    assert await desk.profile(str(UUID(bytes=visitor.id))) == anna
    (merge,) = [fact for fact in await desk.facts() if fact.HasField("profile_merged")]
    assert (merge.person, merge.person_seq) == (anna.id, 2)
    assert (merge.profile_merged.loser, merge.profile_merged.loser_last_seq) == (visitor.id, 2)
    await desk.check_record()


async def test_chain_of_merges_reads_as_one_person(desk: Desk) -> None:
    """Twenty devices of one customer, whose first anonymous profiles had merged already."""
    for number in range(20):
        await desk.send(track(f"v-{number}", "", anonymousId=f"v{number}"))
    await desk.send(
        *(track(f"k-{number}", "anna", anonymousId=f"v{number}") for number in range(20))
    )

    anna = await desk.profile("user:anna")
    assert len(anna.anonymous_ids) == 20
    assert len(anna.merged) == 19
    for number in range(20):
        assert (await desk.profile(f"anonymous:v{number}")).id == anna.id
    await desk.check_record()


async def test_concurrent_first_calls_make_one_person(desk: Desk) -> None:
    """Fifty devices greet at once; two commits race to create the same customer."""
    calls = (track(f"m-{number}", anonymousId=f"v{number % 7}") for number in range(50))
    await asyncio.gather(*(desk.send(call) for call in calls))

    rows = await desk.rows("SELECT workspace FROM profiles WHERE merged_into IS NULL")
    assert len(rows) == 1
    await desk.check_record()


async def test_traits_merge_by_event_time(desk: Desk) -> None:
    """What was said last about a trait holds, in whatever order it arrives; merging keeps it."""
    await desk.send(identify("m-1", "", 10, {"email": "Anna@Example.com", "city": "Ulm"}, "a"))
    await desk.send(identify("m-2", "anna", 12, {"plan": "pro", "city": "Bonn"}))
    await desk.send(identify("m-3", "anna", 11, {"plan": "free", "city": "Kiel"}, "a"))

    anna = await desk.profile("email:anna@example.com")
    assert anna.user_ids == ["anna"]
    expected = {"email": "Anna@Example.com", "city": "Bonn", "plan": "pro"}
    assert msgspec.json.decode(anna.traits_json) == expected


async def test_merged_profile_no_longer_answers_for_its_address(desk: Desk) -> None:
    """Its traits have gone to the winner, and change there."""
    await desk.send(identify("m-1", "", 10, {"email": "old@example.com"}, "a"))
    await desk.send(track("m-2"), track("m-3", anonymousId="a"))
    assert (await desk.profile("email:old@example.com")).user_ids == ["anna"]

    await desk.send(identify("m-4", "anna", 11, {"email": "new@example.com"}))
    with pytest.raises(NotFound):
        await desk.profile("email:old@example.com")


async def test_newest_profile_answers_for_a_shared_address(desk: Desk) -> None:
    """Couples share addresses; a changed one no longer answers."""
    await desk.send(identify("m-1", "anna", 1, {"email": "us@example.com"}))
    await desk.send(identify("m-2", "bert", 1, {"email": "US@example.com"}))
    assert (await desk.profile("email:us@example.com")).user_ids == ["bert"]

    await desk.send(identify("m-3", "bert", 2, {"email": "bert@example.com"}))
    assert (await desk.profile("email:us@example.com")).user_ids == ["anna"]


async def test_imported_past_is_flagged_and_never_in_the_fast_lane(desk: Desk) -> None:
    """It keeps its own time and travels in bulk."""
    past = track("m-1", timestamp="1997-01-18T00:00:00Z")
    reply = await desk.send(past, call="history")

    assert reply.accepted == 1
    assert await desk.facts("now") == []
    (fact,) = await desk.facts("bulk")
    assert fact.event_accepted.history
    assert fact.event_accepted.occurred_at_us == to_us(datetime(1997, 1, 18, tzinfo=UTC))
    assert (await desk.send(past, call="history")).repeated_items == 1


async def test_refused_item_is_named_and_the_rest_stays(desk: Desk) -> None:
    """NUL, a lone surrogate, a wrong type: none of them is stored, all others are."""
    good, wrong = json.dumps(track("m-1")), json.dumps(track("m-2", "", anonymousId=7))
    nul = json.dumps(track("m-3", properties={"x": "\x00"}))
    half = json.dumps(track("m-4", properties={"x": "HALF"})).replace("HALF", "\\udc00")
    reply = await desk.send_raw(f'{{"batch": [{wrong}, {good}, {nul}, {half}]}}'.encode())

    assert reply.accepted == 1
    assert [(each.index, each.pointer) for each in reply.refused] == [
        (0, "/batch/0/anonymousId"),
        (2, "/batch/2/properties/x"),
        (3, "/batch/3"),
    ]
    assert len(await desk.rows("SELECT workspace FROM events")) == 1


@pytest.mark.parametrize(
    ("call", "body", "error"),
    [
        ("batch", b"{", Malformed),
        ("batch", b'{"batch": 1}', Invalid),
        ("batch", b" " * 600_000, TooLarge),
        ("track", b'{"userId": "anna", "messageId": "m"}', Invalid),
        ("track", b'{"userId": "anna", "event": "\\u0000", "messageId": "m"}', Invalid),
        ("fly", b"{}", NotFound),
    ],
)
async def test_wrong_request_is_refused_as_a_whole(
    desk: Desk, call: str, body: bytes, error: type[Exception]
) -> None:
    """A typed error with the place; nothing stored."""
    with pytest.raises(error):
        await desk.send_raw(body, call)

    assert await desk.rows("SELECT workspace FROM message_ids") == []


async def test_request_without_a_workspace_is_refused(desk: Desk) -> None:
    """Nothing is stored for nobody."""
    for workspace in ("", "Shop", "a b"):
        with pytest.raises(Malformed):
            await desk.send(track("m-1"), workspace=workspace)


async def test_item_postgres_refuses_harms_nobody_else(desk: Desk) -> None:
    """Twenty requests share commits; one item breaks a constraint of the database."""
    await desk.as_admin("ALTER TABLE ingest.events ADD CHECK (name <> 'poison') NOT VALID")
    calls = [desk.send(track(f"m-{number}", f"u{number}")) for number in range(20)]
    spoilt = desk.send(track("p-1"), track("p-2", name="poison"), track("p-3"))
    replies = await asyncio.gather(*calls, spoilt)

    assert sum(reply.accepted for reply in replies) == 22
    (refused,) = replies[-1].refused
    assert (refused.index, refused.status) == (1, 422)
    with pytest.raises(Invalid):
        await desk.send(track("p-4", name="poison"), call="track")
    await desk.check_record()
    await desk.as_admin("ALTER TABLE ingest.events DROP CONSTRAINT events_name_check")
    assert (await desk.send(track("p-2", name="poison"))).accepted == 1


async def test_unknown_reference_is_not_found(desk: Desk) -> None:
    """Also one that is no reference at all."""
    for ref in ("user:nobody", "email:x@example.com", "fax:1", "nonsense", "", "user:"):
        with pytest.raises(NotFound):
            await desk.profile(ref)


def identify(
    message: str, user: str, minute: int, traits: dict[str, str], visitor: str | None = None
) -> dict[str, object]:
    return {
        "type": "identify",
        "messageId": message,
        "userId": user or None,
        "anonymousId": visitor,
        "traits": traits,
        "timestamp": f"2026-05-01T10:{minute:02}:00Z",
    }
