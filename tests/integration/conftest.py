"""Real servers for integration tests: a Postgres per test process, a database and NATS per test.

The migrated database is made once and cloned (some 30 ms): every test starts empty.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.bus.outbox import write_outbox
from kit.db.database import Database
from kit.db.provision import prepare
from kit.embedded.nats import EmbeddedNats
from kit.embedded.postgres import EmbeddedPostgres

HOMES = {
    "ingest": "services.ingest",
    "decision": "services.decision",
    "delivery": "services.delivery",
    "history": "services.history",
    "gateway": "gateway",
}
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cluster:
    """A Postgres with a migrated template database, and each service's roles on it."""

    admin_dsn: str
    roles: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Databases:
    """One test's database: where each service finds it."""

    name: str
    admin_dsn: str
    dsns: dict[str, tuple[str, str]]

    async def open(self, service: str) -> Database:
        """The pools of a service; the caller closes them."""
        api, worker = self.dsns[service]
        return await Database.connect(api, worker, write_outbox)


@pytest.fixture(scope="session", autouse=True)
def traced() -> InMemorySpanExporter:
    """Catches all spans of the test process; a process has one tracer provider for good."""
    exporter = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    """Postgres with all schemas migrated."""
    data = tmp_path_factory.mktemp("cluster")
    async with EmbeddedPostgres(data, throwaway=True) as postgres:
        roles = await prepare(postgres.dsn, data, HOMES)
        yield Cluster(postgres.dsn, roles)


@pytest_asyncio.fixture
async def databases(cluster: Cluster) -> AsyncIterator[Databases]:
    """A fresh, migrated database for this test alone."""
    name = f"test_{next(_numbers)}"
    template = urlsplit(cluster.admin_dsn).path[1:]
    maintenance = _on(cluster.admin_dsn, "postgres")
    connection = await asyncpg.connect(maintenance)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield Databases(
            name,
            _on(cluster.admin_dsn, name),
            {
                service: (_on(api, name), _on(worker, name))
                for service, (api, worker) in cluster.roles.items()
            },
        )
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@pytest_asyncio.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    """A NATS server for this test alone, JetStream synced on every write."""
    async with EmbeddedNats(tmp_path / "nats-data") as server:
        yield server


def _on(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
