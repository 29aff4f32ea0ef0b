"""Delivery with everything real around it but decision: Postgres, NATS, the sandbox's providers."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import pytest_asyncio

from contracts.gen.kairos.bus.v1.fact_pb2 import Envelope, Fact
from contracts.gen.kairos.catalog.v1.catalog_pb2 import Document
from contracts.gen.kairos.decision.v1.service_pb2 import (
    CatalogReply,
    CatalogRequest,
    PermitAnswer,
    PermitReply,
    PermitRequest,
)
from contracts.gen.kairos.decisions.v1.decision_pb2 import MessageOrdered
from contracts.gen.kairos.delivery.v1.service_pb2 import MessageReply, MessageRequest
from contracts.topology import CATALOG, DECISIONS, DELIVERIES, MESSAGE, PERMIT
from kit.bus.connection import Connection
from kit.bus.relay import Relay
from kit.bus.rpc import Caller, Endpoint, Endpoints, Request
from kit.bus.spec import OutgoingFact
from kit.bus.streams import ensure_streams
from kit.clock import ShiftedClock, to_us
from kit.db.database import Database, Tx
from kit.embedded.nats import EmbeddedNats
from kit.errors import Unavailable
from kit.ids import new_id, partition_of
from kit.service import Service, _serve
from sandbox.main import running as running_sandbox
from sandbox.settings import Settings as SandboxSettings
from services.delivery.main import compose
from tests.integration.conftest import Databases
from tests.integration.sandbox.conftest import Running as Sandbox

WORKSPACE = "fitshop"
WEBHOOK_SECRET = "whsec_a2Fpcm9zLWthaXJvcy1rYWlyb3MtdGVzdA=="
TEMPLATE: dict[str, Any] = {
    "kind": "template",
    "key": "welcome",
    "channel": "email",
    "topic": "tips",
    "content": {
        "de": {
            "subject": "Hallo {{ profile.first_name }}",
            "html": '<p>Schön, {{ profile.first_name }}!</p><a href="{{ unsubscribe_url }}">Ab</a>',
        }
    },
}


def _document(body: dict[str, Any]) -> Document:
    key, text = str(body["key"]), json.dumps({"kind": "provider", **body})
    return Document(kind="provider", key=key, revision=1, body_json=text.encode())


async def eventually(holds: Callable[[], Awaitable[bool]], what: str, within_s: float = 15) -> None:
    """Waits until something holds."""
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.02)
    assert what


@dataclass
class Decision:
    """Stands in for decision on the real bus: orders messages, answers permits and templates."""

    db: Database
    clock: ShiftedClock
    refuse: str = ""
    away: bool = False
    delay_s: float = 0.0
    templates: dict[str, dict[str, Any]] = field(default_factory=lambda: {"welcome": TEMPLATE})
    providers: list[dict[str, Any]] = field(default_factory=list)
    permits_asked: list[int] = field(default_factory=list)
    templates_asked: int = 0

    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(PERMIT, self.permit), Endpoint(CATALOG, self.catalog)]

    async def permit(self, request: Request) -> bytes:
        questions = PermitRequest.FromString(request.body).questions
        self.permits_asked.append(len(questions))
        if self.away:
            raise Unavailable("decision is away")
        delay_s, self.delay_s = self.delay_s, 0.0
        await asyncio.sleep(delay_s)
        answers = [PermitAnswer(granted=not self.refuse, reason=self.refuse) for _ in questions]
        return PermitReply(answers=answers).SerializeToString()

    async def catalog(self, tx: Tx, request: Request) -> bytes:
        asked = CatalogRequest.FromString(request.body)
        if asked.kind == "provider":
            return CatalogReply(
                documents=[_document(each) for each in self.providers]
            ).SerializeToString()
        self.templates_asked += 1
        found = self.templates.get(asked.key)
        documents = (
            [
                Document(
                    kind="template", key=asked.key, revision=1, body_json=json.dumps(found).encode()
                )
            ]
            if found
            else []
        )
        return CatalogReply(revision=asked.revision, documents=documents).SerializeToString()

    async def order(self, count: int = 1, lane: str = "now", **changed: Any) -> list[UUID]:
        """Orders messages to people; returns their ids."""
        made = [self.fact(lane, **changed) for _ in range(count)]
        await self.say([fact for _, fact in made])
        return [message_id for message_id, _ in made]

    async def say(self, facts: Sequence[OutgoingFact]) -> None:
        """Commits facts; the relay publishes them."""
        async with self.db.worker() as tx:
            for fact in facts:
                tx.emit(fact)

    def fact(self, lane: str = "now", **changed: Any) -> tuple[UUID, OutgoingFact]:
        """An order as decision would emit it."""
        person, message_id = new_id(self.clock), new_id(self.clock)
        now = self.clock.now()
        valid_for: timedelta = changed.pop("valid_for", timedelta(hours=1))
        traceparent = changed.pop("traceparent", "")
        given: dict[str, Any] = {
            "message_id": message_id.bytes,
            "decision_id": new_id(self.clock).bytes,
            "template": "welcome",
            "catalog_revision": 1,
            "channel": "email",
            "endpoint": f"p{person.hex}@example.com",
            "topic": "tips",
            "message_class": "marketing",
            "locale": "de",
            "variables_json": b'{"profile": {"first_name": "Anna"}}',
            "ordered_at_us": to_us(now),
            "valid_until_us": to_us(now + valid_for),
            "basis": "consent",
        }
        ordered = MessageOrdered(**given | changed)
        fact = Fact(
            id=new_id(self.clock).bytes,
            workspace=WORKSPACE,
            person=person.bytes,
            recorded_at_us=to_us(now),
            traceparent=traceparent,
            message_ordered=ordered,
        )
        partition = partition_of(person, DECISIONS.partitions)
        return message_id, OutgoingFact(DECISIONS.name, lane, partition, fact.SerializeToString())


@dataclass
class Office:
    """What stands around delivery, and delivery itself, once started."""

    databases: Databases
    nats_url: str
    sandbox: Sandbox
    sandbox_port: int
    decision: Decision
    caller: Caller
    clock: ShiftedClock
    admin: asyncpg.Connection
    data: Path

    def env(self, provider: str, **more: str) -> dict[str, str]:
        """The environment of a delivery process."""
        api, worker = self.databases.dsns["delivery"]
        return {
            "KAIROS_POSTGRES_API_DSN": api,
            "KAIROS_POSTGRES_WORKER_DSN": worker,
            "KAIROS_NATS_URL": self.nats_url,
            "KAIROS_DEV_CLOCK": "1",
            "KAIROS_DELIVERY_EMAIL_PROVIDER": provider,
            "KAIROS_DELIVERY_SMTP_URL": f"smtp://127.0.0.1:{self.sandbox.smtp_port}",
            "KAIROS_DELIVERY_HTTP_URL": f"http://127.0.0.1:{self.sandbox_port}",
            "KAIROS_DELIVERY_TTL_S": "1.5",
            "KAIROS_DELIVERY_BEAT_S": "0.1",
            "KAIROS_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "KAIROS_LINK_SECRET": "link-secret",
            "KAIROS_PUBLIC_URL": "http://kairos.example",
            "KAIROS_LOG_LEVEL": "WARNING",
            **more,
        }

    @asynccontextmanager
    async def delivery(self, provider: str = "http", **more: str) -> AsyncIterator[None]:
        """A delivery process in this event loop; drains at the end."""
        stop = asyncio.Event()
        db = await self.databases.open("delivery")
        bus = await Connection.open(self.nats_url, name="delivery")
        try:
            service = Service(
                "delivery", self.env(provider, **more), self.clock, db, bus, Caller(bus)
            )
            parts = await compose(service)
            await ensure_streams(bus, parts.streams)
            serving = asyncio.create_task(_serve("delivery", parts, self.clock, db, bus, stop))
            try:
                yield
            finally:
                stop.set()
                await serving
        finally:
            await bus.close()
            await db.close()

    @asynccontextmanager
    async def process(self, provider: str = "http") -> AsyncIterator[asyncio.subprocess.Process]:
        """A real process of its own; killed at the end if it still lives."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.delivery.main",
            env={**os.environ, **self.env(provider)},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            await process.wait()

    async def states(self) -> dict[UUID, str]:
        """Message -> state."""
        rows = await self.admin.fetch("SELECT message_id, state FROM delivery.messages")
        return {row["message_id"]: row["state"] for row in rows}

    async def settled(self, messages: Sequence[UUID], within_s: float = 20) -> dict[UUID, str]:
        """The final states of these messages."""
        final = {"accepted", "rejected", "unknown", "expired", "cancelled"}

        async def all_final() -> bool:
            states = await self.states()
            return all(states.get(each) in final for each in messages)

        await eventually(all_final, "messages are final", within_s)
        states = await self.states()
        return {each: states[each] for each in messages}

    async def facts(self) -> list[Fact]:
        """Everything delivery has said, in order."""
        rows = await self.admin.fetch("SELECT body FROM delivery.outbox ORDER BY position")
        return [fact for row in rows for fact in Envelope.FromString(row["body"]).facts]

    async def message(self, message_id: UUID, workspace: str = WORKSPACE) -> MessageReply:
        """Delivery's own answer."""
        body = MessageRequest(message_id=message_id.bytes).SerializeToString()
        return MessageReply.FromString(await self.caller.call(MESSAGE, workspace, body))


@pytest_asyncio.fixture
async def office(
    databases: Databases, nats_server: EmbeddedNats, tmp_path: Path
) -> AsyncIterator[Office]:
    """Everything but delivery is running."""
    clock = ShiftedClock()
    async with AsyncExitStack() as stack:
        settings = SandboxSettings(port=0, smtp_port=0, data=tmp_path, receipts=False)
        up = await stack.enter_async_context(running_sandbox(settings))
        base = f"http://127.0.0.1:{up.http_port}"
        http = await stack.enter_async_context(aiohttp.ClientSession(base))
        bus = await Connection.open(nats_server.url, name="decision")
        stack.push_async_callback(bus.close)
        await ensure_streams(bus, (DECISIONS, DELIVERIES))
        db = await databases.open("decision")
        stack.push_async_callback(db.close)
        relay = Relay(bus, db, (DECISIONS,), clock)
        db.on_facts(relay.wake)
        stop = asyncio.Event()
        relaying = asyncio.create_task(relay.run(stop))
        decision = Decision(db, clock)
        endpoints = Endpoints("decision", bus, db, decision.endpoints())
        await endpoints.start()
        admin = await asyncpg.connect(databases.admin_dsn)
        stack.push_async_callback(admin.close)
        yield Office(
            databases,
            nats_server.url,
            Sandbox(http, up.smtp_port),
            up.http_port,
            decision,
            Caller(bus),
            clock,
            admin,
            tmp_path,
        )
        await endpoints.stop()
        stop.set()
        await relaying
