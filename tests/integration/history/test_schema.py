"""A caller sees one workspace only, and only reads."""

import asyncpg
import pytest

from tests.integration.history.conftest import Desk


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
