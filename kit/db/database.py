"""Transactions on one service's schema.

A service has two roles: `<service>_api` answers requests and sees one workspace at a time
(row-level security, forced); `<service>_worker` works in batches across workspaces, so its SQL
names the workspace in every key and join. Outgoing facts are handed to the transaction and written
by it right before its commit: state and facts, or neither.
"""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import asyncpg

from kit.bus.spec import OutgoingFact
from kit.errors import Broken, Unavailable

T = TypeVar("T")

WORKSPACE = re.compile(r"[a-z][a-z0-9-]{1,39}")
"""The slug of a workspace: nothing in it needs quoting."""

RETRYABLE = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)
"""Errors after which the same transaction may simply be run again."""

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors that say: Postgres is away, try later."""


class WriteOutbox(Protocol):
    """Writes a commit's outgoing facts into the schema's outbox (see `kit.bus.outbox`)."""

    async def __call__(self, connection: Any, facts: Sequence[OutgoingFact]) -> None: ...


class Tx:
    """One transaction. Its owner, the edge, commits; all others read, write and emit."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.facts: list[OutgoingFact] = []
        self.callbacks: list[Callable[[], None]] = []

    @property
    def connection(self) -> Any:
        """The asyncpg connection, for COPY and prepared statements inside a store."""
        return self._connection

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        rows: list[Any] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any | None:
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        status: str = await self._connection.execute(sql, *args)
        return status

    def emit(self, fact: OutgoingFact) -> None:
        """Sends the fact with this transaction: it goes out if and only if that commits."""
        self.facts.append(fact)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Runs after a successful commit; must not fail."""
        self.callbacks.append(callback)


class Database:
    """The two pools of one service's schema."""

    def __init__(self, api: asyncpg.Pool, worker: asyncpg.Pool, write_outbox: WriteOutbox) -> None:
        self._api = api
        self._worker = worker
        self._write_outbox = write_outbox
        self._on_facts: list[Callable[[Sequence[OutgoingFact]], None]] = []

    @classmethod
    async def connect(
        cls,
        api_dsn: str,
        worker_dsn: str,
        write_outbox: WriteOutbox,
        *,
        pool_size_max: int = 12,
    ) -> "Database":
        """Opens both pools; raises Unavailable where Postgres cannot be reached."""
        try:
            api = await _pool(api_dsn, pool_size_max)
            worker = await _pool(worker_dsn, pool_size_max)
        except AWAY as error:
            raise Unavailable(f"Postgres cannot be reached ({type(error).__name__})") from error
        return cls(api, worker, write_outbox)

    async def close(self) -> None:
        await self._api.close()
        await self._worker.close()

    def on_facts(self, callback: Callable[[Sequence[OutgoingFact]], None]) -> None:
        """Called after each commit that emitted facts: wakes the relay."""
        self._on_facts.append(callback)

    @asynccontextmanager
    async def api(self, workspace: str, *, readonly: bool = False) -> AsyncGenerator[Tx]:
        """A transaction that sees only this workspace."""
        if not WORKSPACE.fullmatch(workspace):
            raise Broken("A transaction of a workspace needs its slug")
        only = f"; SET LOCAL kairos.workspace = '{workspace}'"
        async with self._transaction(self._api, _BEGIN[readonly] + only) as tx:
            yield tx

    @asynccontextmanager
    async def worker(self, *, readonly: bool = False) -> AsyncGenerator[Tx]:
        """A transaction across workspaces, for batches."""
        async with self._transaction(self._worker, _BEGIN[readonly]) as tx:
            yield tx

    @asynccontextmanager
    async def autocommit(self) -> AsyncGenerator[Tx]:
        """Across workspaces, each statement a transaction of its own; nothing can be emitted.

        One round trip instead of three: for loops that look often, and for permits.
        """
        async with _connection(self._worker) as connection:
            tx = Tx(connection)
            yield tx
        if tx.facts or tx.callbacks:
            raise Broken("Facts need a transaction to go out with")

    async def retrying(self, work: Callable[[], Awaitable[T]], *, tries: int = 5) -> T:
        """Runs `work`, which opens its own transaction, again after a deadlock or serialisation
        error.
        """
        for _ in range(tries - 1):
            try:
                return await work()
            except RETRYABLE:
                continue
        return await work()

    @asynccontextmanager
    async def _transaction(self, pool: asyncpg.Pool, begin: str) -> AsyncGenerator[Tx]:
        async with _connection(pool) as connection:
            await connection.execute(begin)
            tx = Tx(connection)
            try:
                yield tx
                if tx.facts:
                    await self._write_outbox(connection, tx.facts)
            except BaseException:
                if not _is_lost(connection):
                    await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")
        for callback in tx.callbacks:
            callback()
        if tx.facts:
            for on_facts in self._on_facts:
                on_facts(tx.facts)


@asynccontextmanager
async def _connection(pool: asyncpg.Pool) -> AsyncGenerator[Any]:
    """A pooled connection; lost Postgres is Unavailable, a handler's own error stays itself."""
    try:
        connection = await pool.acquire(timeout=5)
    except TimeoutError as error:
        raise Unavailable("No Postgres connection became free within 5 s") from error
    except AWAY as error:
        raise Unavailable(f"Postgres is away ({type(error).__name__})") from error
    try:
        yield connection
    except AWAY as error:
        if _is_lost(connection) or isinstance(error, asyncpg.PostgresError):
            raise Unavailable(f"Postgres is away ({type(error).__name__})") from error
        raise
    finally:
        await pool.release(connection)


def _is_lost(connection: Any) -> bool:
    """Whether the session is gone.

    The pool takes a connection back as soon as it hears of its end, often before its holder does;
    what the holder has left then answers every question, this one too, with InterfaceError.
    """
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


async def _nothing_to_reset(connection: Any) -> None:
    """Nobody leaves anything behind in a session, so handing it back costs no round trip."""


_BEGIN = {False: "BEGIN", True: "BEGIN READ ONLY"}
_BY_KEY = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""Every query finds its rows by key. A plan made while a table was empty, and kept, would go on
reading all of it as it grows: 1,000 µs instead of 13 for one event."""


async def _pool(dsn: str, size_max: int) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size_max,
        command_timeout=30,
        reset=_nothing_to_reset,
        server_settings={"application_name": "kairos", "jit": "off", **_BY_KEY},
    )
