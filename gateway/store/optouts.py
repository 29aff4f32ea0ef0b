"""The gateway's queries on opt-outs on their way to decision."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx


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
