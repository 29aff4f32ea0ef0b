"""The only queries of the gateway."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db.database import Tx

Row = Any
"""A row as asyncpg gives it: members by name."""

# Keys


async def find_key(tx: Tx, key_sha256: bytes) -> Row | None:
    """The unrevoked key with this hash, of whatever workspace: a request does not know its own."""
    return await tx.fetchrow(
        "SELECT workspace, id, kind, scopes FROM api_keys"
        " WHERE key_sha256 = $1 AND revoked_at IS NULL",
        key_sha256,
    )


async def signing_keys(tx: Tx, workspace: str, prefix: str) -> list[bytes]:
    """The hashes of the secret keys in force that begin like this; user tokens are signed with
    them.
    """
    rows = await tx.fetch(
        "SELECT key_sha256 FROM api_keys WHERE workspace = $1 AND prefix = $2"
        " AND kind = 'secret' AND revoked_at IS NULL LIMIT 10",
        workspace,
        prefix,
    )
    return [row["key_sha256"] for row in rows]


async def ensure_workspace(tx: Tx, workspace: str, at: datetime) -> None:
    """Makes the workspace where there is none."""
    await tx.execute(
        "INSERT INTO workspaces (workspace, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        workspace,
        at,
    )


@dataclass(frozen=True)
class NewKey:
    """A key to be stored."""

    workspace: str
    id: UUID
    prefix: str
    kind: str
    scopes: list[str]
    key_sha256: bytes


async def ensure_key(tx: Tx, key: NewKey, at: datetime) -> None:
    """Stores a key unless it is stored already."""
    await tx.execute(
        "INSERT INTO api_keys (workspace, id, prefix, kind, scopes, key_sha256, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key_sha256) DO NOTHING",
        key.workspace,
        key.id,
        key.prefix,
        key.kind,
        key.scopes,
        key.key_sha256,
        at,
    )


# Idempotency records


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


# Audit trail


@dataclass(frozen=True)
class AuditEntry:
    """A write that is about to be tried."""

    workspace: str
    id: UUID
    key_id: UUID
    action: str
    trace_id: str


async def begin_audit(tx: Tx, entry: AuditEntry, at: datetime) -> None:
    """Records the attempt before anything happens."""
    await tx.execute(
        "INSERT INTO audit_entries (workspace, id, at, key_id, action, trace_id)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        entry.workspace,
        entry.id,
        at,
        entry.key_id,
        entry.action,
        entry.trace_id,
    )


async def end_audit(tx: Tx, entry: AuditEntry, status: int) -> None:
    """Records how it ended."""
    await tx.execute(
        "UPDATE audit_entries SET status = $3 WHERE workspace = $1 AND id = $2",
        entry.workspace,
        entry.id,
        status,
    )


# Opt-outs on their way to decision


@dataclass(frozen=True)
class PendingOptOut:
    """A withdrawal that decision has not taken yet."""

    workspace: str
    id: UUID
    request: bytes
    traceparent: str


async def keep_optout(tx: Tx, optout: PendingOptOut, at: datetime) -> None:
    await tx.execute(
        "INSERT INTO pending_optouts (workspace, id, request, created_at, traceparent)"
        " VALUES ($1, $2, $3, $4, $5)",
        optout.workspace,
        optout.id,
        optout.request,
        at,
        optout.traceparent,
    )


async def pending_optouts(tx: Tx) -> list[PendingOptOut]:
    """The oldest hundred."""
    rows = await tx.fetch(
        "SELECT workspace, id, request, traceparent FROM pending_optouts"
        " WHERE refused IS NULL ORDER BY id LIMIT 100"
    )
    return [PendingOptOut(*row.values()) for row in rows]


async def forget_optout(tx: Tx, optout: PendingOptOut) -> None:
    await tx.execute(
        "DELETE FROM pending_optouts WHERE workspace = $1 AND id = $2", optout.workspace, optout.id
    )


async def set_optout_aside(tx: Tx, optout: PendingOptOut, reason: str) -> None:
    """Keeps an opt-out that decision will never take, for a person to look at."""
    await tx.execute(
        "UPDATE pending_optouts SET refused = $3 WHERE workspace = $1 AND id = $2",
        optout.workspace,
        optout.id,
        reason,
    )
