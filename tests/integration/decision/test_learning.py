"""Messages teach: trials are kept, settled once, published as snapshots, and named by decisions."""

import asyncio
from typing import Any
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from kit.clock import to_us
from kit.ids import new_id
from services.decision.domain.response_model import Cell, Count
from services.decision.handlers.models import Learner, Models
from services.decision.handlers.reading import ReadingDesk
from services.decision.store import queries, trials
from tests.integration.decision.conftest import WORKSPACE, Desk, request

CATALOG: list[dict[str, Any]] = [
    {"kind": "topic", "key": "tips"},
    {
        "kind": "template",
        "key": "hi",
        "channel": "email",
        "topic": "tips",
        "variants": {"plain": {}, "kind": {}},
    },
    {
        "kind": "journey",
        "key": "hello",
        "entry": {"event": "started"},
        "reentry": "every",
        "steps": [{"type": "message", "key": "m", "template": "hi"}],
    },
]


async def prepared(desk: Desk) -> tuple[Models, Learner]:
    """A catalog with two variants, and what learns from them."""
    await desk.apply(CATALOG)
    return desk.models, Learner(desk.models, trials, desk.db, desk.clock, 5.0)


async def sent(desk: Desk) -> tuple[UUID, Fact]:
    """Somebody new gets the message, and the provider takes it."""
    person = new_id(desk.clock)
    await desk.identify(person)
    await desk.consent(person, "granted")
    await desk.event(person, "started")
    order = (await desk.ordered())[-1]
    await outcome(desk, order, accepted=True)
    return person, order


async def outcome(desk: Desk, order: Fact, *, accepted: bool = False, failed: bool = False) -> None:
    """What delivery says of a message: accepted, rejected, or clicked."""
    said = Fact(id=new_id(desk.clock).bytes, workspace=WORKSPACE, person=order.person, person_seq=0)
    message_id, at_us = order.message_ordered.message_id, to_us(desk.clock.now())
    if accepted or failed:
        kind = "REJECTED" if failed else "ACCEPTED"
        said.attempt_finished.CopyFrom(
            delivery_pb2.AttemptFinished(
                message_id=message_id, outcome=f"ATTEMPT_OUTCOME_{kind}", at_us=at_us
            )
        )
    else:
        said.receipt_taken.CopyFrom(
            delivery_pb2.ReceiptTaken(
                message_id=message_id, kind="RECEIPT_KIND_CLICKED", channel="email", at_us=at_us
            )
        )
    await desk.deliver(said.SerializeToString())


async def refresh(desk: Desk, models: Models) -> dict[Cell, Count]:
    """What the newest snapshot holds."""
    async with desk.db.worker(readonly=True) as tx:
        await models.refresh(tx)
    return models.current(WORKSPACE).cells


async def test_messages_are_counted_after_a_day_and_late_answers_credited_once(desk: Desk) -> None:
    """Four learners at once; a click on day 5 counts, one after the window of 7 days does not."""
    models, learner = await prepared(desk)
    orders = [(await sent(desk))[1] for _ in range(4)]
    await outcome(desk, orders[0])
    assert await learner.learn() == 0

    async def totals() -> tuple[int, int]:
        await asyncio.gather(*(learner.learn() for _ in range(4)))
        counts = (await refresh(desk, models)).values()
        return sum(one.trials for one in counts), sum(one.responses for one in counts)

    desk.clock.pass_by(days=1)
    assert await totals() == (4, 1)
    desk.clock.pass_by(days=4)
    await outcome(desk, orders[1])
    assert await totals() == (4, 2)
    desk.clock.pass_by(days=3)
    await outcome(desk, orders[2])
    assert await totals() == (4, 2)
    assert sum(models.current(WORKSPACE).hours) == 2
    assert await learner.learn() == 0


async def test_message_that_did_not_go_out_teaches_nothing(desk: Desk) -> None:
    """A definite failure gives the slot back, and the trial with it."""
    models, learner = await prepared(desk)
    person = new_id(desk.clock)
    await desk.identify(person)
    await desk.consent(person, "granted")
    await desk.event(person, "started")
    await outcome(desk, (await desk.ordered())[-1], failed=True)
    desk.clock.pass_by(days=30)

    assert await learner.learn() == 0
    assert await refresh(desk, models) == {}


async def test_decision_names_its_snapshot_and_replays_with_it(desk: Desk) -> None:
    """Later snapshots change nothing about decisions made before."""
    models, learner = await prepared(desk)
    for _ in range(3):
        _, order = await sent(desk)
        await outcome(desk, order)
        desk.clock.pass_by(days=1)
        await learner.learn()
        await refresh(desk, models)
    made = [fact for fact in await desk.outgoing() if fact.decision_made.actions]

    assert [one.decision_made.model_revision for one in made] == [0, 1, 2]
    fresh = ReadingDesk(queries, desk.catalogs, desk.clock, Models(trials))
    for one in made:
        question = service_pb2.DecisionRequest(decision_id=one.id).SerializeToString()
        async with desk.db.api(WORKSPACE, readonly=True) as tx:
            reply = service_pb2.DecisionReply.FromString(
                await fresh.on_decision(tx, request(question))
            )
        assert b'"replay_agrees":true' in reply.basis_json
        chosen = reply.decision.actions
        assert sum(action.share for action in chosen) == 1_000_000
