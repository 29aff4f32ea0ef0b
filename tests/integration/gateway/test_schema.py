"""The migrated schema is what tables.py says, and the audit trail can only grow."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from gateway.tables import SCHEMA, metadata
from tests.integration.conftest import Databases


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


@pytest.mark.parametrize(
    "sql", ["DELETE FROM audit_entries", "UPDATE audit_entries SET action = 'something else'"]
)
async def test_audit_trail_cannot_be_rewritten(databases: Databases, sql: str) -> None:
    db = await databases.open("gateway")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.api("fitshop") as tx:
            await tx.execute(sql)
    await db.close()
