"""Races for one person: caps and answered asks hold whatever runs at once, because of the lock."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
import pytest_asyncio

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from kit.db.database import Tx
from kit.ids import new_id
from services.decision.domain import decisions as decided
from services.decision.handlers.deciding import Decider
from services.decision.handlers.facts import Facts
from services.decision.ports.queries import Store
from services.decision.ports.states import Key, StoredState
from services.decision.store import campaigns, members, queries, runs
from tests.integration.conftest import Databases
from tests.integration.decision.conftest import WORKSPACE, Desk, StillClock, request

CAP, PEOPLE, TRIGGERS, PROCESSES = 3, 200, 20, 4
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP: list[dict[str, Any]] = [
    {"kind": "workspace", "key": "shop", "timezone": "UTC"},
    {"kind": "topic", "key": "tips"},
    {"kind": "template", "key": "hi", "channel": "email", "topic": "tips"},
    {
        "kind": "journey",
        "key": "hello",
        "entry": {"event": "started"},
        "reentry": "every",
        "steps": [{"key": "m", "type": "message", "template": "hi"}],
    },
    {
        "kind": "policy",
        "key": "few",
        "rule": {"type": "cap", "messages": CAP, "within": "P1D"},
    },
]


@pytest_asyncio.fixture
async def desks(databases: Databases) -> AsyncIterator[list[Desk]]:
    """Several decisions on one database, each with connections of its own."""
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(PROCESSES):
            db = await databases.open("decision")
            stack.push_async_callback(db.close)
            found.append(Desk(db, StillClock(START)))
        yield found


async def known_people(desk: Desk, count: int) -> list[UUID]:
    """People with an address who agreed to tips."""
    people = [new_id(desk.clock) for _ in range(count)]
    traits = {"email": "anna@example.com", "timezone": "Europe/Berlin"}
    await desk.deliver(*(desk.fact(person, "", {}, traits) for person in people))
    for person in people:
        await desk.consent(person, "granted")
    return people


def triggers(desk: Desk, people: Iterable[UUID], each: int) -> list[bytes]:
    """So many triggers for each person, in an order of their own."""
    facts = [desk.fact(person, "started", {}) for _ in range(each) for person in people]
    random.Random(7).shuffle(facts)
    return facts


async def sent(desk: Desk) -> Counter[UUID]:
    """How many messages were chosen for each person."""
    async with desk.db.worker(readonly=True) as tx:
        rows = await tx.fetch("SELECT person, decision FROM decisions")
    chosen = (row["person"] for row in rows if decided.decode(row["decision"]).order is not None)
    return Counter(chosen)


# Caps


@pytest.mark.timeout(120)
async def test_cap_holds_for_many_triggers_in_processes_that_are_killed(
    desks: list[Desk], databases: Databases, tmp_path: Path
) -> None:
    """A cap of 3, 200 people, 20 triggers each over 4 processes, each killed twice: none over it.

    It takes some seconds, as Python starts a dozen times.
    """
    desk = desks[0]
    await desk.apply(SHOP)
    people = await known_people(desk, PEOPLE)
    facts = triggers(desk, people, TRIGGERS)
    files = []
    for number in range(PROCESSES):
        file = tmp_path / f"share-{number}"
        file.write_text("\n".join(fact.hex() for fact in facts[number::PROCESSES]))
        files.append(file)

    await asyncio.gather(
        *(_killed_twice(databases, file, kill_after=3 + 4 * n) for n, file in enumerate(files))
    )

    counts = await sent(desk)
    assert set(counts) == set(people)
    assert set(counts.values()) == {CAP}


async def _killed_twice(databases: Databases, file: Path, kill_after: int) -> None:
    """Runs a process over a share until it is done; the first two are killed at work."""
    arguments = (*databases.dsns["decision"], str(file), START.isoformat())
    code: int | None = None
    for life in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.decision.cap_worker", *arguments,
            stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[3],
        )  # fmt: skip
        assert process.stdout is not None
        batches = 0
        while await process.stdout.readline():
            batches += 1
            if life < 2 and batches == kill_after:
                process.kill()
        code = await process.wait()
    assert code == 0


async def test_cap_holds_in_tasks_that_run_at_once(desks: list[Desk]) -> None:
    await desks[0].apply(SHOP)
    people = await known_people(desks[0], 10)

    await _at_once(desks, triggers(desks[0], people, TRIGGERS))

    assert set((await sent(desks[0])).values()) == {CAP}


async def test_without_the_lock_the_cap_is_overrun(desks: list[Desk]) -> None:
    """The mutant of the test above: it shows that the test sees what the lock is for."""
    await desks[0].apply(SHOP)
    people = await known_people(desks[0], 10)
    for desk in desks:
        unlocked = cast("Store", SimpleNamespace(**vars(queries) | {"lock_states": read_only}))
        decider = Decider(unlocked, runs, campaigns, desk.catalogs, desk.clock, desk.models)
        desk.facts = Facts(decider, unlocked, members, runs)

    await _at_once(desks, triggers(desks[0], people, TRIGGERS))

    assert max((await sent(desks[0])).values()) > CAP


async def read_only(tx: Tx, keys: Iterable[Key], now: datetime) -> dict[Key, StoredState]:
    """The rows without FOR UPDATE."""
    return await queries.read_states(tx, keys)


async def _at_once(desks: list[Desk], facts: list[bytes]) -> None:
    async def share(desk: Desk, bodies: list[bytes]) -> None:
        for body in bodies:
            await desk.deliver(body)

    shares = (share(desk, facts[n :: len(desks)]) for n, desk in enumerate(desks))
    await asyncio.gather(*shares)


# Asks

REMINDERS: list[dict[str, Any]] = [
    {"kind": "workspace", "key": "shop", "timezone": "UTC", "compete_again_after": "PT1S"},
    {"kind": "topic", "key": "tips"},
    {"kind": "ask", "key": "rate", "done_when": {"event": "rated"}},
    *(
        document
        for channel in ("email", "sms", "in_app")
        for document in (
            {
                "kind": "template", "key": f"ask-by-{channel.replace('_', '-')}",
                "channel": channel, "topic": "tips", "ask": "rate",
            },
            {
                "kind": "journey", "key": f"remind-{channel.replace('_', '-')}",
                "entry": {"event": "trained"},
                "steps": [
                    {
                        "key": "m", "type": "message",
                        "template": f"ask-by-{channel.replace('_', '-')}",
                    }
                ],
            },
        )
    ),
    {
        "kind": "policy", "key": "night",
        "rule": {"type": "quiet_hours", "from": "11:00", "to": "13:00"},
    },
]  # fmt: skip


async def reminded(desk: Desk) -> UUID:
    """Somebody for whom three reminders on three channels wait until one o'clock."""
    await desk.apply(REMINDERS)
    person = new_id(desk.clock)
    traits = {"email": "a@example.com", "phone": "+491701234567", "timezone": "UTC"}
    await desk.deliver(desk.fact(person, "", {}, traits))
    change = consent_pb2.PermissionChanged(
        part=consent_pb2.PERMISSION_PART_CONSENT,
        status=consent_pb2.PERMISSION_STATUS_GRANTED,
    )
    body = service_pb2.ChangePermissionRequest(person=person.bytes, change=change)
    async with desk.db.api(WORKSPACE) as tx:
        await desk.permission.on_change(tx, request(body.SerializeToString()))
    await desk.event(person, "trained")
    assert await desk.ordered() == []
    desk.clock.pass_by(hours=1)
    return person


async def granted(desk: Desk, person: UUID, orders: Iterable[Fact]) -> int:
    answers = [await desk.permit(person, one.message_ordered.message_id) for one in orders]
    return sum(answer.granted for answer in answers)


async def test_answered_ask_silences_reminders_that_wait_on_three_channels(
    desks: list[Desk],
) -> None:
    """None of them goes out, whichever journey and channel it came from."""
    desk = desks[0]
    person = await reminded(desk)
    await desk.event(person, "rated")
    while await desk.wakeups.step_due():
        pass

    assert await desk.ordered() == []
    reasons = [f.decision_made.reason for f in await desk.outgoing() if f.HasField("decision_made")]
    assert reasons.count("ask_done") == 3


@pytest.mark.parametrize("attempt", range(5))
async def test_answer_that_races_the_reminders_leaves_none_to_send(
    desks: list[Desk], attempt: int
) -> None:
    """Chosen before the answer, they are refused their permit; after it, they are not chosen."""
    person = await reminded(desks[0])
    for desk in desks:
        desk.clock = StillClock(desks[0].clock.now())
        desk.__post_init__()
    body = desks[0].fact(person, "rated", {})

    async def wake(desk: Desk) -> None:
        while await desk.wakeups.step_due():
            pass

    async def answer() -> None:
        await asyncio.sleep(0.002 * attempt)
        await desks[3].deliver(body)

    await asyncio.gather(*(wake(desk) for desk in desks[:3]), answer())

    assert await granted(desks[0], person, await desks[0].ordered()) == 0
