"""No permit before the opt-outs are taken in that the gateway kept, on a real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.topology import DRAIN_OPTOUTS, OPTOUTS_KEPT
from kit.bus.connection import Connection
from kit.bus.rpc import Caller, Endpoint, Endpoints, Request
from kit.embedded.nats import EmbeddedNats
from kit.errors import Unavailable
from kit.ids import new_id
from services.decision.handlers.optouts import OptOutGate
from services.decision.handlers.permits import Permits
from services.decision.store import queries as store
from tests.integration.conftest import Databases
from tests.integration.decision.conftest import WORKSPACE, Desk, request

SLOW_S = 10.0


@dataclass
class ToyGateway:
    """Drains for as long as it likes."""

    asked: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def on_drain(self, _: Request) -> bytes:
        self.asked += 1
        await self.may_answer.wait()
        return b""


@dataclass
class World:
    """A gate, the bus it hangs on, and a gateway that is not there yet."""

    gate: OptOutGate
    bus: Connection
    gateway: ToyGateway
    endpoints: Endpoints

    def is_open(self) -> bool:
        try:
            self.gate.check()
        except Unavailable:
            return False
        return True


@pytest_asyncio.fixture
async def world(databases: Databases, nats_server: EmbeddedNats) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        db = await databases.open("gateway")
        stack.push_async_callback(db.close)
        bus = await Connection.open(nats_server.url, name="decision")
        stack.push_async_callback(bus.close)
        gateway = ToyGateway()
        gate = OptOutGate(Caller(bus), bus)
        endpoints = Endpoints("gateway", bus, db, [Endpoint(DRAIN_OPTOUTS, gateway.on_drain)])
        stop = asyncio.Event()
        running = asyncio.create_task(gate.run(stop))
        yield World(gate, bus, gateway, endpoints)
        gateway.may_answer.set()
        stop.set()
        await running
        await endpoints.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SLOW_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_gate_is_shut_until_a_gateway_has_drained(world: World) -> None:
    """Fail closed: also while there is no gateway to ask."""
    await asyncio.sleep(0.3)
    assert not world.is_open()
    await world.endpoints.start()
    await until(lambda: world.gateway.asked > 0)
    assert not world.is_open()

    world.gateway.may_answer.set()
    await until(world.is_open)


async def test_opt_out_kept_later_shuts_it_until_it_is_drained(world: World) -> None:
    """The gateway says so before it answers the person."""
    world.gateway.may_answer.set()
    await world.endpoints.start()
    await until(world.is_open)
    world.gateway.may_answer.clear()
    asked = world.gateway.asked

    await world.bus.publish(OPTOUTS_KEPT)
    await until(lambda: world.gateway.asked > asked)
    assert not world.is_open()
    world.gateway.may_answer.set()
    await until(world.is_open)


async def test_opt_out_kept_while_draining_is_drained_too(world: World) -> None:
    """The answer under way may not know of it yet."""
    await world.endpoints.start()
    await until(lambda: world.gateway.asked == 1)
    await world.bus.publish(OPTOUTS_KEPT)
    await world.bus.round_trip()

    world.gateway.may_answer.set()
    await until(world.is_open)
    assert world.gateway.asked == 2


async def test_shut_gate_answers_no_permit(desk: Desk, world: World) -> None:
    """Delivery asks again; nothing is granted or refused meanwhile."""
    permits = Permits(desk.decider, store, desk.catalogs, desk.db, desk.clock, world.gate)
    question = service_pb2.PermitQuestion(
        workspace=WORKSPACE, person=new_id(desk.clock).bytes, message_id=new_id(desk.clock).bytes
    )
    body = service_pb2.PermitRequest(questions=[question]).SerializeToString()

    with pytest.raises(Unavailable):
        await permits.on_permit(request(body))
