"""The migrated schema is what tables.py says; a caller sees one workspace and writes nothing."""

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.delivery.tables import SCHEMA, metadata
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
    "sql",
    [
        "DELETE FROM messages WHERE workspace = 'fitshop'",
        "UPDATE attempts SET outcome = 'accepted' WHERE workspace = 'fitshop'",
        "INSERT INTO receipts SELECT * FROM receipts WHERE workspace = 'fitshop'",
        "SELECT * FROM senders",
    ],
)
async def test_a_caller_only_reads_messages(databases: Databases, sql: str) -> None:
    """Answering a question about a message never changes one."""
    db = await databases.open("delivery")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.api("fitshop") as tx:
            await tx.execute(sql)
    await db.close()


async def test_row_level_security_is_forced(databases: Databases) -> None:
    connection = await asyncpg.connect(databases.admin_dsn)
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'delivery'::regnamespace"
        " AND relkind = 'r' AND relforcerowsecurity"
    )
    await connection.close()
    assert {"messages", "attempts", "receipts"} <= {row["relname"] for row in rows}
