"""The migrated schema is what tables.py says, and shows a caller one workspace only."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.ingest.tables import OWN_TABLES, SCHEMA, metadata
from tests.integration.conftest import Databases
from tests.integration.ingest.conftest import Desk, track


async def test_migrations_make_the_tables_as_declared(databases: Databases) -> None:
    dsn = databases.admin_dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(dsn, poolclass=NullPool)
    async with engine.connect() as connection:
        drift = await connection.run_sync(_drift)
    await engine.dispose()

    assert drift == []


def _drift(connection: Connection) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "schema" or name == SCHEMA

    options = {"include_schemas": True, "include_name": is_ours, "version_table_schema": SCHEMA}
    context = MigrationContext.configure(connection, opts={"compare_type": True} | options)
    return list(compare_metadata(context, metadata))


async def test_a_caller_sees_one_workspace(desk: Desk) -> None:
    """Row-level security holds on every table of ours, also for a query that forgets it."""
    await desk.send(track("m-1", anonymousId="a"))

    for table in OWN_TABLES:
        async with desk.db.api("other", readonly=True) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
        forced = await desk.rows(
            f"SELECT relforcerowsecurity FROM pg_class WHERE oid = '{SCHEMA}.{table}'::regclass"
        )
        assert forced[0]["relforcerowsecurity"]


async def test_a_caller_cannot_rewrite_the_record(desk: Desk) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with desk.db.api("shop") as tx:
            await tx.execute("DELETE FROM events WHERE workspace = 'shop'")
