"""The audit trail can only grow."""

import asyncpg
import pytest

from tests.integration.conftest import Databases


@pytest.mark.parametrize(
    "sql", ["DELETE FROM audit_entries", "UPDATE audit_entries SET action = 'something else'"]
)
async def test_audit_trail_cannot_be_rewritten(databases: Databases, sql: str) -> None:
    db = await databases.open("gateway")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with db.api("fitshop") as tx:
            await tx.execute(sql)
    await db.close()
