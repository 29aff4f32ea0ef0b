"""Switches work at once, also on what waits and on what is on its way."""

from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.reading import ReadingDesk
from services.decision.store import queries as store
from tests.integration.decision.conftest import WORKSPACE, Desk, request
from tests.integration.decision.test_deciding import known_person


async def turn(desk: Desk, *, stopped: bool | None) -> service_pb2.ControlsReply:
    """Asks for the switch of marketing, or turns it."""
    body = service_pb2.ControlsRequest(marketing_stopped=stopped).SerializeToString()
    async with desk.db.api(WORKSPACE) as tx:
        answer = await ControlsDesk(store, desk.clock).on_controls(tx, request(body))
    return service_pb2.ControlsReply.FromString(answer)


async def templates(desk: Desk) -> list[str]:
    """What was ordered so far."""
    return [fact.message_ordered.template for fact in await desk.ordered()]


async def wake(desk: Desk) -> None:
    """Steps everybody who is due."""
    while await desk.wakeups.step_due():
        pass


async def test_stopped_marketing_holds_what_becomes_due_and_goes_on_when_it_may(
    desk: Desk,
) -> None:
    """Nothing else would have woken the held message before its validity ends."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=2, amount_usd=30.5)
    assert (await turn(desk, stopped=True)).changed
    desk.clock.pass_by(days=3)
    await wake(desk)
    assert await templates(desk) == ["order-confirmation"]
    held = [f.decision_made for f in await desk.outgoing() if f.WhichOneof("body") == MADE][-1]
    assert held.reason == "marketing_stopped"

    assert not (await turn(desk, stopped=False)).marketing_stopped
    await wake(desk)
    assert await templates(desk) == ["order-confirmation", "first-step"]
    assert await desk.wakeups.next_due() != desk.clock.now()


async def test_stop_refuses_the_permit_of_what_is_on_its_way(desk: Desk) -> None:
    """The permit asks the switch, and gives the slot back."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=2, amount_usd=30.5)
    desk.clock.pass_by(days=3)
    await wake(desk)
    first_step = (await desk.ordered())[-1]
    await turn(desk, stopped=True)
    await desk.event(person, "order_completed", quantity=1, amount_usd=10)

    answer = await desk.permit(person, first_step.message_ordered.message_id)
    assert (answer.granted, answer.reason) == (False, "marketing_stopped")
    transactional = (await desk.ordered())[-1].message_ordered
    assert (await desk.permit(person, transactional.message_id)).granted


async def test_decision_under_a_switch_replays_with_it(desk: Desk) -> None:
    """The switches are part of what a decision rested on."""
    person = await known_person(desk)
    await desk.event(person, "order_completed", quantity=2, amount_usd=30.5)
    await turn(desk, stopped=True)
    desk.clock.pass_by(days=3)
    await wake(desk)
    await turn(desk, stopped=False)
    held = [f for f in await desk.outgoing() if f.WhichOneof("body") == MADE][-1]

    reading = ReadingDesk(store, desk.catalogs, desk.clock, desk.models)
    body = service_pb2.DecisionRequest(decision_id=held.id).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        answer = await reading.on_decision(tx, request(body))
    assert b'"replay_agrees":true' in service_pb2.DecisionReply.FromString(answer).basis_json
    assert UUID(bytes=held.person) == person


async def test_switch_turned_again_changes_nothing(desk: Desk) -> None:
    """Asking reads; setting what is set says so."""
    await known_person(desk)
    assert not (await turn(desk, stopped=None)).marketing_stopped
    assert (await turn(desk, stopped=True)).changed
    assert not (await turn(desk, stopped=True)).changed
    assert (await turn(desk, stopped=None)).marketing_stopped


async def test_loosened_policy_frees_what_it_held(desk: Desk) -> None:
    """A change of policy takes effect at once, also for what waits."""
    person = await known_person(desk)
    await desk.apply([NEVER])
    await desk.event(person, "order_completed", quantity=2, amount_usd=30.5)
    desk.clock.pass_by(days=3)
    await wake(desk)
    assert await templates(desk) == ["order-confirmation"]

    await desk.apply([NEVER | {"rule": {**NIGHT_AND_DAY, "topics": ["unheard-of"]}}, UNHEARD_OF])
    await wake(desk)
    assert await templates(desk) == ["order-confirmation", "first-step"]


MADE = "decision_made"
UNHEARD_OF = {"kind": "topic", "key": "unheard-of"}
NIGHT_AND_DAY = {"type": "quiet_hours", "from": "00:01", "to": "00:00"}
NEVER = {"kind": "policy", "key": "day-of-rest", "rule": NIGHT_AND_DAY}
