"""Toy services for the bus: `alpha` says things about people, `beta` writes down what it hears.

A fact is the text `<person>:<n>`; hearing one twice changes nothing, hearing a person's facts
out of order is remembered.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid5
from zlib import crc32

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from kit.bus.connection import Connection
from kit.bus.consumer import Consumers, Subscription
from kit.bus.outbox import write_outbox
from kit.bus.relay import Relay
from kit.bus.spec import LANES, NOW, IncomingFact, OutgoingFact, StreamSpec
from kit.bus.streams import ensure_streams
from kit.bus.subscription import Handler
from kit.bus.tables import bus_statements, bus_tables
from kit.clock import SystemClock
from kit.db.database import Database, Tx
from kit.embedded.nats import EmbeddedNats

TOYS = StreamSpec(
    name="TOYS",
    domain="toys",
    owner="alpha",
    consumers=("beta",),
    max_age_s=3600,
    max_bytes=64 * 1024 * 1024,
)
CLOCK = SystemClock()
SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")

HEARD = """
CREATE TABLE {schema}.heard (
    fact text PRIMARY KEY, person text NOT NULL, n int NOT NULL, lane text NOT NULL,
    nth bigint GENERATED ALWAYS AS IDENTITY, by text NOT NULL
)
"""


def ddl(schema: str) -> list[str]:
    """Everything a toy needs in Postgres."""
    tables = bus_tables(MetaData(), schema)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements = [f"CREATE SCHEMA {schema}"]
    for table in tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        statements += [str(CreateIndex(each).compile(dialect=dialect)) for each in table.indexes]
    return [*statements, *bus_statements(schema), HEARD.format(schema=schema)]


def dsn_of(admin_dsn: str, database: str, schema: str) -> str:
    parts = urlsplit(admin_dsn)._replace(path=f"/{database}", query=f"search_path={schema}")
    return urlunsplit(parts)


def fact(person: str, n: int, lane: str = NOW, *, feed: bool = False) -> OutgoingFact:
    """The n-th thing about a person."""
    text = f"{person}:{n}"
    return OutgoingFact(
        stream=TOYS.name,
        lane=lane,
        partition=crc32(person.encode()) % TOYS.partitions,
        body=text.encode(),
        feed="shop.toys.said" if feed else None,
        id=str(uuid5(SPACE, text)),
    )


async def hear(tx: Tx, facts: Sequence[IncomingFact], by: str = "beta") -> None:
    """beta's handler: writes each fact down once, in the order of arrival."""
    said = [each.body.decode() for each in facts]
    for each in said:
        if each.startswith("poison"):
            raise ValueError(f"{each} cannot be swallowed")
    split = [each.rsplit(":", 1) for each in said]
    await tx.execute(
        "INSERT INTO heard (fact, person, n, lane, by) SELECT fact, person, n, lane, $5"
        " FROM unnest($1::text[], $2::text[], $3::int[], $4::text[])"
        " WITH ORDINALITY AS f (fact, person, n, lane, i) ORDER BY i ON CONFLICT DO NOTHING",
        said,
        [person for person, _ in split],
        [int(n) for _, n in split],
        [each.lane for each in facts],
        by,
    )


@dataclass
class World:
    """One database with both schemas and one NATS."""

    admin_dsn: str
    database: str
    nats_url: str
    opened: list[Database] = field(default_factory=list)

    async def db(self, schema: str) -> Database:
        dsn = dsn_of(self.admin_dsn, self.database, schema)
        db = await Database.connect(dsn, dsn, write_outbox)
        self.opened.append(db)
        return db

    async def say(self, db: Database, facts: Iterable[OutgoingFact]) -> None:
        async with db.worker() as tx:
            for each in facts:
                tx.emit(each)

    @asynccontextmanager
    async def bus(self, name: str) -> AsyncIterator[Connection]:
        bus = await Connection.open(self.nats_url, name=name)
        try:
            yield bus
        finally:
            await bus.close()

    @asynccontextmanager
    async def alpha(self, *streams: StreamSpec) -> AsyncIterator["Alpha"]:
        """A process of alpha: a database and a relay."""
        db = await self.db("alpha")
        async with self.bus("alpha") as bus:
            await ensure_streams(bus, streams or (TOYS,))
            relay = Relay(bus, db, streams or (TOYS,), CLOCK)
            db.on_facts(relay.wake)
            async with running(relay.run):
                yield Alpha(self, db, bus, relay)

    @asynccontextmanager
    async def beta(
        self,
        handler: Handler = hear,
        max_facts: int = 500,
    ) -> AsyncIterator["Beta"]:
        """A process of beta: a database and consumers of both lanes."""
        db = await self.db("beta")
        async with self.bus("beta") as bus:
            subscriptions = [Subscription(TOYS, lane, handler, max_facts) for lane in LANES]
            consumers = Consumers("beta", bus, db, subscriptions, CLOCK)
            async with running(consumers.run):
                yield Beta(db, bus, consumers)

    async def close(self) -> None:
        for db in self.opened:
            await db.close()


@dataclass
class Alpha:
    world: World
    db: Database
    bus: Connection
    relay: Relay

    async def say(self, *facts: OutgoingFact) -> None:
        await self.world.say(self.db, facts)

    async def rows(self, where: str = "true") -> int:
        return int(await value(self.db, f"SELECT count(*) FROM outbox WHERE {where}"))

    async def all_forgotten(self, within_s: float = 10.0) -> None:
        """Every row was consumed and deleted."""

        async def none() -> bool:
            return await self.rows() == 0

        await until(none, within_s)


@dataclass
class Beta:
    db: Database
    bus: Connection
    consumers: Consumers

    async def heard(self) -> list[str]:
        async with self.db.worker(readonly=True) as tx:
            return [row["fact"] for row in await tx.fetch("SELECT fact FROM heard ORDER BY nth")]

    async def count(self, where: str = "true") -> int:
        return int(await value(self.db, f"SELECT count(*) FROM heard WHERE {where}"))

    async def has_heard(self, count: int, within_s: float = 10.0, where: str = "true") -> None:
        """Waits until so many different facts have arrived."""

        async def enough() -> bool:
            return await self.count(where) >= count

        await until(enough, within_s)

    async def out_of_order(self) -> int:
        """How many facts of a person and lane came after a later one."""
        return int(
            await value(
                self.db,
                "SELECT count(*) FROM (SELECT n, lag(n) OVER"
                " (PARTITION BY person, lane ORDER BY nth) AS before FROM heard) AS t"
                " WHERE n < before",
            )
        )


async def value(db: Database, sql: str) -> Any:
    async with db.worker(readonly=True) as tx:
        return await tx.fetchval(sql)


@asynccontextmanager
async def running(part: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[asyncio.Event]:
    """Runs a part of a service until the block ends, then stops it and passes on its failure."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(part(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait([task], timeout=15)
        task.result()


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
    """Waits for a condition."""
    deadline = CLOCK.monotonic() + within_s
    while not await condition():
        assert CLOCK.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.02)


async def make_database(admin_dsn: str, name: str) -> None:
    connection = await asyncpg.connect(admin_dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    for schema in ("alpha", "beta"):
        own = await asyncpg.connect(dsn_of(admin_dsn, name, "public"))
        for statement in ddl(schema):
            await own.execute(statement)
        await own.close()


async def crash(nats: EmbeddedNats) -> None:
    """kill -9, as a power cut without the power."""
    assert nats.child is not None
    nats.child.kill(signal.SIGKILL)
    await nats.child.exited()
