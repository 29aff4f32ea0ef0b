"""The gateway's queries on the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx


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


async def end_audit(tx: Tx, entry: AuditEntry, status: int, reason: str | None) -> None:
    """Records how it ended, and why it was done where that was said."""
    await tx.execute(
        "UPDATE audit_entries SET status = $3, reason = $4 WHERE workspace = $1 AND id = $2",
        entry.workspace,
        entry.id,
        status,
        reason,
    )
