"""Segments through the service: the table of members and the facts follow the state."""

from typing import Any

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.profiles.v1 import profile_pb2
from kit.clock import to_us
from kit.ids import new_id
from tests.integration.decision.conftest import WORKSPACE, Desk

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
