"""Journeys at work on a real database: who is where, versions, moving people, calls."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from contracts.gen.kairos.decision.v1 import service_pb2
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.adapters.hooks import HttpHooks
from services.decision.handlers.calls import Calls
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.journeys import JourneyDesk
from services.decision.store import queries as store
from services.decision.store import runs
from tests.integration.decision.conftest import WORKSPACE, Desk, request
from tests.integration.decision.test_deciding import known_person

WAITS = {"type": "wait", "key": "rest", "duration": "P9D"}
SECRET = base64.b64encode(b"k" * 24).decode()


def path(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    entry = {"event": "started", "api": True}
    return {"kind": "journey", "key": "path", "entry": entry, "steps": list(steps), **more}


class Journeys:
    """The questions about journeys, asked of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._db = desk.db
        controls = ControlsDesk(store, desk.clock)
        self._desk = JourneyDesk(
            desk.decider, store, runs, desk.catalogs, desk.catalog, controls, desk.clock
        )

    async def ask(self, action: str = "", **more: Any) -> dict[str, Any]:
        body = service_pb2.JourneyRequest(journey="path", action=action, **more)
        async with self._db.api(WORKSPACE) as tx:
            answer = await self._desk.on_journey(tx, request(body.SerializeToString()))
        told: dict[str, Any] = json.loads(service_pb2.JourneyReply.FromString(answer).journey_json)
        return told

    async def enter(self, person: UUID) -> bool:
        body = service_pb2.EnterRequest(person=person.bytes, journey="path")
        async with self._db.api(WORKSPACE) as tx:
            answer = await self._desk.on_enter(tx, request(body.SerializeToString()))
        return service_pb2.EnterReply.FromString(answer).entered

    async def people(self, step: str = "") -> list[UUID]:
        body = service_pb2.RunsRequest(journey="path", step=step)
        async with self._db.api(WORKSPACE) as tx:
            answer = await self._desk.on_runs(tx, request(body.SerializeToString()))
        told = json.loads(service_pb2.RunsReply.FromString(answer).runs_json)
        return [UUID(each["profile_id"]) for each in told]


@pytest.fixture
def at_work(desk: Desk) -> Journeys:
    return Journeys(desk)


def steps_of(state: dict[str, Any]) -> dict[tuple[int, str], int]:
    return {
        (version["version"], step["step"]): step["people"]
        for version in state["versions"]
        for step in version["steps"]
    }


async def test_api_lets_people_in_by_the_journeys_own_rules(desk: Desk, at_work: Journeys) -> None:
    await desk.apply([path(WAITS)])
    person = new_id(desk.clock)

    assert await at_work.enter(person)
    assert not await at_work.enter(person)

    assert await at_work.people("rest") == [person]
    assert steps_of(await at_work.ask()) == {(1, "rest"): 1}


async def test_api_is_told_what_it_may_not_enter(desk: Desk, at_work: Journeys) -> None:
    with pytest.raises(NotFound):
        await at_work.enter(new_id(desk.clock))
    await desk.apply([path(WAITS) | {"entry": {"event": "started"}}])
    with pytest.raises(Invalid):
        await at_work.enter(new_id(desk.clock))


async def test_published_change_leaves_people_in_flight_untouched(
    desk: Desk, at_work: Journeys
) -> None:
    """A draft is entered by nobody; published, new people enter it, and those inside stay."""
    await desk.apply([path(WAITS)])
    first, second, third = (new_id(desk.clock) for _ in range(3))
    await desk.event(first, "started")
    await desk.apply([path(WAITS, {"type": "exit", "key": "end"}, status="draft")])
    await desk.event(second, "started")
    state = await at_work.ask()
    assert (state["version"], state["status"]) == (1, "live")
    assert [each["status"] for each in state["versions"]] == ["draft", "live"]

    state = await at_work.ask("activate")
    await desk.event(third, "started")

    assert (state["version"], state["status"]) == (2, "live")
    assert steps_of(await at_work.ask()) == {(1, "rest"): 2, (2, "rest"): 1}


async def test_draft_is_edited_in_place_and_the_next_version_follows(
    desk: Desk, at_work: Journeys
) -> None:
    await desk.apply([path(WAITS)])
    for days in (2, 3):
        await desk.apply([path(WAITS | {"duration": f"P{days}D"}, status="draft")])
    assert [each["version"] for each in (await at_work.ask())["versions"]] == [2, 1]

    await at_work.ask("activate")
    await desk.apply([path(WAITS | {"duration": "P4D"})])

    assert [each["version"] for each in (await at_work.ask())["versions"]] == [3, 2, 1]


async def test_moving_people_says_first_how_many_go_where(desk: Desk, at_work: Journeys) -> None:
    await desk.apply([path(WAITS)])
    people = sorted([new_id(desk.clock) for _ in range(3)])
    for person in people:
        await desk.event(person, "started")
    await desk.apply([path({"type": "wait", "key": "pause", "duration": "P1D"})])
    move = {"from_version": 1, "to_version": 2}
    with pytest.raises(Invalid) as caught:
        await at_work.ask("move", **move, dry_run=True)
    assert caught.value.problem()["errors"][0]["pointer"] == "/steps/rest"

    told = await at_work.ask("move", **move, steps={"rest": "pause"}, dry_run=True)
    assert told["moves"] == [{"from": "rest", "to": "pause", "people": 3}]
    assert steps_of(await at_work.ask()) == {(1, "rest"): 3}
    told = await at_work.ask("move", **move, steps={"rest": "pause"})

    assert told["left"] == 0
    assert steps_of(await at_work.ask()) == {(2, "pause"): 3}
    assert await at_work.people("pause") == people


async def test_drained_journey_lets_nobody_in_and_archived_one_nobody_stay(
    desk: Desk, at_work: Journeys
) -> None:
    await desk.apply([path(WAITS)])
    inside, outside = new_id(desk.clock), new_id(desk.clock)
    await desk.event(inside, "started")

    assert (await at_work.ask("drain"))["status"] == "draining"
    await desk.event(outside, "started")
    assert await at_work.people() == [inside]
    state = await at_work.ask("archive")

    assert (state["status"], state["people"]) == ("archived", 0)
    assert (await at_work.ask("activate"))["status"] == "live"
    await desk.event(outside, "started")
    assert await at_work.people() == [outside]


async def test_paused_journey_sends_nothing_until_it_goes_on(desk: Desk, at_work: Journeys) -> None:
    await desk.apply_pack()
    hello = {"type": "message", "key": "hi", "template": "first-step", "valid_for": "P9D"}
    await desk.apply([path(WAITS | {"duration": "P2D"}, hello)])
    person = await known_person(desk)
    await desk.event(person, "started")

    assert (await at_work.ask("pause"))["status"] == "paused"
    desk.clock.pass_by(days=2)
    while await desk.wakeups.step_due():
        pass
    assert await desk.ordered() == []
    assert (await at_work.ask("activate"))["status"] == "live"
    while await desk.wakeups.step_due():
        pass

    assert [fact.message_ordered.template for fact in await desk.ordered()] == ["first-step"]


# Calls.


class Hook:
    """Another system: answers what it is told to, keeps what it got."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request_: web.Request) -> web.Response:
        self.got.append((dict(request_.headers), await request_.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        headers = {"location": "/login"} if status == 302 else {}
        return web.Response(status=status, headers=headers)


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    other = Hook()
    app = web.Application()
    app.router.add_post("/tasks", other.take)
    app.router.add_get("/login", other.take)
    async with TestServer(app) as server:
        yield other, str(server.make_url("/tasks"))


@pytest_asyncio.fixture
async def calls(desk: Desk) -> AsyncIterator[Calls]:
    hooks = HttpHooks({"DESK_SECRET": f"whsec_{SECRET}"})
    yield Calls(runs, desk.catalogs, hooks, desk.db, desk.clock)
    await hooks.close()


async def handed_over(desk: Desk, url: str) -> UUID:
    """Somebody is handed over to a human."""
    await desk.apply(
        [
            {"kind": "webhook", "key": "desk", "url": url, "secret": "DESK_SECRET"},
            path({"type": "hand_over", "key": "talk", "webhook": "desk", "title": "Call back"}),
        ]
    )
    person = new_id(desk.clock)
    await desk.event(person, "started")
    return person


async def test_call_is_signed_and_made_once(
    desk: Desk, hook: tuple[Hook, str], calls: Calls
) -> None:
    other, url = hook
    person = await handed_over(desk, url)

    assert await calls.call_due()
    assert not await calls.call_due()

    [(headers, body)] = other.got
    told = json.loads(body)
    assert (told["type"], told["data"]["person"]) == ("journey.task", str(person))
    assert told["data"]["task_id"] == headers["webhook-id"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = hmac.new(b"k" * 24, signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(wanted).decode()


async def test_redirect_to_a_login_page_is_no_success(
    desk: Desk, hook: tuple[Hook, str], calls: Calls
) -> None:
    """NF#317: a proxy's 302 was followed and counted as dispatched."""
    other, url = hook
    other.statuses = [302, 503]
    await handed_over(desk, url)

    for _ in range(3):
        await calls.call_due()
        desk.clock.pass_by(minutes=1)

    assert len(other.got) == 3
    assert len({headers["webhook-id"] for headers, _ in other.got}) == 1
    assert len({body for _, body in other.got}) == 1
    assert await calls.next_due() is None


async def test_call_that_is_refused_for_good_is_not_repeated(
    desk: Desk, hook: tuple[Hook, str], calls: Calls
) -> None:
    other, url = hook
    other.statuses = [410]
    await handed_over(desk, url)

    await calls.call_due()
    desk.clock.pass_by(hours=2)
    await calls.call_due()

    assert len(other.got) == 1
