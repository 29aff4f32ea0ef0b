"""The supervisor: nothing is left behind, nothing accepted is lost, nobody is started twice."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import nats
import pytest

from kit.embedded import processes
from kit.embedded.child import Program
from kit.embedded.errors import AlreadyRunning, PortTaken, StartFailed
from kit.embedded.ports import free_port, require_free
from kit.embedded.supervisor import Backing, System
from tests.integration.embedded.small_system import living, program, stranger, two_tiers

pytestmark = pytest.mark.timeout(45)
SCRIPT = Path(__file__).with_name("small_system.py")
NAMES = ["inner", "nats", "outer", "postgres"]


@contextlib.contextmanager
def supervisor(data: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor of its own, once everything serves; ended afterwards."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), str(data)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.terminate()


async def gone(data: Path) -> bool:
    """Whether every process of `data` ends within five seconds."""
    for _ in range(250):
        if not living(data):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_stop_drains_the_outer_first_and_leaves_nothing(data: Path) -> None:
    """Pid files name what runs; afterwards there is neither a process nor a pid file."""
    async with System(data, two_tiers) as system:
        run = system.home.run
        assert processes.names(run) == sorted([*NAMES, "supervisor"])
        for name in NAMES:
            assert processes.recorded(run, name) == system.child(name).pid
    assert (data / "ended").read_text().split() == ["outer", "inner"]
    assert processes.names(run) == []
    assert living(data) == {}


async def test_killed_tree_starts_again_with_all_it_had_accepted(data: Path) -> None:
    """kill -9 of everything there is a pid file for: a row and a published fact stay."""
    with supervisor(data):
        postgres_dsn, nats_url = (data / "addresses").read_text().split()
        connection = await asyncpg.connect(postgres_dsn)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        client = await nats.connect(nats_url)
        await client.jetstream().add_stream(name="FACTS", subjects=["facts"])
        await client.jetstream().publish("facts", b"one")
        await client.close()
        pids = [processes.recorded(data / "run", name) for name in processes.names(data / "run")]
        assert len(pids) == len(NAMES) + 1
        for pid in filter(None, pids):
            os.kill(pid, signal.SIGKILL)
        connection.terminate()
    assert await gone(data)

    async with System(data, two_tiers) as system:
        connection = await asyncpg.connect(system.backing.postgres_dsn)
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
        client = await nats.connect(system.backing.nats_url)
        assert (await client.jetstream().stream_info("FACTS")).state.messages == 1
        await client.close()


async def test_killed_supervisor_takes_everything_with_it(data: Path) -> None:
    """The kernel ends the children of a supervisor that dies by kill -9."""
    with supervisor(data) as process:
        assert len(living(data)) > len(NAMES)
        process.kill()
    assert await gone(data)


async def test_leftover_of_a_killed_tree_is_ended_but_no_stranger(data: Path) -> None:
    """A pid file is believed only if the process began when the file says."""
    run = data / "run"
    run.mkdir(parents=True)
    with stranger() as leftover, stranger() as other:
        processes.record(run, "inner", leftover.pid)
        processes.record(run, "outer", other.pid)
        (run / "outer.started").write_text("another boot 1")
        async with System(data, two_tiers):
            assert leftover.poll() == -signal.SIGKILL
            assert other.poll() is None


async def test_crashed_process_comes_back(data: Path) -> None:
    """Servers too, on the address they had."""
    async with System(data, two_tiers) as system:
        backing = system.backing
        for name in NAMES:
            before = system.child(name).pid
            system.kill(name, signal.SIGKILL)
            await system.child(name).exited()
            await system.wait_ready(name)
            assert system.child(name).pid not in (None, before)
        assert system.backing == backing
        connection = await asyncpg.connect(backing.postgres_dsn)
        await connection.close()


async def test_second_copy_refuses_and_names_the_first(data: Path) -> None:
    """It says whose data it is, how to stop that one and how to run beside it."""
    with supervisor(data) as process:
        with pytest.raises(AlreadyRunning) as error:
            await System(data, two_tiers).start()
        said = str(error.value)
        assert f"pid {process.pid}" in said
        assert "kairos down --data" in said
        assert "--port N" in said
        assert processes.recorded(data / "run", "supervisor") == process.pid, "it still runs"


async def test_refused_preflight_leaves_nothing(data: Path) -> None:
    """A taken port is found before Postgres is started."""
    port = free_port()

    async def look() -> None:
        require_free(port, "gateway", "choose another with --port N")

    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with server:
        with pytest.raises(PortTaken, match=f"port {port} \\(gateway\\)"):
            await System(data, two_tiers, preflight=look).start()
    assert living(data) == {}
    assert not (data / "postgres").exists()


async def test_process_that_never_starts_fails_with_its_log(data: Path) -> None:
    """The start ends with the program's last words, and with nothing running."""

    async def broken(backing: Backing) -> Sequence[Sequence[Program]]:
        code = "raise SystemExit('the moon is in the wrong phase')"
        return [[program(backing, "inner")], [program(backing, "outer", code)]]

    with pytest.raises(StartFailed, match="wrong phase"):
        await System(data, broken).start()
    assert living(data) == {}


async def test_deaf_process_and_its_children_are_ended(data: Path) -> None:
    """SIGTERM is a request; after its grace the process goes, with what it started."""
    deaf = (
        "import os, signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '60'])\n"
        "open(os.environ['READY'], 'w').close()\n"
        "time.sleep(60)\n"
    )

    async def plan(backing: Backing) -> Sequence[Sequence[Program]]:
        return [[program(backing, "outer", deaf, grace_s=0.3)]]

    async with System(data, plan):
        assert "sleep" in living(data).values()
    assert living(data) == {}


async def test_cancelled_start_leaves_nothing(data: Path) -> None:
    """Ctrl-C while everything is starting."""
    starting = asyncio.create_task(System(data, two_tiers).start())
    while not living(data):
        await asyncio.sleep(0.05)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert living(data) == {}
