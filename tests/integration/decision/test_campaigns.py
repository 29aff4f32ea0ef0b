"""Campaigns on a real database: everybody once, whatever is killed, paused or resumed."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from kit.bus.spec import IncomingFact
from kit.clock import to_us
from kit.errors import Conflict
from kit.ids import new_id
from services.decision.handlers.campaigns import CampaignDesk
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.fanout import Fanout
from services.decision.store import campaigns
from services.decision.store import queries as store
from tests.integration.decision.conftest import WORKSPACE, Desk, request

NEWS: list[dict[str, Any]] = [
    {"kind": "workspace", "key": "shop", "timezone": "Europe/Berlin"},
    {"kind": "topic", "key": "news", "class": "service"},
    {"kind": "segment", "key": "readers", "rule": {"trait": "reads", "is": True}},
    *(
        {"kind": "template", "key": key, "channel": "email", "topic": "news",
         "content": {"en": {"subject": "News", "html": "<p>News</p>"}}}
        for key in ("red", "blue")
    ),
]  # fmt: skip


def campaign(**more: Any) -> dict[str, Any]:
    variants = [{"key": "red", "template": "red"}, {"key": "blue", "template": "blue"}]
    return {
        "kind": "campaign", "key": "spring", "audience": {"segment": "readers"},
        "variants": variants, **more,
    }  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


class Sender:
    """The campaign desk and a fan-out that can be killed."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.odds = random.Random(7)
        self.kill_at = 0.0
        controls = ControlsDesk(store, desk.clock)
        self.api = CampaignDesk(campaigns, desk.catalogs, controls, desk.clock)
        self.fanout = Fanout(desk.decider, campaigns, desk.catalogs, desk.db, desk.clock)

    async def ask(self, action: str = "", *, actor: str = "a", missed: bool = False) -> Any:
        body = service_pb2.CampaignRequest(
            campaign="spring", action=action, actor=actor, missed=missed
        )
        async with self.desk.db.api(WORKSPACE) as tx:
            answer = await self.api.on_campaign(tx, request(body.SerializeToString()))
        return json.loads(service_pb2.CampaignReply.FromString(answer).campaign_json)

    async def check(self) -> Any:
        body = service_pb2.CheckCampaignRequest(campaign="spring")
        async with self.desk.db.api(WORKSPACE) as tx:
            answer = await self.api.on_check(tx, request(body.SerializeToString()))
        return json.loads(service_pb2.CheckCampaignReply.FromString(answer).check_json)

    async def send_all(self) -> None:
        while await self.fanout.send_page():
            pass

    async def recipients(self) -> list[bytes]:
        return [fact.person for fact in await self.desk.ordered()]


@pytest.fixture
def sender(desk: Desk) -> Sender:
    return Sender(desk)


async def readers(desk: Desk, count: int, **traits: Any) -> list[UUID]:
    """People who read news."""
    people = [new_id(desk.clock) for _ in range(count)]
    bodies = [
        desk.fact(person, "", {}, {"email": f"{person}@example.com", "reads": True, **traits})
        for person in people
    ]
    for at in range(0, count, 200):
        await desk.deliver(*bodies[at : at + 200])
    return sorted(people)


async def report(desk: Desk, outcome: str) -> None:
    """Delivery says what became of every message ordered."""
    facts = []
    for n, order in enumerate(await desk.ordered()):
        body = Fact(
            id=new_id(desk.clock).bytes,
            workspace=WORKSPACE,
            person=order.person,
            attempt_finished=delivery_pb2.AttemptFinished(
                message_id=order.id,
                outcome=f"ATTEMPT_OUTCOME_{outcome.upper()}",
                at_us=to_us(desk.clock.now()),
                channel="email",
            ),
        ).SerializeToString()
        facts.append(IncomingFact("DELIVERIES", "bulk", 0, 1, n, body))
    async with desk.db.worker() as tx:
        await desk.facts.on_facts(tx, facts)


async def test_everybody_in_the_audience_gets_one_variant_once(desk: Desk, sender: Sender) -> None:
    await desk.apply([*NEWS, campaign()])
    people = await readers(desk, 150)
    await readers(desk, 5, reads=False)

    assert (await sender.ask())["state"] == "draft"
    await sender.ask("launch")
    await sender.send_all()

    assert sorted(UUID(bytes=each) for each in await sender.recipients()) == people
    [run] = (await sender.ask())["runs"]
    assert (run["state"], run["taken_up"], run["outcomes"]) == ("done", 150, {"ordered": 150})
    assert {"red", "blue"} == set(run["variants"])
    await report(desk, "accepted")
    [run] = (await sender.ask())["runs"]
    assert run["outcomes"] == {"accepted": 150}
    with pytest.raises(Conflict):
        await sender.ask("launch")


async def test_campaign_killed_at_random_and_resumed_reaches_each_once(
    desk: Desk, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills after taking recipients, after the step, before and after the cursor: listmonk#3022
    lost people so, listmonk#2313 wrote to them again, chatwoot#12821 picked a running one twice.
    """
    await desk.apply([*NEWS, campaign()])
    people = await readers(desk, 420)
    await sender.ask("launch")
    kills = 0

    class Mortal:
        """The store, from which the process may not come back."""

        def __getattr__(self, name: str) -> Any:
            real = getattr(campaigns, name)

            async def call(*args: Any, **more: Any) -> Any:
                nonlocal kills
                before, after = sender.odds.random() < 0.08, sender.odds.random() < 0.08
                if before:
                    kills += 1
                    raise Killed
                result = await real(*args, **more)
                if after:
                    kills += 1
                    raise Killed
                return result

            return call

    mortal = Fanout(desk.decider, Mortal(), desk.catalogs, desk.db, desk.clock)
    for _ in range(300):
        try:
            if not await mortal.send_page():
                break
        except Killed:
            if sender.odds.random() < 0.3:
                await sender.ask("pause")
                assert not await sender.fanout.send_page()
                await sender.ask("resume")

    assert kills >= 5
    assert sorted(UUID(bytes=each) for each in await sender.recipients()) == people


async def test_paused_campaign_takes_nobody_up_and_permits_nothing(
    desk: Desk, sender: Sender
) -> None:
    await desk.apply([*NEWS, campaign()])
    people = await readers(desk, 150)
    await sender.ask("launch")
    assert await sender.fanout.send_page()
    ordered = await desk.ordered()

    await sender.ask("pause")

    assert not await sender.fanout.send_page()
    answer = await desk.permit(UUID(bytes=ordered[0].person), ordered[0].id)
    assert (answer.granted, answer.reason) == (False, "journey_paused")
    await sender.ask("resume")
    await sender.send_all()
    while await desk.wakeups.step_due():
        pass
    sent = [UUID(bytes=each) for each in await sender.recipients()]
    assert sorted(set(sent)) == people
    # The one whose permit was refused was ordered anew: its first order never left.
    assert len(sent) == len(people) + 1


async def test_cancelled_campaign_is_over(desk: Desk, sender: Sender) -> None:
    await desk.apply([*NEWS, campaign(per_minute=60)])
    await readers(desk, 10)
    await sender.ask("launch")
    await sender.fanout.send_page()

    assert (await sender.ask("cancel"))["state"] == "cancelled"
    desk.clock.pass_by(days=1)

    assert not await sender.fanout.send_page()
    assert len(await sender.recipients()) == 1
    with pytest.raises(Conflict):
        await sender.ask("resume")


async def test_those_who_missed_it_get_it_and_nobody_else(desk: Desk, sender: Sender) -> None:
    """listmonk#2079: resend to the ones who did not get it."""
    await desk.apply([*NEWS, campaign()])
    people = await readers(desk, 6)
    await sender.ask("launch")
    await sender.send_all()
    first = await desk.ordered()
    await report(desk, "accepted")
    async with desk.db.worker() as tx:
        await tx.execute(
            "UPDATE campaign_recipients SET state = 'rejected' WHERE workspace = $1"
            " AND person = ANY($2::uuid[])", WORKSPACE, people[:2],
        )  # fmt: skip
    late = await readers(desk, 1)

    await sender.ask("launch", missed=True)
    await sender.send_all()

    again = [UUID(bytes=fact.person) for fact in (await desk.ordered())[len(first) :]]
    assert sorted(again) == sorted([*people[:2], *late])


async def test_message_the_provider_refuses_counts_as_refused(desk: Desk, sender: Sender) -> None:
    await desk.apply([*NEWS, campaign()])
    await readers(desk, 3)
    await sender.ask("launch")
    await sender.send_all()

    await report(desk, "rejected")

    [run] = (await sender.ask())["runs"]
    assert run["outcomes"] == {"rejected": 3}


async def test_pace_is_kept(desk: Desk, sender: Sender) -> None:
    await desk.apply([*NEWS, campaign(per_minute=600)])
    await readers(desk, 40)
    await sender.ask("launch")
    counts = []
    for _ in range(4):
        await sender.send_all()
        counts.append(len(await sender.recipients()))
        desk.clock.pass_by(seconds=1)

    assert counts == [10, 20, 30, 40]


async def test_stage_goes_first_and_rests(desk: Desk, sender: Sender) -> None:
    await desk.apply([*NEWS, campaign(stages=[{"percent": 10, "rest": "PT4H"}])])
    await readers(desk, 30)
    await sender.ask("launch")
    await sender.send_all()
    assert len(await sender.recipients()) == 3

    desk.clock.pass_by(hours=4)
    await sender.send_all()

    assert len(await sender.recipients()) == 30


async def test_four_eyes_hold_a_launch_until_another_key_approves(
    desk: Desk, sender: Sender
) -> None:
    await desk.apply([*NEWS, campaign(), NEWS[0] | {"campaigns_need_approval": True}][1:])
    await readers(desk, 3)
    assert (await sender.ask("launch", actor="a"))["state"] == "awaiting_approval"
    await sender.send_all()
    assert await sender.recipients() == []
    with pytest.raises(Conflict):
        await sender.ask("approve", actor="a")

    await sender.ask("approve", actor="b")
    await sender.send_all()

    assert len(await sender.recipients()) == 3


async def test_local_time_of_sending_is_each_recipients_own(desk: Desk, sender: Sender) -> None:
    send = {"at": "2026-03-04T09:00", "local": True}
    await desk.apply([*NEWS, campaign(send=send)])
    [tokyo] = await readers(desk, 1, timezone="Asia/Tokyo")
    [lima] = await readers(desk, 1, timezone="America/Lima")
    await sender.ask("launch")
    sent: dict[UUID, datetime] = {}
    for _ in range(24 * 3):
        await sender.send_all()
        while await desk.wakeups.step_due():
            pass
        for fact in await desk.ordered():
            sent.setdefault(UUID(bytes=fact.person), desk.clock.now())
        desk.clock.pass_by(hours=1)

    assert sent == {
        tokyo: datetime(2026, 3, 4, 0, tzinfo=UTC),
        lima: datetime(2026, 3, 4, 14, tzinfo=UTC),
    }


async def test_recurring_campaign_goes_out_again_over_a_change_of_clocks(
    desk: Desk, sender: Sender
) -> None:
    """Every Friday at nine in Berlin: clocks change on 29 March."""
    send = {"at": "2026-03-20T09:00", "rrule": "FREQ=WEEKLY;COUNT=3"}
    await desk.apply([*NEWS, campaign(send=send)])
    await readers(desk, 1)
    await sender.ask("launch")
    sent = []
    desk.clock.pass_by(days=17, hours=22)
    for _ in range(24 * 15):
        known = len(await desk.ordered())
        await sender.send_all()
        sent += [desk.clock.now()] * (len(await desk.ordered()) - known)
        desk.clock.pass_by(hours=1)

    friday = datetime(2026, 3, 20, 8, tzinfo=UTC)
    assert sent == [
        friday, friday + timedelta(days=7), friday + timedelta(days=14, hours=-1),
    ]  # fmt: skip


async def test_check_predicts_who_is_reached_held_and_lost(desk: Desk, sender: Sender) -> None:
    quiet = {"type": "quiet_hours", "from": "09:00", "to": "11:00", "classes": ["service"]}
    await desk.apply([*NEWS, campaign()])
    await readers(desk, 4)
    await readers(desk, 2, email=None)
    told = await sender.check()
    assert (told["audience"], told["reachable"], told["lost"]) == (
        6, {"email": 4}, {"no_address": 2},
    )  # fmt: skip

    await desk.apply([{"kind": "policy", "key": "night", "rule": quiet}])
    told = await sender.check()

    assert (told["reachable"], told["held"]) == ({}, {"quiet_hours": 4})
    assert await desk.ordered() == []
