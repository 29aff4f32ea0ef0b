"""Decisions are tried, run again and judged on a real database."""

from uuid import UUID

import msgspec
import pytest

from contracts.gen.kairos.decision.v1 import judging_pb2
from kit.clock import to_us
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.handlers.judging import JudgingDesk
from services.decision.handlers.models import Learner
from services.decision.store import queries, trials
from tests.integration.decision.conftest import WORKSPACE, Desk, request
from tests.integration.decision.test_learning import CATALOG, outcome, sent


def judging(desk: Desk) -> JudgingDesk:
    return JudgingDesk(queries, trials, desk.catalogs, desk.clock, desk.models)


async def replay(desk: Desk, **asked: object) -> judging_pb2.ReplayReply:
    """Runs decisions again."""
    body = judging_pb2.ReplayRequest(**asked).SerializeToString()  # type: ignore[arg-type]
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        return judging_pb2.ReplayReply.FromString(await judging(desk).on_replay(tx, request(body)))


async def preview(desk: Desk, person: UUID, **asked: object) -> judging_pb2.PreviewReply:
    """Tries what would be decided."""
    body = judging_pb2.PreviewRequest(person=person.bytes, **asked)  # type: ignore[arg-type]
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        return judging_pb2.PreviewReply.FromString(
            await judging(desk).on_preview(tx, request(body.SerializeToString()))
        )


async def test_preview_says_what_comes_and_leaves_no_trace(desk: Desk) -> None:
    """The read-only transaction would refuse a write."""
    person = new_id(desk.clock)
    await desk.apply_pack()
    await desk.identify(person)
    await desk.consent(person, "granted")
    await desk.event(person, "order_completed", quantity=1, amount_usd=10)
    before = await desk.outgoing()
    in_a_week = to_us(desk.clock.now()) + 7 * 86_400 * 1_000_000

    told = await preview(desk, person, at_us=in_a_week, template="look-back")

    sent_ = [c.template for d in told.on_the_way if d.message_id for c in d.candidates]
    assert "first-step" in sent_
    assert [one.standing for one in told.why_not] == ["outside"]
    assert await desk.outgoing() == before
    with pytest.raises(Invalid):
        await preview(desk, person, at_us=1)


async def test_every_decision_of_a_story_replays_to_the_bit_in_pages(desk: Desk) -> None:
    """Over changes of the catalog and new snapshots of the model."""
    await desk.apply(CATALOG)
    learner = Learner(desk.models, trials, desk.db, desk.clock, 5.0)
    for i in range(6):
        _, order = await sent(desk)
        if i % 2:
            await outcome(desk, order)
        await learner.learn()
        async with desk.db.worker(readonly=True) as tx:
            await desk.models.refresh(tx)
        desk.clock.pass_by(days=1)
        policy = {"kind": "policy", "key": f"cap-{i}"}
        await desk.apply([policy | {"rule": {"type": "cap", "messages": 9, "within": "P1D"}}])
    first = await replay(desk, limit=4)
    second = await replay(desk, limit=4, after=first.next)

    assert (first.checked, second.checked, bytes(second.next)) == (4, 2, b"")
    assert not first.differing
    assert not second.differing


async def test_decision_that_was_tampered_with_is_found(desk: Desk) -> None:
    """A replay that cannot differ would prove nothing."""
    await desk.apply(CATALOG)
    await sent(desk)
    async with desk.db.worker() as tx:
        await tx.execute(
            "UPDATE decisions SET decision = set_byte(decision, octet_length(decision) - 1,"
            " (get_byte(decision, octet_length(decision) - 1) + 1) % 256) WHERE workspace = $1",
            WORKSPACE,
        )
    told = await replay(desk)

    assert (told.checked, len(told.differing)) == (1, 1)


async def test_policy_is_judged_on_messages_whose_window_is_over(desk: Desk) -> None:
    """24 messages, a third answered; those younger than a week do not count yet."""
    await desk.apply(CATALOG)
    for i in range(24):
        _, order = await sent(desk)
        if i % 3 == 0:
            await outcome(desk, order)
    body = judging_pb2.EvaluateRequest(policy_json=b'"uniform"').SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        with pytest.raises(NotFound):
            await judging(desk).on_evaluate(tx, request(body))

    desk.clock.pass_by(days=8)
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        reply = await judging(desk).on_evaluate(tx, request(body))
    told = msgspec.json.decode(judging_pb2.EvaluateReply.FromString(reply).evaluation_json)

    assert told["decisions"] == 24
    # Nothing was learnt before they were sent: both variants were as likely.
    assert told["logged"]["value"] == told["snips"]["value"] == pytest.approx(1 / 3)
    assert told["thin"]
