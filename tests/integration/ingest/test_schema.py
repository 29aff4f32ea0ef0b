"""A caller sees one workspace only, and cannot rewrite the record."""

import asyncpg
import pytest

from services.ingest.tables import OWN_TABLES, SCHEMA
from tests.integration.ingest.conftest import Desk, track


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
