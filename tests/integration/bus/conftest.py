"""A Postgres for the test process; for each test a database with the toys' schemas and a NATS."""

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.embedded.nats import EmbeddedNats
from kit.embedded.postgres import EmbeddedPostgres
from tests.integration.bus.toys import World, make_database

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def toy_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The superuser's address of a Postgres without any service's schema."""
    async with EmbeddedPostgres(tmp_path_factory.mktemp("toys"), throwaway=True) as postgres:
        await make_database(postgres.dsn, "toys_template")
        yield postgres.dsn


@pytest_asyncio.fixture
async def nats(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    async with EmbeddedNats(tmp_path / "nats") as server:
        yield server


@pytest_asyncio.fixture
async def world(toy_postgres: str, nats: EmbeddedNats) -> AsyncIterator[World]:
    """alpha's and beta's schemas, empty, and a running NATS."""
    database = f"toys_{next(_numbers)}"
    connection = await asyncpg.connect(toy_postgres)
    await connection.execute(f"CREATE DATABASE {database} TEMPLATE toys_template")
    made = World(toy_postgres, database, nats.url)
    try:
        yield made
    finally:
        await made.close()
        await connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
        await connection.close()


@pytest.fixture
def spans(traced: InMemorySpanExporter) -> InMemorySpanExporter:
    """The spans of this test."""
    traced.clear()
    return traced
