"""The gateway on a real Postgres and nats-server, with toy services that say what they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import httpx
import msgspec
import pytest
import pytest_asyncio

from contracts import topology
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from gateway import app, auth
from gateway.context import Context
from gateway.courier import Courier
from gateway.erasing import Erasures
from gateway.limits import InFlight, Rate
from gateway.optouts import OptOuts
from gateway.settings import Settings
from gateway.store import keys as store
from gateway.usertokens import UserTokens
from gateway.writes import Writes
from kit import devclock
from kit.bus.connection import Connection
from kit.bus.rpc import Caller, Endpoint, Endpoints, Request
from kit.bus.spec import EndpointSpec
from kit.clock import SystemClock
from kit.db.database import Database
from kit.embedded.nats import EmbeddedNats
from kit.errors import KairosError
from kit.ids import new_id
from tests.integration.conftest import Databases

WORKSPACE, OTHER = "fitshop", "othershop"
KEYS = {
    "write": (WORKSPACE, "write-server", []),
    "browser": (WORKSPACE, "write-browser", []),
    "secret": (WORKSPACE, "secret", ["admin"]),
    "reader": (WORKSPACE, "secret", ["read"]),
    "other": (OTHER, "secret", ["admin"]),
}
LINK_SECRET = "signs the links of these tests"
clock = SystemClock()

Answer = Callable[[Request], bytes]


@dataclass
class Toys:
    """The four services: what each was asked, and what it says."""

    bus: Connection
    db: Database
    asked: dict[str, list[Request]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    _running: dict[str, Endpoints] = field(default_factory=dict)

    async def start(self, *services: str, clock: bool = False) -> None:
        """Starts these services; with the development clock if asked."""
        for name in services:
            specs = [spec for spec in topology.ENDPOINTS if spec.service == name]
            specs.append(EndpointSpec(name, "metrics", "plain", timeout_s=1.0))
            if clock:
                specs += [devclock.set_spec(name), devclock.status_spec(name)]
            endpoints = [self._endpoint(spec) for spec in specs]
            self._running[name] = Endpoints(name, self.bus, self.db, endpoints)
            await self._running[name].start()

    async def stop(self, *services: str) -> None:
        """Stops these services: then nobody answers."""
        for name in services:
            await self._running.pop(name).stop()

    async def stop_all(self) -> None:
        await self.stop(*self._running)

    def says(self, spec: EndpointSpec, answer: Answer) -> None:
        """From now on the service answers like this; raise an error to answer with it."""
        self.answers[spec.method] = answer

    def requests(self, spec: EndpointSpec) -> list[Request]:
        """What the service was asked so far."""
        return self.asked.get(spec.method, [])

    def _endpoint(self, spec: EndpointSpec) -> Endpoint:
        if spec.method == topology.ACCEPT_MANY.method:
            return Endpoint(replace(spec, mode="plain"), self._accept_many)

        async def handle(request: Request) -> bytes:
            self.asked.setdefault(spec.method, []).append(request)
            return self.answers.get(spec.method, nothing)(request)

        return Endpoint(replace(spec, mode="plain"), handle)

    async def _accept_many(self, request: Request) -> bytes:
        """Answers each call as the toy answers `accept`."""
        self.asked.setdefault("accept_many", []).append(request)
        outcomes = []
        for each in ingest.AcceptManyRequest.FromString(request.body).requests:
            alone = replace(request, body=each.SerializeToString())
            self.asked.setdefault("accept", []).append(alone)
            try:
                reply = ingest.AcceptReply.FromString(self.answers.get("accept", nothing)(alone))
                outcomes.append(ingest.AcceptOutcome(reply=reply))
            except KairosError as error:
                problem = msgspec.json.encode(error.problem())
                outcomes.append(ingest.AcceptOutcome(problem_json=problem))
        return ingest.AcceptManyReply(outcomes=outcomes).SerializeToString()


def nothing(_: Request) -> bytes:
    """An empty message of whatever type."""
    return b""


@dataclass(frozen=True)
class Door:
    """The gateway as a client meets it."""

    http: httpx.AsyncClient
    ctx: Context
    toys: Toys
    databases: Databases

    def key(self, name: str) -> dict[str, str]:
        """The header that carries a key."""
        return {"authorization": f"Bearer {name}-key"}


SERVICES = ("ingest", "decision", "delivery", "history")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """One server for all tests of the gateway: each starts and stops its own toys."""
    async with EmbeddedNats(tmp_path_factory.mktemp("nats")) as server:
        yield server.url


@pytest_asyncio.fixture
async def door(databases: Databases, nats_url: str) -> AsyncIterator[Door]:
    """A gateway with keys of two workspaces and all four services answering."""
    async with AsyncExitStack() as stack:
        db = await databases.open("gateway")
        stack.push_async_callback(db.close)
        bus = await Connection.open(nats_url, name="gateway")
        stack.push_async_callback(bus.close)
        toys_bus = await Connection.open(nats_url, name="toys")
        stack.push_async_callback(toys_bus.close)
        toys = Toys(toys_bus, db)
        toys.says(topology.ACCEPT, lambda _: ingest.AcceptReply(accepted=1).SerializeToString())
        toys.says(
            topology.CHANGE_PERMISSION,
            lambda _: decision.ChangePermissionReply(changed=True).SerializeToString(),
        )
        await toys.start(*SERVICES)
        stack.push_async_callback(toys.stop_all)
        await _store_keys(db)
        ctx = _context(db, bus)
        transport = httpx.ASGITransport(app.serve(ctx), client=("192.0.2.7", 40000))
        http = httpx.AsyncClient(transport=transport, base_url="http://gateway")
        await stack.enter_async_context(http)
        yield Door(http, ctx, toys, databases)


@pytest_asyncio.fixture
async def relaying(door: Door) -> AsyncIterator[None]:
    """The task that relays opt-outs is running."""
    stop = asyncio.Event()
    task = asyncio.create_task(door.ctx.optouts.relay(stop))
    yield
    stop.set()
    await task


def _context(db: Database, bus: Connection) -> Context:
    caller = Caller(bus)
    return Context(
        settings=Settings(link_secret=LINK_SECRET),
        clock=clock,
        db=db,
        bus=bus,
        caller=caller,
        keys=auth.Keys(db, clock, cache_s=5.0),
        rate=Rate(clock, 5000),
        in_flight=InFlight(100),
        writes=Writes(db, clock),
        optouts=OptOuts(db, caller, bus, clock),
        erasures=Erasures(db, caller, bus, clock),
        courier=Courier(caller, clock),
        user_tokens=UserTokens(db, clock, cache_s=5.0),
        coordinator=None,
    )


async def _store_keys(db: Database) -> None:
    for name, (workspace, kind, scopes) in KEYS.items():
        async with db.api(workspace) as tx:
            await store.ensure_workspace(tx, workspace, clock.now())
            text = f"{name}-key"
            key = store.NewKey(
                workspace, new_id(clock), text[:8], kind, scopes, auth.key_hash(text)
            )
            await store.ensure_key(tx, key, clock.now())
