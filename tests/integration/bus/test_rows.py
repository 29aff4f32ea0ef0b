"""The relay's bookkeeping: what is marked, published again, forgotten."""

from kit.bus import rows
from kit.bus.rows import Known
from kit.bus.spec import BULK, NOW, OutgoingFact
from kit.db.database import Database
from tests.integration.bus.toys import TOYS, World, fact, value

STREAM = TOYS.name


async def said(world: World, *partitions: int, lane: str = NOW, feed: bool = False) -> Database:
    """alpha's database with one commit for each of these partitions."""
    db = await world.db("alpha")
    for n, partition in enumerate(partitions):
        tail = "shop.toys.said" if feed else None
        await world.say(db, [OutgoingFact(STREAM, lane, partition, b"%d" % n, tail, f"id-{n}")])
    return db


async def positions(db: Database, lane: str = NOW) -> list[int]:
    return [row.position for row in await rows.unpublished(db, STREAM, lane)]


async def test_unpublished_rows_come_in_order_and_lane_by_lane(world: World) -> None:
    db = await said(world, 3, 1, 3)
    await said(world, 2, lane=BULK)
    found = await rows.unpublished(db, STREAM, NOW)
    assert [(row.partition, row.body) for row in found] == [
        (3, b"\x0a\x010"),
        (1, b"\x0a\x011"),
        (3, b"\x0a\x012"),
    ]
    assert len(await positions(db, BULK)) == 1
    assert await rows.unpublished(db, "OTHER", NOW) == []


async def test_one_read_is_bounded_in_bytes(world: World) -> None:
    db = await world.db("alpha")
    large = rows.READ_BYTES // 40
    await world.say(db, [OutgoingFact(STREAM, NOW, n % 16, bytes(large)) for n in range(60)])
    found = await rows.unpublished(db, STREAM, NOW)
    assert len(found) == 40
    assert rows.was_full(found)


async def test_a_mark_under_another_incarnation_marks_nothing(world: World) -> None:
    """A relay that slept through a change of stream must not declare its rows published."""
    db = await said(world, 3)
    (position,) = await positions(db)
    await rows.adopt(db, STREAM, "second", 0)
    await rows.mark(db, STREAM, "first", {position: 7})
    assert await positions(db) == [position]
    await rows.mark(db, STREAM, "second", {position: 1})
    assert await positions(db) == []
    assert await rows.known(db, STREAM) == Known("second", 1)


async def test_a_change_of_stream_publishes_all_rows_again_in_a_new_round(world: World) -> None:
    db = await said(world, 3, 4)
    first, second = await positions(db)
    assert await rows.adopt(db, STREAM, "first", 0) == 0
    await rows.mark(db, STREAM, "first", {first: 1, second: 2})
    assert await rows.adopt(db, STREAM, "first", 2) == 0, "nothing changed"
    assert await rows.adopt(db, STREAM, "second", 0) == 2
    assert [row.rounds for row in await rows.unpublished(db, STREAM, NOW)] == [1, 1]


async def test_only_what_is_consumed_in_this_stream_and_owes_nothing_is_forgotten(
    world: World,
) -> None:
    db = await said(world, 3, 3, 4)
    await said(world, 3, feed=True)
    await said(world, 3, lane=BULK)
    now, bulk = await positions(db), await positions(db, BULK)
    await rows.adopt(db, STREAM, "first", 0)
    await rows.mark(db, STREAM, "first", {each: n + 1 for n, each in enumerate(now + bulk)})
    assert await rows.forget(db, STREAM, "other", {(NOW, 3): 9}) == 0
    assert await rows.forget(db, STREAM, "first", {(NOW, 3): 1}) == 1
    assert await rows.forget(db, STREAM, "first", {(NOW, 3): 9}) == 1, "one owes the feed"
    assert await value(db, "SELECT count(*) FROM outbox") == 3


async def test_a_row_below_the_stream_and_above_the_floor_has_expired(world: World) -> None:
    db = await said(world, 3)
    (position,) = await positions(db)
    await rows.adopt(db, STREAM, "first", 0)
    await rows.mark(db, STREAM, "first", {position: 5})
    assert await rows.any_expired(db, STREAM, "first", 6, {(NOW, 3): 4})
    assert not await rows.any_expired(db, STREAM, "first", 6, {(NOW, 3): 5}), "it was consumed"
    assert not await rows.any_expired(db, STREAM, "first", 5, {(NOW, 3): 4}), "it is there"
    assert not await rows.any_expired(db, STREAM, "first", 6, {(BULK, 3): 0}), "another lane"


async def test_rows_waiting_for_the_relay_are_seen(world: World) -> None:
    db = await world.db("alpha")
    assert not await rows.any_unpublished(db, STREAM)
    await world.say(db, [fact("anna", 1)])
    assert await rows.any_unpublished(db, STREAM)
