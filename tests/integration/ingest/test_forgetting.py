"""Message ids are remembered for 7 to 14 days, exactly, also over the turn of a week."""

import asyncio
from datetime import UTC, datetime, timedelta

from services.ingest.domain.weeks import WEEK, is_turning, week_of
from services.ingest.handlers.rooms import Forgetting
from tests.integration.ingest.conftest import Desk, track

THURSDAY = datetime(2026, 5, 7, tzinfo=UTC)
"""Weeks since 1970 begin on Thursdays."""


def test_weeks_turn_at_midnight_utc_on_thursdays() -> None:
    """And for a minute before and after, another process may count another one."""
    moment = timedelta(microseconds=1)
    assert week_of(THURSDAY) == week_of(THURSDAY - moment) + 1
    for offset_s, turning in ((-61, False), (-60, True), (0, True), (59, True), (60, False)):
        assert is_turning(THURSDAY + timedelta(seconds=offset_s)) is turning


async def test_id_is_known_for_at_least_seven_days(desk: Desk) -> None:
    """Wherever in its week it was taken."""
    desk.clock.set(THURSDAY - timedelta(seconds=1))
    await desk.send(track("late"))
    desk.clock.set(THURSDAY)
    await desk.send(track("early"))
    desk.clock.set(THURSDAY + WEEK - timedelta(seconds=2))
    assert (await desk.send(track("late"), track("early"))).repeated_items == 2

    desk.clock.set(THURSDAY + WEEK)
    assert (await desk.send(track("early"))).repeated_items == 1
    assert (await desk.send(track("late"))).accepted == 1


async def test_old_weeks_are_dropped_and_nothing_else(desk: Desk) -> None:
    """Two weeks of ids at most: the tables do not grow with the years."""
    forgetting = Forgetting(desk.db, desk.store, desk.clock)
    for number in range(4):
        desk.clock.set(THURSDAY + number * WEEK)
        await desk.send(track(f"m-{number}"))
        await forgetting.once()
        assert await forgetting.once() == 0

    rows = await desk.rows("SELECT message_id FROM message_ids ORDER BY message_id")
    assert [row["message_id"] for row in rows] == ["m-2", "m-3"]
    assert len(await desk.rows("SELECT id FROM events")) == 4


async def test_two_weeks_at_once_take_an_id_once(desk: Desk) -> None:
    """Two processes whose clocks differ by seconds get the same calls at the turn of the week."""
    other = Desk(desk.db, desk.admin_dsn)
    desk.clock.set(THURSDAY - timedelta(seconds=5))
    other.clock.set(THURSDAY + timedelta(seconds=5))
    replies = await asyncio.gather(
        *(each.send(track(f"m-{number}")) for number in range(40) for each in (desk, other))
    )

    assert sum(reply.accepted for reply in replies) == 40
    await desk.check_record()


async def test_events_lie_in_the_partition_of_their_month(desk: Desk) -> None:
    """A month that begins while the process runs has its room before the first event."""
    for month in (5, 6):
        desk.clock.set(datetime(2026, month, 28, tzinfo=UTC))
        await desk.send(track(f"m-{month}"))

    rows = await desk.rows("SELECT tableoid::regclass::text AS part FROM events ORDER BY id")
    assert [row["part"] for row in rows] == ["events_2026_05", "events_2026_06"]
