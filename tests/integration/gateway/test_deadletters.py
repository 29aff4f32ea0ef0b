"""Dead letters over HTTP: facts that real services put aside, listed, replayed and discarded."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.events.v1 import event_pb2
from contracts.topology import EVENTS
from kit.bus import deadletters, deadletters_desk
from kit.bus.rpc import Endpoints
from kit.bus.spec import LANES, NOW, IncomingFact
from kit.bus.subscription import Subscription
from kit.clock import to_us
from kit.db.database import Database
from services.history.handlers.attributing import Watch
from services.history.handlers.recording import Recorder
from services.history.ports import Stores
from services.history.store.credits import CreditStore
from services.history.store.experiments import ExperimentStore
from services.history.store.messages import MessageStore
from services.history.store.timeline import TimelineStore
from tests.integration.gateway.conftest import OTHER, WORKSPACE, Door, clock

PERSON = UUID(int=5)
SAID = ValueError("anna@shop.example has no time")
TRACE = f"00-{7:032x}-{7:016x}-01"


@dataclass
class Letters:
    """Three services that answer for their dead letters; handlers are history's."""

    door: Door
    dbs: dict[str, Database]

    async def bury(self, service: str, name: str = "paid", workspace: str = WORKSPACE) -> UUID:
        """Puts an event aside; one without a name has an id nobody can take."""
        fact = Fact(
            id=uuid4().bytes if name else b"?",
            workspace=workspace,
            person=PERSON.bytes,
            person_seq=1,
            recorded_at_us=to_us(clock.now()),
            event_accepted=event_pb2.EventAccepted(
                kind=event_pb2.EVENT_KIND_TRACK,
                name=name,
                occurred_at_us=to_us(clock.now()),
                properties_json=b"{}",
            ),
        )
        incoming = IncomingFact("EVENTS", NOW, 0, 1, 0, fact.SerializeToString())
        async with self.dbs[service].worker() as tx:
            at = clock.now()
            await deadletters.bury(
                tx, incoming, SAID, service=service, attempts=3, traceparent=TRACE, at=at
            )
        return deadletters.letter_id(service, incoming)

    async def page(self, who: str = "reader", **asked: Any) -> dict[str, Any]:
        answer = await self.door.http.get(
            "/v1/dead-letters", params=asked, headers=self.door.key(who)
        )
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def ids(self, who: str = "reader", **asked: Any) -> list[str]:
        return [each["id"] for each in (await self.page(who, **asked))["items"]]

    async def act(
        self, letter: UUID, act: str, who: str = "secret", **body: Any
    ) -> tuple[int, dict[str, Any]]:
        answer = await self.door.http.post(
            f"/v1/dead-letters/{letter}/{act}", json=body, headers=self.door.key(who)
        )
        return answer.status_code, answer.json()


@pytest_asyncio.fixture
async def letters(door: Door) -> AsyncIterator[Letters]:
    stores = Stores(TimelineStore(), MessageStore(), CreditStore(), ExperimentStore())
    recorder = Recorder(stores, Watch())
    subscriptions = [Subscription(EVENTS, lane, recorder.on_facts) for lane in LANES]
    async with AsyncExitStack() as stack:
        dbs: dict[str, Database] = {}
        for name in ("decision", "delivery", "history"):
            db = dbs[name] = await door.databases.open(name)
            stack.push_async_callback(db.close)
            answers = deadletters_desk.endpoints(name, db, clock, subscriptions)
            endpoints = Endpoints(name, door.toys.bus, db, answers)
            await endpoints.start()
            stack.push_async_callback(endpoints.stop)
        yield Letters(door, dbs)


async def test_dead_letter_is_shown_without_what_it_says_about_somebody(letters: Letters) -> None:
    letter = await letters.bury("history")

    (shown,) = (await letters.page())["items"]
    seen = shown.pop("first_seen_at")
    assert shown.pop("last_seen_at") == seen
    assert shown == {
        "id": str(letter),
        "service": "history",
        "stream": "EVENTS",
        "lane": "now",
        "kind": "event_accepted",
        "profile": str(PERSON),
        "error_type": "ValueError",
        "error": "[address] has no time",
        "attempts": 3,
        "trace_id": f"{7:032x}",
    }


async def test_letters_of_all_services_come_newest_first_page_by_page(letters: Letters) -> None:
    buried = [
        str(await letters.bury(name)) for name in ("history", "decision", "history", "delivery")
    ]

    first = await letters.page(limit=3)
    rest = await letters.page(limit=3, cursor=first["next_cursor"])
    assert [each["id"] for each in first["items"] + rest["items"]] == buried[::-1]
    assert "next_cursor" not in rest
    assert await letters.ids(service="history") == [buried[2], buried[0]]


async def test_replayed_fact_is_on_the_timeline_once_and_leaves_the_list(letters: Letters) -> None:
    letter = await letters.bury("history")

    assert await letters.act(letter, "replay") == (
        200,
        {"id": str(letter), "service": "history", "state": "replayed"},
    )
    assert (await letters.act(letter, "replay"))[0] == 409
    async with letters.dbs["history"].worker(readonly=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM timeline WHERE person = $1", PERSON) == 1
    assert await letters.ids() == []


async def test_fact_that_fails_again_stays_with_one_more_attempt(letters: Letters) -> None:
    letter = await letters.bury("history", name="")

    status, told = await letters.act(letter, "replay")
    assert (status, told["attempts"]) == (409, 4)
    (shown,) = (await letters.page())["items"]
    assert shown["attempts"] == 4
    assert shown["last_seen_at"] > shown["first_seen_at"]


async def test_discarding_keeps_the_reason_in_the_audit_trail(letters: Letters) -> None:
    letter = await letters.bury("delivery")

    assert (await letters.act(letter, "discard"))[0] == 422
    status, told = await letters.act(letter, "discard", reason="ticket 123")
    assert (status, told["service"], told["state"]) == (200, "delivery", "discarded")
    assert await letters.ids() == []
    async with letters.door.ctx.db.worker(readonly=True) as tx:
        found = await tx.fetch("SELECT action, status, reason FROM audit_entries ORDER BY id")
    assert [tuple(each) for each in found] == [
        ("POST /v1/dead-letters/{id}/discard", 422, None),
        ("POST /v1/dead-letters/{id}/discard", 200, "ticket 123"),
    ]


async def test_key_sees_and_settles_only_what_is_its_workspaces(letters: Letters) -> None:
    mine, theirs = await letters.bury("history"), await letters.bury("history", workspace=OTHER)

    assert await letters.ids() == [str(mine)]
    assert await letters.ids("other") == [str(theirs)]
    for act, body in (("replay", {}), ("discard", {"reason": "not mine"})):
        assert (await letters.act(theirs, act, **body))[0] == 404
        assert (await letters.act(uuid4(), act, **body))[0] == 404
        assert (await letters.act(mine, act, who="reader", **body))[0] == 403
    assert await letters.ids("other") == [str(theirs)]


async def test_wrong_cursor_and_unknown_service_are_refused(letters: Letters) -> None:
    for asked in ({"cursor": "x"}, {"service": "ingest"}, {"limit": 101}):
        answer = await letters.door.http.get(
            "/v1/dead-letters", params=asked, headers=letters.door.key("reader")
        )
        assert answer.status_code == 422
