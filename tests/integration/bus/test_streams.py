"""Streams are what their specs say, and the connection heals."""

import asyncio
import dataclasses
import signal
from pathlib import Path

import pytest

from kit.bus import connection
from kit.bus.connection import Connection
from kit.bus.jetstream import ask, stream_state
from kit.bus.spec import FeedSpec
from kit.bus.streams import ensure_stream, ensure_streams
from kit.embedded.nats import EmbeddedNats
from kit.errors import Unavailable
from tests.integration.bus.toys import CLOCK, TOYS, World, crash, until


async def test_a_stream_is_made_as_its_spec_says(world: World) -> None:
    """On files, refusing rather than dropping when full; the feed drops its oldest."""
    async with world.bus("alpha") as bus:
        await ensure_streams(bus, [TOYS, FeedSpec()])
        toys = (await ensure_stream(bus, TOYS)).config
        feed = (await ensure_stream(bus, FeedSpec())).config
    assert (toys["storage"], toys["discard"], toys["retention"]) == ("file", "new", "limits")
    assert (toys["max_age"], toys["max_bytes"]) == (3600 * 10**9, 64 * 1024 * 1024)
    assert toys["subjects"] == ["kairos.toys.v1.>"]
    assert feed["discard"] == "old"


async def test_a_changed_spec_updates_the_stream_and_keeps_its_messages(world: World) -> None:
    async with world.bus("alpha") as bus:
        before = await ensure_stream(bus, TOYS)
        await bus.request(TOYS.subject("now", 3), b"x", timeout_s=2)
        changed = dataclasses.replace(TOYS, max_bytes=32 * 1024 * 1024, max_age_s=1800)
        after = await ensure_stream(bus, changed)
        again = await ensure_stream(bus, changed)
    assert (after.config["max_bytes"], after.config["max_age"]) == (2**25, 1800 * 10**9)
    assert after.incarnation == before.incarnation == again.incarnation
    assert after.messages == 1


async def test_many_may_make_a_stream_at_once(world: World) -> None:
    async with world.bus("one") as one, world.bus("two") as two:
        states = await asyncio.gather(
            *(ensure_stream(bus, TOYS) for bus in (one, two) for _ in range(4))
        )
    assert len({each.incarnation for each in states}) == 1


async def test_a_server_that_is_away_is_said_so(nats: EmbeddedNats) -> None:
    url = nats.url
    await nats.stop()
    with pytest.raises(Unavailable):
        await Connection.open(url, name="nobody")


async def test_wrong_credentials_are_said_so(nats: EmbeddedNats) -> None:
    with pytest.raises(Unavailable):
        await Connection.open(nats.url.replace("kairos:", "kairos:not"), name="nobody")


async def test_while_disconnected_everything_fails_at_once_and_then_heals(
    world: World, nats: EmbeddedNats
) -> None:
    """Nothing is buffered: an old question is not sent to a new server."""
    async with world.bus("toys") as bus:
        heard = []
        bus.on_reconnect(lambda: heard.append(CLOCK.monotonic()))
        await crash(nats)

        async def away() -> bool:
            return not bus.is_connected

        await until(away)
        with pytest.raises(Unavailable):
            async with asyncio.timeout(2):
                await bus.publish("anything")
        with pytest.raises(Unavailable):
            async with asyncio.timeout(2):
                await bus.request("anything", timeout_s=30)
        await nats.start()
        back = CLOCK.monotonic()

        async def told() -> bool:
            return bool(heard)

        await until(told)
        assert heard[0] - back < 2
        assert await stream_state(bus, "NONE") is None


async def test_a_server_that_hangs_is_fatal(
    world: World, nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP: connected, but no echo. The process ends and is started anew."""
    monkeypatch.setattr(connection, "WATCH_EVERY_S", 0.1)
    monkeypatch.setattr(connection, "ECHO_TIMEOUT_S", 0.2)
    assert nats.child is not None
    async with world.bus("toys") as bus:
        nats.child.kill(signal.SIGSTOP)
        try:
            async with asyncio.timeout(5):
                await bus.fatal.wait()
        finally:
            nats.child.kill(signal.SIGCONT)


async def test_a_freeze_that_passes_leaves_a_working_connection(
    world: World, nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Echoes that come late do no harm (nats-py's late pongs end its read loop)."""
    monkeypatch.setattr(connection, "WATCH_EVERY_S", 0.1)
    monkeypatch.setattr(connection, "ECHO_TIMEOUT_S", 0.2)
    assert nats.child is not None
    async with world.bus("toys") as bus:
        for _ in range(2):
            nats.child.kill(signal.SIGSTOP)
            await asyncio.sleep(0.5)
            nats.child.kill(signal.SIGCONT)
            await asyncio.sleep(0.3)
            await ask(bus, "INFO")
        assert not bus.fatal.is_set()


async def test_a_server_that_is_only_away_is_not_fatal(
    world: World, nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WATCH_EVERY_S", 0.05)
    monkeypatch.setattr(connection, "ECHO_TIMEOUT_S", 0.2)
    async with world.bus("toys") as bus:
        await crash(nats)
        await asyncio.sleep(1)
        assert not bus.fatal.is_set()
        await nats.start()

        async def back() -> bool:
            return bus.is_connected

        await until(back)
        await ask(bus, "INFO")
    assert not bus.fatal.is_set()


async def test_a_server_that_acknowledges_before_the_disk_is_refused(tmp_path: Path) -> None:
    """`sync_interval` at its default loses acknowledged messages in a power cut."""
    server = EmbeddedNats(tmp_path)
    program = server.program()
    conf = Path(program.argv[-1])
    conf.write_text(conf.read_text().replace("sync_interval: always", "sync_interval: 2m"))
    process = await asyncio.create_subprocess_exec(
        *program.argv, cwd=program.cwd, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await asyncio.sleep(0.3)
        bus = await Connection.open(server.url, name="toys")
        with pytest.raises(Exception, match="before they are on the disk"):
            await ensure_streams(bus, [TOYS])
        await bus.close()
    finally:
        process.kill()
        await process.wait()
