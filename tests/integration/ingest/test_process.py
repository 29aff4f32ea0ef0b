"""Ingest as a process: over the bus, killed and started again, with history listening."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from contracts.gen.kairos.events.v1.event_pb2 import KEY_KIND_SERVER
from contracts.gen.kairos.history.v1.service_pb2 import TimelineReply, TimelineRequest
from contracts.gen.kairos.ingest.v1 import service_pb2
from contracts.topology import ACCEPT, PROFILE, TIMELINE
from kit.bus.connection import Connection
from kit.bus.rpc import Caller
from kit.embedded.nats import EmbeddedNats
from kit.errors import Malformed, Unavailable
from tests.integration.conftest import Databases
from tests.integration.ingest.conftest import WORKSPACE, Desk, track

ROOT = Path(__file__).parents[3]


class Processes:
    """The services this test runs, and the question side of the bus."""

    def __init__(self, databases: Databases, nats_url: str, data: Path) -> None:
        self._databases = databases
        self._nats_url = nats_url
        self._data = data
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, service: str) -> None:
        """Starts a service; `ask` waits for it."""
        api, worker = self._databases.dsns[service]
        self._running[service] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{service}.main",
            cwd=ROOT,
            env=os.environ
            | {
                "KAIROS_POSTGRES_API_DSN": api,
                "KAIROS_POSTGRES_WORKER_DSN": worker,
                "KAIROS_NATS_URL": self._nats_url,
                "KAIROS_DATA": str(self._data),
                "KAIROS_LOG_LEVEL": "WARNING",
                "KAIROS_ERASURE_SECRET": "a secret of the tests",
            },
        )

    async def end(self, service: str, number: signal.Signals) -> int:
        """Sends the signal and waits; returns the exit code."""
        process = self._running.pop(service)
        process.send_signal(number)
        async with asyncio.timeout(20):
            return await process.wait()

    async def end_all(self) -> None:
        for service in list(self._running):
            await self.end(service, signal.SIGKILL)


class Client:
    """A caller that tries again until it has an answer, as client libraries do."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.failures = 0

    async def send(self, *items: dict[str, object]) -> service_pb2.AcceptReply:
        """A batch, sent until it is answered."""
        asked = service_pb2.AcceptRequest(
            call="batch",
            body_json=json.dumps({"batch": items}).encode(),
            key_kind=KEY_KIND_SERVER,
        )
        while True:
            try:
                return await self.ask(asked)
            except Unavailable:
                self.failures += 1
                await asyncio.sleep(0.05)

    async def ask(self, asked: service_pb2.AcceptRequest) -> service_pb2.AcceptReply:
        """A request, sent once."""
        body = asked.SerializeToString()
        answer = await self._caller.call(ACCEPT, WORKSPACE, body, timeout_s=2)
        return service_pb2.AcceptReply.FromString(answer)

    async def person(self, ref: str) -> UUID:
        """The id of a profile."""
        asked = service_pb2.ProfileRequest(ref=ref).SerializeToString()
        answer = await self._caller.call(PROFILE, WORKSPACE, asked)
        return UUID(bytes=service_pb2.ProfileReply.FromString(answer).profile.id)

    async def timeline(self, person: UUID, at_least: int) -> TimelineReply:
        """The newest 200 items, once there are as many as expected."""
        asked = TimelineRequest(persons=[person.bytes], limit=200).SerializeToString()
        while True:
            with contextlib.suppress(Unavailable):
                page = TimelineReply.FromString(await self._caller.call(TIMELINE, WORKSPACE, asked))
                if len(page.items) >= at_least:
                    return page
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def processes(
    databases: Databases, nats_server: EmbeddedNats, tmp_path: Path
) -> AsyncIterator[Processes]:
    running = Processes(databases, nats_server.url, tmp_path)
    try:
        yield running
    finally:
        await running.end_all()


@pytest_asyncio.fixture
async def client(nats_server: EmbeddedNats) -> AsyncIterator[Client]:
    connection = await Connection.open(nats_server.url, name="test")
    try:
        yield Client(Caller(connection))
    finally:
        await connection.close()


@pytest.mark.timeout(120)
async def test_accepted_event_reaches_the_timeline(processes: Processes, client: Client) -> None:
    """Over the bus and back; an error keeps its type and its place on the way."""
    await processes.start("ingest")
    await processes.start("history")
    reply = await client.send(track("m-1", properties={"total": 3}), {"type": "track"})
    person = await client.person("user:anna")
    (item,) = (await client.timeline(person, 1)).items

    assert (reply.accepted, [each.index for each in reply.refused]) == (1, [1])
    assert (item.kind, item.name, item.data_json) == ("event", "Seen", b'{"total":3}')
    with pytest.raises(Malformed):
        await client.ask(service_pb2.AcceptRequest(call="track"))
    assert await processes.end("ingest", signal.SIGTERM) == 0
    assert await processes.end("history", signal.SIGTERM) == 0


@pytest.mark.timeout(180)
async def test_killed_ingest_stores_each_event_once(
    processes: Processes, client: Client, desk: Desk
) -> None:
    """Overlapping batches from sixteen clients that try again, and three kills in between."""
    await processes.start("ingest")
    await processes.start("history")
    await client.send(track("first"))

    async def play(number: int) -> None:
        for step in range(12):
            messages = {f"m-{(number // 2) * 12 + step}-{part}" for part in range(3)}
            await client.send(*(track(each, f"u{number % 3}") for each in sorted(messages)))

    playing = asyncio.gather(*(play(number) for number in range(16)))
    for _ in range(3):
        await asyncio.sleep(0.4)
        await processes.end("ingest", signal.SIGKILL)
        await processes.start("ingest")
    await playing

    stored = await desk.rows("SELECT message_id, count(*) FROM events GROUP BY message_id")
    assert {row["count"] for row in stored} == {1}
    assert len(stored) == 8 * 12 * 3 + 1
    assert client.failures > 0
    counters = await desk.rows("SELECT workspace, id, last_seq FROM profiles")
    for row in counters:
        page = await client.timeline(row["id"], min(row["last_seq"], 200))
        assert len({item.id for item in page.items}) == min(row["last_seq"], 200)
