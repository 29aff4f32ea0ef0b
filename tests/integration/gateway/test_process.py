"""The gateway as its own process: start, refusal to start, draining, the development clock."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from segment.analytics.client import Client as SegmentClient

from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.topology import ACCEPT
from kit import devclock
from kit.bus.connection import Connection
from kit.bus.rpc import Request
from kit.clock import SystemClock, to_us
from kit.embedded.ports import free_port
from tests.integration.conftest import Databases
from tests.integration.gateway.conftest import SERVICES, Toys

ROOT = Path(__file__).resolve().parents[3]
STARTED_S = 45
"""Generous: test machines are busy."""
WRITE, SECRET = (
    ("kw_write-key-of-this-test", ""),
    {"authorization": "Bearer ks_secret-of-this-test"},
)

pytestmark = pytest.mark.timeout(120)


@dataclass
class Gateway:
    """How to start gateways of this test."""

    env: dict[str, str]
    url: str
    toys: Toys
    children: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, **env: str) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.main",
            cwd=ROOT,
            env=self.env | env,
            stderr=asyncio.subprocess.PIPE,
        )
        self.children.append(child)
        return child

    async def started(self, **env: str) -> asyncio.subprocess.Process:
        """Starts one and waits until it is ready."""
        child = await self.start(**env)
        async with asyncio.timeout(STARTED_S), httpx.AsyncClient() as http:
            while not await self._is_ready(http):
                assert child.returncode is None, "the gateway ended"
                await asyncio.sleep(0.1)
        return child

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


@pytest_asyncio.fixture
async def gateway(databases: Databases, nats_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Everything a gateway process needs."""
    api, worker = databases.dsns["gateway"]
    port = free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KAIROS_")},
        "KAIROS_POSTGRES_API_DSN": api,
        "KAIROS_POSTGRES_WORKER_DSN": worker,
        "KAIROS_NATS_URL": nats_url,
        "KAIROS_DATA": str(tmp_path),
        "KAIROS_GATEWAY_PORT": str(port),
        "KAIROS_LINK_SECRET": "signs links",
        "KAIROS_DEV_WORKSPACE": "fitshop",
        "KAIROS_DEV_WRITE_KEY": WRITE[0],
        "KAIROS_DEV_SECRET_KEY": SECRET["authorization"].removeprefix("Bearer "),
    }
    async with AsyncExitStack() as stack:
        db = await databases.open("gateway")
        stack.push_async_callback(db.close)
        bus = await Connection.open(nats_url, name="toys")
        stack.push_async_callback(bus.close)
        toys = Toys(bus, db)
        toys.says(ACCEPT, lambda _: ingest.AcceptReply(accepted=1).SerializeToString())
        await toys.start(*SERVICES)
        stack.push_async_callback(toys.stop_all)
        found = Gateway(env, f"http://127.0.0.1:{port}", toys)
        yield found
        for child in found.children:
            if child.returncode is None:
                child.kill()
                await child.wait()


async def test_development_workspace_is_there_at_once_and_after_a_restart(
    gateway: Gateway,
) -> None:
    for _ in range(2):
        child = await gateway.started()
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{gateway.url}/v1/track", json={}, auth=WRITE)
            assert answer.content == b'{"success": true}'
            answer = await http.get(f"{gateway.url}/v1/topics", headers=SECRET)
            assert answer.status_code == 200
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), STARTED_S) == 0


async def test_stock_segment_client_is_served(gateway: Gateway) -> None:
    """Unmodified, as an app in production has it: Basic authentication, gzip, retries off."""
    await gateway.started()
    client = SegmentClient(WRITE[0], host=gateway.url, gzip=True, sync_mode=True, max_retries=0)
    await asyncio.to_thread(client.track, "u1", "Order Completed", {"total": 29.9})

    (request,) = gateway.toys.requests(ACCEPT)
    asked = ingest.AcceptRequest.FromString(request.body)
    (item,) = json.loads(asked.body_json)["batch"]
    assert (asked.call, item["event"], item["userId"]) == ("batch", "Order Completed", "u1")


async def test_request_under_way_is_answered_before_the_end(gateway: Gateway) -> None:
    """What ingest has committed is not answered with a broken connection."""
    child = await gateway.started()
    asked = asyncio.Event()

    def slowly(_: Request) -> bytes:
        asked.set()
        child.send_signal(signal.SIGTERM)
        return ingest.AcceptReply(accepted=1).SerializeToString()

    gateway.toys.says(ACCEPT, slowly)
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{gateway.url}/v1/track", json={}, auth=WRITE)

    assert answer.status_code == 200
    assert await asyncio.wait_for(child.wait(), STARTED_S) == 0


async def test_taken_port_is_named_with_its_setting(gateway: Gateway) -> None:
    port = int(gateway.env["KAIROS_GATEWAY_PORT"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        child = await gateway.start()
        _, said = await asyncio.wait_for(child.communicate(), STARTED_S)

    assert child.returncode == 1
    assert f"127.0.0.1:{port}" in said.decode()
    assert "KAIROS_GATEWAY_PORT" in said.decode()


async def test_metrics_name_the_route(gateway: Gateway) -> None:
    await gateway.started()
    async with httpx.AsyncClient() as http:
        await http.get(f"{gateway.url}/v1/topics/tips", headers=SECRET)
        page = (await http.get(f"{gateway.url}/metrics")).text

    assert 'http_route="/v1/topics/{key}"' in page
    assert 'http_response_status_code="404"' in page


async def test_development_clock_moves_everyone(gateway: Gateway) -> None:
    """One wake-up is due in ten days: the clock stops there on its way to thirty."""
    offsets: list[int] = []

    def clock_set(request: Request) -> bytes:
        offsets.append(json.loads(request.body)["offset_us"])
        return b"{}"

    due_us = to_us(SystemClock().now() + timedelta(days=10))

    def clock_status(_: Request) -> bytes:
        is_due = not offsets or offsets[-1] < timedelta(days=9) // timedelta(microseconds=1)
        next_due_us = due_us if is_due else None
        rest: dict[str, object] = {
            "busy": False,
            "next_due_us": next_due_us,
            "tops": [],
            "floors": [],
        }
        return json.dumps(rest).encode()

    await gateway.toys.stop_all()
    for name in SERVICES:
        gateway.toys.says(devclock.set_spec(name), clock_set)
        gateway.toys.says(devclock.status_spec(name), clock_status)
    await gateway.toys.start(*SERVICES, clock=True)
    await gateway.started(KAIROS_DEV_CLOCK="1")
    async with httpx.AsyncClient(base_url=gateway.url, headers=SECRET, timeout=60) as http:
        before = datetime.fromisoformat((await http.get("/v1/dev/clock")).json()["now"])
        answer = await http.post("/v1/dev/clock", json={"advance": "P30D"})
        assert answer.status_code == 200, answer.text
        after = datetime.fromisoformat((await http.get("/v1/dev/clock")).json()["now"])
        assert timedelta(days=30) <= after - before < timedelta(days=30, minutes=2)
        assert answer.json()["steps"] == 1
        assert len(set(offsets)) == 2

        for wrong in ({}, {"advance": "P1M"}, {"to": before.isoformat()}):
            assert (await http.post("/v1/dev/clock", json=wrong)).status_code == 422
