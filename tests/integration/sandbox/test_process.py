"""The sandbox as a process: killed, stopped, started where it cannot be."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def process(data: Path, port: int, smtp_port: int) -> AsyncIterator[Process]:
    """A sandbox process; killed at the end of the block unless it has ended."""
    env = os.environ | {
        "KAIROS_DATA": str(data),
        "KAIROS_SANDBOX_PORT": str(port),
        "KAIROS_SANDBOX_SMTP_PORT": str(smtp_port),
        "KAIROS_PUBLIC_URL": "",
    }
    command = (sys.executable, "-m", "sandbox.main")
    started = await asyncio.create_subprocess_exec(*command, env=env, stderr=PIPE)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def ready(session: aiohttp.ClientSession) -> None:
    """Waits until the sandbox answers."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get("/healthz") as response:
                    assert response.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def test_killed_sandbox_remembers_every_acceptance_it_answered(tmp_path: Path) -> None:
    port, answered = free_port(), set[str]()

    async def send(session: aiohttp.ClientSession, sender: int) -> None:
        for number in range(10_000):
            body = {"to": "1", "text": "x" * 2000, "message_id": f"{sender}-{number}"}
            async with session.post("/v1/sms", json=body) as response:
                await response.read()
                answered.add(body["message_id"])

    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with process(tmp_path, port, free_port()) as sandbox:
            await ready(session)
            sends = asyncio.gather(*(send(session, n) for n in range(8)), return_exceptions=True)
            await asyncio.sleep(0.5)
            sandbox.kill()
            await sends
        async with process(tmp_path, port, free_port()):
            await ready(session)
            async with session.get("/ledger?limit=10000&brief=1") as response:
                items = (await response.json())["items"]

    found = {item["message_id"] for item in items if item["accepted"]}
    assert len(answered) > 50
    assert answered <= found
    assert len(found) <= len(answered) + 8


async def test_stopped_sandbox_ends_well(tmp_path: Path) -> None:
    port = free_port()
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        process(tmp_path, port, free_port()) as sandbox,
    ):
        await ready(session)
        sandbox.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(sandbox.wait(), 10) == 0


async def test_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for ports, setting in (
            ((port, free_port()), "KAIROS_SANDBOX_PORT"),
            ((free_port(), port), "KAIROS_SANDBOX_SMTP_PORT"),
        ):
            async with process(tmp_path, *ports) as sandbox:
                _, said = await asyncio.wait_for(sandbox.communicate(), 20)
            assert sandbox.returncode == 2
            assert f"Port {port}" in said.decode()
            assert said.decode().rstrip().endswith(setting)
