"""Every migrated schema is what its tables.py says, and holds each workspace apart."""

from importlib import import_module

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tests.integration.conftest import HOMES, Databases


@pytest.mark.parametrize("service", HOMES)
async def test_migrations_make_the_tables_as_declared(databases: Databases, service: str) -> None:
    metadata: MetaData = import_module(f"{HOMES[service]}.tables").metadata
    dsn = databases.admin_dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(dsn, poolclass=NullPool)
    async with engine.connect() as connection:
        drift = await connection.run_sync(_drift, service, metadata)
    await engine.dispose()

    assert drift == []


def _drift(connection: Connection, schema: str, metadata: MetaData) -> list[object]:
    def is_ours(name: str | None, kind: str, parents: object) -> bool:
        return kind != "schema" or name == schema

    options = {"include_schemas": True, "include_name": is_ours, "version_table_schema": schema}
    context = MigrationContext.configure(connection, opts={"compare_type": True} | options)
    return list(compare_metadata(context, metadata))


@pytest.mark.parametrize("service", HOMES)
async def test_row_level_security_is_forced_where_a_workspace_is(
    databases: Databases, service: str
) -> None:
    """A table with a workspace column shows a caller that workspace only, its owner included."""
    connection = await asyncpg.connect(databases.admin_dsn)
    open_tables = await connection.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND a.attname = 'workspace' AND NOT c.relforcerowsecurity",
        service,
    )
    await connection.close()

    assert [row["relname"] for row in open_tables] == []
