"""Postgres and NATS alone, as other tests use them."""

import contextlib
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import nats
import pytest
from nats.errors import Error as NatsError

from kit.embedded.errors import NatsUnusable, PortTaken, PostgresUnusable, StartFailed
from kit.embedded.nats import EmbeddedNats, assert_sync_always, connect_once, server_binary
from kit.embedded.ports import LOOPBACK, free_port, holder, require_free
from kit.embedded.postgres import EmbeddedPostgres
from tests.integration.embedded.small_system import proc, stranger

pytestmark = pytest.mark.timeout(30)


async def test_postgres_starts_with_what_production_needs(data: Path) -> None:
    """A commit is on the disk, text is UTF-8 everywhere, nobody enters without a password."""
    async with EmbeddedPostgres(data) as postgres:
        connection = await asyncpg.connect(postgres.dsn)
        try:
            assert (await connection.fetchval("SHOW server_version")).startswith("18.")
            for name, value in {
                "synchronous_commit": "on",
                "fsync": "on",
                "full_page_writes": "on",
                "data_checksums": "on",
                "server_encoding": "UTF8",
                "max_wal_size": "4GB",
                "checkpoint_timeout": "15min",
                "max_connections": "200",
                "listen_addresses": LOOPBACK,
                "unix_socket_directories": "",
                "TimeZone": "UTC",
            }.items():
                assert await connection.fetchval(f"SHOW {name}") == value, name
        finally:
            await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres.dsn, password="guessed")


async def test_postgres_killed_keeps_commits_and_its_port(data: Path) -> None:
    """After kill -9 of the server alone its children are cleared and the next start recovers."""
    async with EmbeddedPostgres(data) as postgres:
        connection = await asyncpg.connect(postgres.dsn)
        await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        dsn, child = postgres.dsn, postgres.child
        assert child is not None
        child.kill(signal.SIGKILL)
        await child.exited()
        connection.terminate()
    assert (data / "run" / "postgres.pid").exists() is False

    async with EmbeddedPostgres(data) as postgres:
        assert postgres.dsn == dsn
        connection = await asyncpg.connect(postgres.dsn)
        assert await connection.fetchval("SELECT one FROM kept") == 1
        await connection.close()


async def test_pid_file_naming_a_stranger_does_not_block_postgres(data: Path) -> None:
    """After a reboot the stale pid may be anybody's; Postgres itself would refuse to start."""
    async with EmbeddedPostgres(data):
        pass
    with stranger() as other:
        (data / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n{data}/postgres\n")
        async with EmbeddedPostgres(data):
            assert other.poll() is None, "the stranger must live"


async def test_half_made_cluster_is_made_again(data: Path) -> None:
    """A crash in the middle of initdb leaves a draft, never a cluster."""
    draft = data / "postgres.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    async with EmbeddedPostgres(data) as postgres:
        assert postgres.folder.is_dir()
        assert not draft.exists()


async def test_secrets_are_private(data: Path) -> None:
    """Passwords are in files only their owner reads, and on no command line."""
    async with EmbeddedPostgres(data) as postgres, EmbeddedNats(data) as server:
        for name in ("postgres.json", "nats.json"):
            mode = (data / "secrets" / name).stat().st_mode
            assert stat.S_IMODE(mode) == 0o600
        assert stat.S_IMODE((data / "nats" / "nats.conf").stat().st_mode) == 0o600
        password = postgres.dsn.split(":")[2].split("@")[0]
        for child in (postgres.child, server.child):
            assert child is not None
            assert password not in proc(child.pid, "cmdline")


async def test_lost_password_is_explained(data: Path) -> None:
    """Data without its password is not silently replaced."""
    async with EmbeddedPostgres(data):
        pass
    (data / "secrets" / "postgres.json").unlink()
    with pytest.raises(PostgresUnusable, match=r"secrets/postgres\.json is missing"):
        await EmbeddedPostgres(data).start()


async def test_nats_is_durable_and_private(data: Path) -> None:
    """The server syncs every write, says so, and lets nobody in without a password."""
    async with EmbeddedNats(data) as server:
        client = await nats.connect(server.url)
        assert await assert_sync_always(client)
        await client.jetstream().add_stream(name="EVENTS", subjects=["events"])
        await client.jetstream().publish("events", b"one")
        assert server.child is not None
        server.child.kill(signal.SIGKILL)
        await server.child.exited()
        await client.close()

    async with EmbeddedNats(data) as server:
        client = await nats.connect(server.url)
        info = await client.jetstream().stream_info("EVENTS")
        assert info.state.messages == 1
        await client.close()
        with pytest.raises(NatsError, match="Authorization"):
            await connect_once(f"nats://{LOOPBACK}:{server.port}")


@contextlib.contextmanager
def other_nats(data: Path, configuration: str) -> Iterator[str]:
    """A server that somebody else configured; its address."""
    data.mkdir()
    port, conf = free_port(), data / "other.conf"
    conf.write_text(f'listen: "{LOOPBACK}:{port}"\n{configuration}')
    command = [str(server_binary()), "-c", str(conf)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            while holder(port) is None and server.poll() is None:
                time.sleep(0.02)
            yield f"nats://{LOOPBACK}:{port}"
        finally:
            server.kill()


async def _sync_check(url: str) -> bool:
    client = await connect_once(url)
    try:
        return await assert_sync_always(client)
    finally:
        await client.close()


async def test_nats_that_does_not_sync_is_refused(data: Path) -> None:
    """Facts acknowledged before the disk has them would be lost in a power cut."""
    accounts = (
        "accounts { SYS: { users: [ { user: s, password: s } ], exports: "
        '[ { service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream } ] }, '
        "A: { jetstream: enabled, users: [ { user: a, password: a } ], imports: "
        '[ { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" } } ] } }\n'
        "system_account: SYS\nno_auth_user: a\n"
    )
    lazy = f'{accounts}jetstream {{ store_dir: "{data}" }}\n'
    said = pytest.raises(NatsUnusable, match="sync_interval: always")
    with other_nats(data, lazy) as url, said:
        await _sync_check(url)


async def test_nats_that_does_not_tell_is_warned_about(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Somebody else's server may not let us ask; then the operator is told what to check."""
    with other_nats(data, f'jetstream {{ store_dir: "{data}" }}\n') as url:
        assert await _sync_check(url) is False
    assert "sync_interval: always" in caplog.text


def test_taken_port_is_named_with_its_holder_and_the_way_out() -> None:
    """Whoever reads the message knows whom to stop or what to change."""
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", LOOPBACK, str(port)],
        stderr=subprocess.DEVNULL,
    ) as other:
        try:
            while holder(port) is None:
                time.sleep(0.02)
            with pytest.raises(PortTaken) as error:
                require_free(port, "gateway", "choose another with --port N")
        finally:
            other.kill()
    said = str(error.value)
    assert f"port {port} (gateway) is taken by pid {other.pid} (" in said
    assert said.endswith("choose another with --port N")


async def test_fixed_port_that_is_taken_fails_with_the_servers_own_words(data: Path) -> None:
    """A port somebody asked for is never silently replaced."""
    async with EmbeddedNats(data) as first:
        with pytest.raises(StartFailed, match="address already in use"):
            await EmbeddedNats(data.with_name("second"), first.port).start()
