"""From facts to decisions on a real database: once, under the cap, with permission, in time."""

import asyncio
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from kit.clock import from_us
from kit.ids import new_id
from services.decision.handlers.reading import ReadingDesk
from services.decision.store import queries as store
from tests.integration.decision.conftest import WORKSPACE, Desk, request


async def known_person(desk: Desk) -> UUID:
    """Somebody with an address who agreed to tips."""
    person = new_id(desk.clock)
    await desk.apply_pack()
    await desk.identify(person)
    await desk.consent(person, "granted")
    return person


async def test_first_order_confirmed_at_once_and_followed_up_after_two_days(desk: Desk) -> None:
    """The contract message goes out now, the first scene when its time has come."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=2, amount_usd=30.5)

    assert [fact.message_ordered.template for fact in await desk.ordered()] == [
        "order-confirmation"
    ]

    desk.clock.pass_by(days=3)
    while await desk.wakeups.step_due():
        pass
    first_step = (await desk.ordered())[-1].message_ordered
    assert first_step.template == "first-step"
    assert first_step.endpoint == "anna@example.com"
    assert first_step.basis
    assert first_step.reason_en
    assert first_step.reason_de


async def test_without_consent_silence_has_a_reason(desk: Desk) -> None:
    """Nothing goes out, and the decision says why."""
    person = new_id(desk.clock)
    await desk.apply_pack()
    await desk.identify(person)
    await desk.event(person, "order_completed", quantity=1, amount_usd=10)
    desk.clock.pass_by(days=3)
    while await desk.wakeups.step_due():
        pass

    silences = [
        fact.decision_made for fact in await desk.outgoing() if fact.decision_made.reason_en
    ]
    assert [fact.message_ordered.template for fact in await desk.ordered()] == [
        "order-confirmation"
    ]
    assert "no_consent" in [each.reason for each in silences]


async def test_burst_of_identical_entries_enters_once_and_cap_sends_one(desk: Desk) -> None:
    """50 concurrent batches for one person: one entry into the once-journey, one tip a day."""
    person = await known_person(desk)
    bodies = [desk.fact(person, "order_completed", {"quantity": 1}) for _ in range(50)]
    await asyncio.gather(*(desk.deliver(body) for body in bodies))
    entered = [
        fact
        for fact in await desk.outgoing()
        if fact.journey_moved.journey == "first-steps" and fact.journey_moved.move == "entered"
    ]
    assert len(entered) == 1

    desk.clock.pass_by(days=3)
    while await desk.wakeups.step_due():
        pass
    tips = [f for f in await desk.ordered() if f.message_ordered.topic == "tips"]
    assert len(tips) == 1


async def test_same_facts_again_change_nothing(desk: Desk) -> None:
    """The stream may say everything twice."""
    person = await known_person(desk)
    body = await desk.event(person, "order_completed", quantity=1, amount_usd=10)
    before = await desk.outgoing()
    await desk.deliver(body, body)
    assert await desk.outgoing() == before


async def test_withdrawal_stops_what_is_queued_at_the_permit(desk: Desk) -> None:
    """Withdrawn after the decision, before the call: refused, the slot goes back, said why."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=1, amount_usd=10)
    desk.clock.pass_by(days=3)
    while await desk.wakeups.step_due():
        pass
    tip = (await desk.ordered())[-1].message_ordered
    assert (await desk.permit(person, tip.message_id)).granted

    await desk.consent(person, "withdrawn")
    answer = await desk.permit(person, tip.message_id)
    assert not answer.granted
    assert answer.reason_en
    released = [f.decision_made for f in await desk.outgoing() if f.decision_made.outcome == 4]
    assert len(released) == 1


async def test_stored_decision_replays_to_the_bit(desk: Desk) -> None:
    """What a decision rested on is kept, and computing it again agrees."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=1, amount_usd=10)
    made = next(f for f in await desk.outgoing() if f.WhichOneof("body") == "decision_made")
    reading = ReadingDesk(store, desk.catalogs, desk.clock, desk.models)
    question = service_pb2.DecisionRequest(decision_id=made.id).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        reply = service_pb2.DecisionReply.FromString(
            await reading.on_decision(tx, request(question))
        )
    assert b'"replay_agrees":true' in reply.basis_json
    assert from_us(reply.decision.at_us) == desk.clock.now()


async def test_apply_is_all_or_nothing_and_says_what_is_wrong(desk: Desk) -> None:
    """The same apply again is no new revision; a changed journey gets its next version."""
    await desk.apply_pack()
    topic = {"kind": "topic", "key": "news", "class": "marketing"}
    first = await desk.apply([topic])
    again = await desk.apply([topic])
    assert (again.revision, again.changes[0].change) == (first.revision, "unchanged")
