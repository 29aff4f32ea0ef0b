"""Who comes back: held to the published counts of the CDNOW sample."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.events.v1 import event_pb2 as events
from kit.clock import to_us
from services.history.domain.goals import Goal
from tests.integration.history.conftest import START, Desk, fact
from tests.integration.history.test_goals import ORDER, credited, order

CDNOW = Path(__file__).parents[3] / "examples" / "three-acts" / "data" / "cdnow.csv"
BOUGHT = Goal(key="bought", event="bought")
WEEK_39_ENDS = datetime(1997, 10, 1, tzinfo=UTC)
"""Calendar week 39 of 1997 is the calibration period of Fader & Hardie's sample."""


def purchases() -> list[Fact]:
    """Every purchase of the sample, as an imported event."""
    facts = []
    with CDNOW.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            day = datetime.strptime(row["date"], "%Y-%m-%d").replace(tzinfo=UTC)
            bought = events.EventAccepted(
                kind=events.EVENT_KIND_TRACK, name="bought", occurred_at_us=to_us(day)
            )
            facts.append(fact(UUID(int=int(row["customer_id"])), event_accepted=bought))
    return facts


async def test_repeat_purchases_are_the_published_ones(desk: Desk) -> None:
    """2,357 customers, of whom 946 bought on another day by the end of week 39."""
    desk.goals.apply(1, BOUGHT)
    facts = purchases()
    for start in range(0, len(facts), 1_000):
        await desk.deliver(*facts[start : start + 1_000])
    await credited(desk)

    [row] = await desk.report("repeats", until=WEEK_39_ENDS, goal="bought")

    assert (row["people"], row["repeated"]) == (2_357, 946)


async def test_cohorts_are_followed_week_by_week(desk: Desk) -> None:
    """Two start in the first week, one of them comes back in the third; another starts later."""
    desk.goals.apply(1, ORDER)
    anna, bert, carl = (UUID(int=number) for number in (1, 2, 3))
    await desk.deliver(
        order(anna, day=0),
        order(anna, day=1),
        order(anna, day=14),
        order(bert, day=2),
        order(carl, day=8),
    )
    await credited(desk)

    first, second = await desk.report("cohorts", goal="order")
    assert (first["week"], first["people"], first["week_1"], first["week_2"]) == (
        START.date().isoformat(),
        2,
        0,
        1,
    )
    assert second["people"] == 1
    [goals] = await desk.report("goals", "goal")
    assert (goals["reached"], goals["people"], goals["value"]) == (5, 3, 50)
