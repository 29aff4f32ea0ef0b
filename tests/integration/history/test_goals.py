"""Reached goals and credit are the same whatever order facts come in, and follow merges."""

import random
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.events.v1 import event_pb2 as events
from contracts.gen.kairos.profiles.v1 import profile_pb2 as profiles
from services.history.domain.goals import Goal
from tests.integration.history.conftest import ANNA, BERT, Desk, at, fact
from tests.integration.history.test_reports import DAY_MIN, sent

ORDER = Goal(key="order", event="Order Completed", value="total")


def order(person: UUID = ANNA, day: float = 1, total: float = 10) -> Fact:
    return fact(
        person,
        day * DAY_MIN,
        event_accepted=events.EventAccepted(
            kind=events.EVENT_KIND_TRACK,
            name="Order Completed",
            occurred_at_us=at(day * DAY_MIN),
            properties_json=b'{"total": %f}' % total,
        ),
    )


def mail(
    number: int, person: UUID = ANNA, day: float = 0, revision: int = 1, **body: object
) -> Fact:
    return sent(number, person, minute=day * DAY_MIN, catalog_revision=revision, **body)


async def credited(desk: Desk) -> list[tuple[int, int, float]]:
    """Message, event's worth, share by last touch."""
    while await desk.attributor.work():
        pass
    async with desk.db.worker(readonly=True) as tx:
        rows = await tx.fetch("SELECT message, value, last FROM credits ORDER BY sent_at, value")
    return [(row["message"].int - 5000, row["value"], row["last"]) for row in rows]


async def test_credit_is_the_same_in_any_order(desk: Desk) -> None:
    """Events before their messages, batches torn apart, everything told twice."""
    desk.goals.apply(1, ORDER)
    facts = [mail(1), mail(2, day=1), order(day=2, total=30), mail(3, BERT), order(BERT, day=9)]
    expected = [(1, 30.0, 0.0), (2, 30.0, 1.0)]

    draw = random.Random(5)
    for _ in range(6):
        draw.shuffle(facts)
        for one in facts:
            await desk.deliver(one)
            if draw.random() < 0.3:
                await credited(desk)
    await desk.deliver(*facts)

    assert await credited(desk) == expected, "Bert ordered after the window"


async def test_credit_follows_a_merge(desk: Desk) -> None:
    """What the visitor was told brings the customer's order."""
    desk.goals.apply(1, ORDER)
    await desk.deliver(mail(1, BERT), order(ANNA, day=1))
    assert await credited(desk) == []

    merged = profiles.ProfileMerged(loser=BERT.bytes, merged_at_us=at(2 * DAY_MIN))
    await desk.deliver(fact(ANNA, 2 * DAY_MIN, profile_merged=merged))

    assert await credited(desk) == [(1, 10.0, 1.0)]


async def test_a_new_goal_finds_what_is_past(desk: Desk) -> None:
    """Who reached it is known at once; credit is only for messages sent since it was set."""
    desk.goals.revisions[1] = []
    await desk.deliver(mail(1), order(day=1))
    assert await credited(desk) == []
    await desk.deliver(order(BERT, day=1))
    assert not await desk.attributor.busy(), "no goal asks for it"

    desk.goals.apply(2, ORDER)
    await desk.attributor.refresh()

    assert await credited(desk) == []
    async with desk.db.worker(readonly=True) as tx:
        people = await tx.fetch("SELECT person FROM goal_events ORDER BY person")
    assert [row["person"] for row in people] == [ANNA, BERT]


async def test_conversions_are_reported_by_model(desk: Desk) -> None:
    """One order of 30 after two mails: counted once, whichever way it is shared."""
    desk.goals.apply(1, ORDER)
    await desk.deliver(
        mail(1, template="hook", cost_micros=1_000_000),
        mail(2, day=1, template="turn", channel="sms"),
        order(day=2, total=30),
    )
    await credited(desk)

    [last] = await desk.report("conversions", "goal", model="last")
    assert (last["conversions"], last["value"], last["people"]) == (1, 30, 1)
    rows = await desk.report("conversions", "template", model="linear")
    assert {row["template"]: row["value"] for row in rows} == {"hook": 15, "turn": 15}
    [chain] = await desk.report("chains")
    assert (chain["chain"], chain["conversions"]) == ("email > sms", 1)
    returns, _ = await desk.report("returns", "template", model="first")
    assert (returns["template"], returns["sent"], returns["cost"], returns["roi"]) == (
        "hook",
        1,
        1.0,
        29.0,
    )
