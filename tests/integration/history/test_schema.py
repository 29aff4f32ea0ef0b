"""The migrated schema is what tables.py says, and shows a caller one workspace only."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.history.tables import SCHEMA, metadata
from tests.integration.conftest import Databases
from tests.integration.history.conftest import Desk


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


async def test_a_caller_without_a_workspace_sees_nothing(desk: Desk) -> None:
    """Row-level security is forced, on the partitions too."""
    rows = await _fetch(
        desk,
        "SELECT relname, relforcerowsecurity FROM pg_class"
        " WHERE relnamespace = 'history'::regnamespace AND relkind IN ('r', 'p')",
    )
    forced = {row["relname"] for row in rows if row["relforcerowsecurity"]}

    assert {"timeline", "merges"} <= forced


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ensure_timeline_month('2026-05-01')",
        "DELETE FROM timeline WHERE workspace = 'shop'",
        "INSERT INTO merges SELECT * FROM merges WHERE workspace = 'shop'",
    ],
)
async def test_a_caller_only_reads(desk: Desk, sql: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with desk.db.api("shop") as tx:
            await tx.execute(sql)


async def test_a_month_begins_on_its_first_day(desk: Desk) -> None:
    with pytest.raises(asyncpg.RaiseError):
        async with desk.db.worker() as tx:
            await tx.execute("SELECT ensure_timeline_month('2026-05-02')")


async def _fetch(desk: Desk, sql: str) -> list[asyncpg.Record]:
    async with desk.db.worker(readonly=True) as tx:
        return await tx.fetch(sql)
