"""The gateway's queries on requests that are done once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.common import Row
from kit.db.database import Tx


@dataclass(frozen=True)
class Claim:
    """A request that wants to be the one that acts for an Idempotency-Key."""

    workspace: str
    key: str
    request_sha256: bytes
    holder: UUID


async def claim(tx: Tx, wanted: Claim, at: datetime, expired: datetime, stale: datetime) -> Row:
    """Takes the record, or returns the one that stands in the way.

    A record begun before `expired` is as good as gone; one without an answer begun before `stale`
    belongs to a request that died. The row returned is ours if its holder is ours.
    """
    await tx.execute(
        "INSERT INTO idempotency_records AS r (workspace, key, request_sha256, holder, begun_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace, key) DO UPDATE"
        " SET request_sha256 = excluded.request_sha256, holder = excluded.holder,"
        " begun_at = excluded.begun_at, status = NULL, content_type = NULL, body = NULL"
        " WHERE r.begun_at < $6"
        " OR (r.status IS NULL AND r.begun_at < $7"
        " AND r.request_sha256 = excluded.request_sha256)",
        wanted.workspace,
        wanted.key,
        wanted.request_sha256,
        wanted.holder,
        at,
        expired,
        stale,
    )
    return await tx.fetchrow(
        "SELECT request_sha256, holder, status, content_type, body FROM idempotency_records"
        " WHERE workspace = $1 AND key = $2",
        wanted.workspace,
        wanted.key,
    )


async def keep_answer(
    tx: Tx, held: Claim, status: int, content_type: str | None, body: bytes
) -> None:
    """Stores the answer for those who ask again."""
    await tx.execute(
        "UPDATE idempotency_records SET status = $4, content_type = $5, body = $6"
        " WHERE workspace = $1 AND key = $2 AND holder = $3",
        held.workspace,
        held.key,
        held.holder,
        status,
        content_type,
        body,
    )


async def release(tx: Tx, held: Claim) -> None:
    """Forgets a request that did nothing, so that it may be tried again."""
    await tx.execute(
        "DELETE FROM idempotency_records WHERE workspace = $1 AND key = $2 AND holder = $3",
        held.workspace,
        held.key,
        held.holder,
    )


async def forget_expired(tx: Tx, expired: datetime) -> int:
    """Deletes records begun before `expired`, a thousand at a time; returns how many."""
    # lint: allow workspace-sql: a scan by age across all workspaces
    status = await tx.execute(
        "DELETE FROM idempotency_records WHERE ctid IN (SELECT ctid FROM idempotency_records"
        " WHERE begun_at < $1 LIMIT 1000)",
        expired,
    )
    return int(status.rsplit(" ", 1)[-1])
