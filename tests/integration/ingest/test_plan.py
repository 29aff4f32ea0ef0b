"""The tracking plan: what breaks it waits, what is not listed is taken, warned of or refused."""

from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.ingest.v1 import service_pb2
from kit.bus.rpc import Request
from kit.errors import Invalid
from services.ingest.handlers.plans import Plans
from tests.integration.ingest.conftest import WORKSPACE, CatalogCaller, Desk, track

SCHEMA = {
    "type": "object",
    "required": ["total"],
    "properties": {"total": {"type": "number", "minimum": 0}},
}


def listed(key: str = "Seen", **members: Any) -> dict[str, Any]:
    """A document of the plan."""
    return {"kind": "event", "key": key, **members}


def workspace(**members: Any) -> dict[str, Any]:
    return {"kind": "workspace", "key": WORKSPACE, **members}


async def plan(desk: Desk, *documents: dict[str, Any]) -> None:
    """Applies a plan, and waits until it is in force here."""
    desk.catalog.apply(*documents)
    await desk.plans.refreshed(WORKSPACE)


async def waiting(desk: Desk, **asked: Any) -> Any:
    """A page of the quarantine."""
    body = service_pb2.QuarantineRequest(**asked).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        answer = await desk.quarantine.on_quarantine(tx, Request(WORKSPACE, body, {}))
    return service_pb2.QuarantineReply.FromString(answer)


async def replay(desk: Desk, **wanted: Any) -> tuple[int, int]:
    """How many were taken in, and how many wait on."""
    body = service_pb2.ReplayQuarantineRequest(**wanted).SerializeToString()
    answer = await desk.quarantine.on_replay(Request(WORKSPACE, body, {}))
    told = service_pb2.ReplayQuarantineReply.FromString(answer)
    return told.replayed, told.waiting


async def test_event_that_breaks_the_plan_waits_and_the_rest_is_taken(desk: Desk) -> None:
    """Its sender is told success; it is counted apart, shown with the place, and told to nobody."""
    await plan(desk, listed(schema=SCHEMA))
    reply = await desk.send(
        track("m-1", properties={"total": 3}), track("m-2", properties={"total": "3"}), track("m-3")
    )

    assert (reply.accepted, reply.quarantined, len(reply.refused)) == (1, 2, 0)
    assert len(await desk.facts()) == 1
    found = (await waiting(desk)).events
    assert [(each.message_id, each.pointer) for each in found] == [
        ("m-2", "/properties/total"),
        ("m-3", "/properties"),
    ]
    assert "total" in found[1].reason
    assert (await desk.send(track("m-2"))).repeated_items == 1
    assert len((await waiting(desk)).events) == 2
    await desk.check_record()


async def test_mended_plan_lets_events_in_once(desk: Desk) -> None:
    """With their own times, about the right people, in the sequence; again changes nothing."""
    await plan(desk, listed(schema=SCHEMA))
    await desk.send(track("m-1"), track("m-2", properties={"total": -1}), track("m-3", "bert"))
    assert await replay(desk) == (0, 3)

    await plan(desk, listed(schema={"properties": {"total": {"minimum": 0}}}, low_signal=True))
    assert await replay(desk) == (2, 1)
    assert await replay(desk) == (0, 1)
    assert [each.message_id for each in (await waiting(desk)).events] == ["m-2"]
    facts = [fact.event_accepted for fact in await desk.facts()]
    assert [(fact.message_id, fact.user_id) for fact in facts] == [("m-1", "anna"), ("m-3", "bert")]
    assert all(fact.low_signal for fact in facts)
    assert (await desk.send(track("m-1"))).repeated_items == 1
    await desk.check_record()


async def test_replay_takes_what_is_named_only(desk: Desk) -> None:
    await plan(desk, listed(schema=SCHEMA), listed("Bought", schema=SCHEMA))
    await desk.send(track("m-1"), track("m-2"), track("m-3", name="Bought"))
    await plan(desk)
    first = (await waiting(desk, limit=1)).events[0]

    assert [each.name for each in (await waiting(desk, event="Bought")).events] == ["Bought"]
    assert await replay(desk, ids=[first.id]) == (1, 0)
    assert await replay(desk, event="Bought") == (1, 0)
    assert [each.message_id for each in (await waiting(desk)).events] == ["m-2"]


async def test_quarantine_is_shown_page_by_page(desk: Desk) -> None:
    await plan(desk, listed(schema=SCHEMA))
    await desk.send(*(track(f"m-{number}") for number in range(5)))
    first = await waiting(desk, limit=3)
    rest = await waiting(desk, limit=3, after=first.events[-1].id)

    assert (len(first.events), first.more, len(rest.events), rest.more) == (3, True, 2, False)
    assert len({UUID(bytes=each.id) for each in [*first.events, *rest.events]}) == 5


@pytest.mark.parametrize("unknown", ["allow", "warn"])
async def test_unlisted_event_is_taken(desk: Desk, unknown: str) -> None:
    """With a mark where the workspace wants to be warned."""
    await plan(desk, workspace(unknown_events=unknown), listed())
    reply = await desk.send(track("m-1", name="Other"))

    assert reply.accepted == 1
    (fact,) = await desk.facts()
    assert fact.event_accepted.unplanned is (unknown == "warn")


async def test_unlisted_event_is_refused_where_the_workspace_says_so(desk: Desk) -> None:
    """Named in a batch; a single call gets the error; what is listed, and other calls, go on."""
    await plan(desk, workspace(unknown_events="refuse"), listed())
    reply = await desk.send(track("m-1"), track("m-2", name="Other"))

    assert reply.accepted == 1
    assert [(each.index, each.pointer) for each in reply.refused] == [(1, "/batch/1/event")]
    with pytest.raises(Invalid):
        await desk.send(track("m-3", name="Other"), call="track")
    page = {"type": "page", "userId": "anna", "messageId": "m-4", "name": "Home"}
    assert (await desk.send(page)).accepted == 1


async def test_low_signal_event_says_so(desk: Desk) -> None:
    """Counted and shown downstream, never a trigger."""
    await plan(desk, listed(low_signal=True))
    await desk.send(track("m-1"), track("m-2", name="Other"))

    assert [fact.event_accepted.low_signal for fact in await desk.facts()] == [True, False]


@pytest.mark.parametrize(
    "schema", [{"type": "nonsense"}, {"$ref": "https://example.com/schema.json"}]
)
async def test_schema_that_is_none_quarantines_instead_of_losing(
    desk: Desk, schema: dict[str, Any]
) -> None:
    """Nothing is fetched from anywhere."""
    await plan(desk, listed(schema=schema))

    assert (await desk.send(track("m-1"))).quarantined == 1


async def test_plan_stays_in_force_while_decision_is_away(desk: Desk) -> None:
    """In this process, and in one started meanwhile; a workspace never seen has no plan."""
    await plan(desk, listed(schema=SCHEMA))
    desk.catalog.is_away = True
    assert (await desk.send(track("m-1"))).quarantined == 1

    caller = CatalogCaller(desk.catalog)
    fresh = Plans(desk.db, desk.store, caller, desk.clock, lambda _: lambda _: None)
    assert (await fresh.rules(WORKSPACE)).events["Seen"].check is not None
    assert (await fresh.rules("other")).events == {}


async def test_plan_is_asked_for_once_a_while(desk: Desk) -> None:
    """Not once an event."""
    await plan(desk, listed())
    before = desk.catalog.asked
    for number in range(20):
        await desk.send(track(f"m-{number}"))

    assert desk.catalog.asked <= before + 1


async def test_workspace_says_which_country_its_numbers_are_of(desk: Desk) -> None:
    """And that an address is as good as an id."""
    await plan(desk, workspace(phone_region="DE", identify_by=["email"]))
    told = {"type": "identify", "messageId": "m-1", "userId": "anna"}
    await desk.send(told | {"traits": {"phone": "0170 1234567", "email": "Anna@example.com"}})
    assert (await desk.profile("phone:0170/1234567")).user_ids == ["anna"]

    await desk.send(
        {"type": "identify", "messageId": "m-2", "anonymousId": "v"}
        | {"traits": {"email": "anna@EXAMPLE.com"}}
    )
    assert (await desk.profile("anonymous:v")).user_ids == ["anna"]
