"""Segments through the service: the table of members and the facts follow the state."""

import json
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.profiles.v1 import profile_pb2
from kit.bus.spec import IncomingFact
from kit.clock import to_us
from kit.errors import Invalid, NotFound, Unavailable
from kit.ids import new_id
from services.decision.handlers import previews
from tests.integration.decision.conftest import WORKSPACE, Desk, request

CATALOG: list[dict[str, Any]] = [
    {"kind": "segment", "key": "buyers", "rule": {"event": "ordered"}},
    {"kind": "segment", "key": "active", "rule": {"event": "used", "within": "P30D"}},
]


async def members(desk: Desk) -> list[tuple[str, Any]]:
    async with desk.db.worker(readonly=True) as tx:
        rows = await tx.fetch("SELECT segment, person FROM segment_members ORDER BY 1, 2")
    return [(row["segment"], row["person"]) for row in rows]


async def told(desk: Desk) -> list[tuple[str, str, int]]:
    """Segment, move and second of every fact."""
    facts = [each for each in await desk.outgoing() if each.WhichOneof("body") == "segment_moved"]
    return [
        (each.segment_moved.segment, each.segment_moved.move, each.segment_moved.at_us // 1_000_000)
        for each in facts
    ]


async def test_event_writes_member_and_fact_in_one_commit(desk: Desk) -> None:
    await desk.apply(CATALOG)
    anna = new_id(desk.clock)

    await desk.event(anna, "ordered")

    assert await members(desk) == [("buyers", anna)]
    assert [(segment, move) for segment, move, _ in await told(desk)] == [("buyers", "entered")]


async def test_passing_time_takes_a_member_out_by_a_wake_up(desk: Desk) -> None:
    await desk.apply(CATALOG)
    anna = new_id(desk.clock)
    await desk.event(anna, "used")
    left_at = to_us(desk.clock.now()) // 1_000_000 + 30 * 86_400

    desk.clock.pass_by(days=30, seconds=-1)
    early = await desk.wakeups.step_due()
    desk.clock.pass_by(seconds=1)
    due = await desk.wakeups.step_due()

    assert (early, due) == (False, True)
    assert await members(desk) == []
    assert (await told(desk))[-1] == ("active", "left", left_at)


async def test_merged_profile_is_a_member_no_more_but_its_survivor_is(desk: Desk) -> None:
    await desk.apply(CATALOG)
    anna, visitor = new_id(desk.clock), new_id(desk.clock)
    await desk.event(anna, "signed_in")
    await desk.event(visitor, "ordered")
    merged = Fact(
        id=new_id(desk.clock).bytes,
        workspace=WORKSPACE,
        person=anna.bytes,
        person_seq=2,
        profile_merged=profile_pb2.ProfileMerged(
            loser=visitor.bytes, loser_last_seq=1, merged_at_us=to_us(desk.clock.now())
        ),
    ).SerializeToString()

    await desk.deliver(merged)
    await desk.deliver(merged)

    assert await members(desk) == [("buyers", anna)]


async def settle(desk: Desk) -> None:
    while await desk.settler.settle_some():
        pass


async def shown(desk: Desk, key: str) -> dict[str, Any]:
    body = service_pb2.SegmentRequest(key=key).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        answer = await desk.segments.on_segment(tx, request(body))
    told: dict[str, Any] = json.loads(service_pb2.SegmentReply.FromString(answer).segment_json)
    return told


async def test_new_segment_counts_existing_people_and_shows_progress(desk: Desk) -> None:
    """Who is there already is counted in silently; nothing is written for the others twice."""
    await desk.apply([{"kind": "event", "key": "viewed"}])
    buyers = [new_id(desk.clock) for _ in range(3)]
    for person in [*buyers, new_id(desk.clock)]:
        await desk.event(person, "ordered" if person in buyers else "viewed")

    await desk.apply(CATALOG)
    before = await shown(desk, "buyers")
    await settle(desk)
    facts = await desk.outgoing()
    await settle(desk)

    assert before == {"members": 0, "state": "counting", "counting": {"done": 0}}
    assert await shown(desk, "buyers") == {"members": 3, "state": "active"}
    moved = [each.segment_moved for each in facts if each.WhichOneof("body") == "segment_moved"]
    assert [(each.segment, each.move, each.silent) for each in moved] == [
        ("buyers", "entered", True)
    ] * 3
    assert await desk.outgoing() == facts


async def test_changed_rule_is_counted_again_and_dropped_segment_forgotten(desk: Desk) -> None:
    await desk.apply(CATALOG)
    anna = new_id(desk.clock)
    await desk.event(anna, "ordered")
    await desk.event(anna, "ordered")
    await settle(desk)

    await desk.apply([{**CATALOG[0], "rule": {"event": "ordered", "at_least": 3}}])
    await settle(desk)

    assert await members(desk) == []
    assert (await told(desk))[-1][:2] == ("buyers", "left")


async def test_person_of_an_older_catalog_is_waited_for(desk: Desk) -> None:
    """A step that read the catalog before the apply, and commits after, is not passed by."""
    await desk.apply([{"kind": "event", "key": "viewed"}])
    anna = new_id(desk.clock)
    async with desk.db.worker() as tx:
        fact = IncomingFact("EVENTS", "now", 0, 1, 0, desk.fact(anna, "ordered", {}))
        await desk.facts.on_facts(tx, [fact])
        await desk.apply(CATALOG)
        await desk.settler.settle_some()
        waiting = await shown(desk, "buyers")
    await settle(desk)

    assert waiting["state"] == "counting"
    assert await members(desk) == [("buyers", anna)]


async def test_members_are_listed_in_pages(desk: Desk) -> None:
    await desk.apply(CATALOG)
    people = sorted(new_id(desk.clock) for _ in range(3))
    for person in people:
        await desk.event(person, "ordered")

    pages = []
    after = b""
    for _ in range(2):
        body = service_pb2.MembersRequest(key="buyers", after=after, limit=2).SerializeToString()
        async with desk.db.api(WORKSPACE, readonly=True) as tx:
            answer = await desk.segments.on_members(tx, request(body))
        page = service_pb2.MembersReply.FromString(answer).members
        pages.append([UUID(bytes=each.person) for each in page])
        after = page[-1].person

    assert pages == [people[:2], people[2:]]


async def test_segment_nobody_wrote_is_not_found(desk: Desk) -> None:
    body = service_pb2.MembersRequest(key="nobody").SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        with pytest.raises(NotFound):
            await desk.segments.on_members(tx, request(body))


async def test_edit_that_changes_no_rule_counts_nobody_again(desk: Desk) -> None:
    await desk.apply(CATALOG)
    await desk.event(new_id(desk.clock), "ordered")
    await settle(desk)

    await desk.apply([{**CATALOG[0], "description": "People who buy"}])
    await desk.settler.settle_some()

    assert (await shown(desk, "buyers"))["state"] == "active"


async def preview(desk: Desk, rule: dict[str, Any], *, exact: bool = True) -> dict[str, Any]:
    body = service_pb2.SegmentPreviewRequest(
        rule_json=json.dumps(rule).encode(), exact=exact, sample=2
    ).SerializeToString()
    answer = await desk.previews.on_preview(request(body))
    told: dict[str, Any] = json.loads(
        service_pb2.SegmentPreviewReply.FromString(answer).preview_json
    )
    return told


async def test_preview_counts_by_the_evaluator_of_live_traffic_and_keeps_nothing(
    desk: Desk,
) -> None:
    await desk.apply(CATALOG)
    people = sorted(new_id(desk.clock) for _ in range(4))
    for person in people[:3]:
        await desk.event(person, "ordered")
    await desk.event(people[3], "used")

    told = await preview(desk, {"all": [{"segment": "buyers"}, {"event": "used", "is": 0}]})
    new = await preview(desk, {"trait": "city", "is": "Berlin"}, exact=False)

    assert told == {
        "count": 3, "exact": True, "people": 4, "unknown": [],
        "sample": [str(person) for person in people[:2]],
    }  # fmt: skip
    assert (new["count"], new["unknown"]) == (0, ["the trait city"])
    with pytest.raises(NotFound):
        await shown(desk, "preview")


async def test_preview_of_a_wrong_rule_names_the_path(desk: Desk) -> None:
    await desk.apply(CATALOG)

    with pytest.raises(Invalid) as caught:
        await preview(desk, {"all": [{"trait": "city"}]})

    assert caught.value.extra["errors"][0]["path"] == "rule.all[0]"


async def test_estimate_looks_at_pieces_spread_over_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.apply(CATALOG)
    monkeypatch.setattr(previews, "PIECES", 2)
    monkeypatch.setattr(previews, "PIECE", 2)
    for i in range(12):
        await desk.event(new_id(desk.clock), "ordered" if i % 2 else "used")
        desk.clock.pass_by(seconds=1)

    told = await preview(desk, {"event": "ordered"}, exact=False)

    assert told["exact"] is False
    assert (told["people"], told["count"]) == (12, 6)


async def test_schema_of_a_kind_is_published(desk: Desk) -> None:
    body = service_pb2.SchemaRequest(kind="segment").SerializeToString()
    answer = service_pb2.SchemaReply.FromString(await desk.previews.on_schema(request(body)))

    assert json.loads(answer.schema_json)["title"] == "segment"
    with pytest.raises(NotFound):
        await desk.previews.on_schema(request(b""))


SHOES = {
    "kind": "segment", "key": "shoes",
    "rule": {"all": [
        {"event": "ordered", "at_least": 2, "where": {"property": "category", "is": "shoes"}},
        {"event": "ordered", "sum": "amount", "at_least": 100, "within": "P365D"},
        {"trait": "city", "is": "Berlin"},
    ]},
}  # fmt: skip


async def shoe_buyer(desk: Desk) -> UUID:
    """Somebody with a past that nobody kept: two pairs for 100, and a city."""
    anna = new_id(desk.clock)
    await desk.deliver(desk.fact(anna, "", {}, {"city": "Berlin"}))
    for _ in range(2):
        await desk.event(anna, "ordered", category="shoes", amount=50)
    return anna


async def test_definition_that_needs_counters_nobody_kept_is_backfilled(desk: Desk) -> None:
    await desk.apply([{"kind": "event", "key": "viewed"}])
    anna = await shoe_buyer(desk)

    await desk.apply([SHOES])
    before = await members(desk)
    await settle(desk)

    assert (before, await members(desk)) == ([], [("shoes", anna)])


async def test_event_that_arrives_during_a_backfill_is_counted_once(desk: Desk) -> None:
    """It is in the state but not in what was read: the record is read again."""
    rule = {"event": "ordered", "at_least": 3, "where": {"property": "category", "is": "shoes"}}
    exactly = {"event": "ordered", "is": 3, "where": {"property": "category", "is": "shoes"}}
    await desk.apply([{"kind": "event", "key": "viewed"}])
    anna = await shoe_buyer(desk)

    async def meanwhile() -> None:
        await desk.event(anna, "ordered", category="shoes", amount=50)

    desk.record.meanwhile = meanwhile
    await desk.apply(
        [
            {"kind": "segment", "key": "three", "rule": rule},
            {"kind": "segment", "key": "exactly", "rule": exactly},
        ]
    )
    await settle(desk)

    assert desk.record.reads == 2
    assert await members(desk) == [("exactly", anna), ("three", anna)]


async def test_event_on_record_but_not_yet_applied_is_counted_when_it_arrives(desk: Desk) -> None:
    await desk.apply([{"kind": "event", "key": "viewed"}])
    anna = await shoe_buyer(desk)
    late = desk.fact(anna, "ordered", {"category": "shoes", "amount": 50})
    count = {"event": "ordered", "where": {"property": "category", "is": "shoes"}}

    await desk.apply(
        [
            {"kind": "segment", "key": "two", "rule": {**count, "is": 2}},
            {"kind": "segment", "key": "three", "rule": {**count, "is": 3}},
        ]
    )
    await settle(desk)
    before = await members(desk)
    await desk.deliver(late)

    assert before == [("two", anna)]
    assert await members(desk) == [("three", anna)]


async def test_backfill_waits_where_ingest_is_away(desk: Desk) -> None:
    await desk.apply([{"kind": "event", "key": "viewed"}])
    anna = await shoe_buyer(desk)

    async def away() -> None:
        raise Unavailable("Ingest is away")

    desk.record.meanwhile = away
    await desk.apply([SHOES])
    with pytest.raises(Unavailable):
        await settle(desk)
    waiting = await shown(desk, "shoes")
    await settle(desk)

    assert waiting["state"] == "counting"
    assert await members(desk) == [("shoes", anna)]
