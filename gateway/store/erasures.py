"""The gateway's queries on erasures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx


@dataclass(frozen=True)
class Erasure:
    """Somebody's wish to be forgotten; `persons` are the profile and those merged into it."""

    workspace: str
    id: UUID
    persons: Sequence[UUID]
    requested_at: datetime
    done_at: datetime | None = None


_COLUMNS = "workspace, id, persons, requested_at, done_at"


async def begin(tx: Tx, wanted: Erasure) -> None:
    """Commits a wish."""
    await tx.execute(
        f"INSERT INTO erasures ({_COLUMNS}) VALUES ($1, $2, $3, $4, NULL)",
        wanted.workspace,
        wanted.id,
        list(wanted.persons),
        wanted.requested_at,
    )


async def find(tx: Tx, workspace: str, erasure: UUID) -> Erasure | None:
    """The receipt with this id."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM erasures WHERE workspace = $1 AND id = $2", workspace, erasure
    )
    return Erasure(*row) if row else None


async def running(tx: Tx, limit: int) -> list[Erasure]:
    """The oldest wishes that are not done, of all workspaces."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM erasures WHERE done_at IS NULL ORDER BY requested_at LIMIT $1",
        limit,
    )
    return [Erasure(*row) for row in rows]


async def done(tx: Tx, erasures: Sequence[Erasure], at: datetime) -> None:
    """Nothing is left of these people."""
    await tx.execute(
        "UPDATE erasures SET done_at = $3"
        " FROM unnest($1::text[], $2::uuid[]) AS done (workspace, id)"
        " WHERE erasures.workspace = done.workspace AND erasures.id = done.id",
        [each.workspace for each in erasures],
        [each.id for each in erasures],
        at,
    )


async def forget_optouts(tx: Tx, workspace: str, persons: Sequence[UUID]) -> None:
    """Deletes opt-outs of people who are gone: nobody is left to write to."""
    await tx.execute(
        "DELETE FROM pending_optouts WHERE workspace = $1 AND EXISTS ("
        " SELECT FROM unnest($2::bytea[]) AS people (person)"
        " WHERE position(person IN request) > 0)",
        workspace,
        [each.bytes for each in persons],
    )
