"""A caller only reads messages."""

import asyncpg
import pytest

from tests.integration.conftest import Databases


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
