"""The gateway's queries on imports: what was asked for, how far it got, which rows were refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gateway.store.common import Row
from kit.db.database import Tx
from kit.errors import Conflict


@dataclass(frozen=True)
class Wanted:
    """An import as it was asked for; `options` tells one way of reading the rows from another."""

    workspace: str
    id: UUID
    holder: UUID
    name: str
    kind: str
    format: str
    options: str
    dry_run: bool


class Progress(NamedTuple):
    """What a stretch of rows came to; `rows` is the number of its last one."""

    rows: int
    accepted: int
    repeated: int
    refused: int


class Refusal(NamedTuple):
    """A row that was not stored. What stood in it is not kept."""

    row: int
    status: int
    reason: str
    pointer: str


async def begin(tx: Tx, wanted: Wanted, at: datetime) -> Row:
    """Makes the import, or returns the one that is there, locked; ours if its holder is ours."""
    await tx.execute(
        "INSERT INTO imports (workspace, id, holder, name, kind, format, options, dry_run, state,"
        " rows, accepted, repeated, refused, created_at, changed_at, detail)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', 0, 0, 0, 0, $9, $9, '')"
        " ON CONFLICT DO NOTHING",
        wanted.workspace,
        wanted.id,
        wanted.holder,
        wanted.name,
        wanted.kind,
        wanted.format,
        wanted.options,
        wanted.dry_run,
        at,
    )
    return await tx.fetchrow(
        "SELECT * FROM imports WHERE workspace = $1 AND id = $2 FOR UPDATE",
        wanted.workspace,
        wanted.id,
    )


async def take_over(tx: Tx, wanted: Wanted, at: datetime) -> None:
    """Goes on with an import that stopped; the one who had it writes nothing any more."""
    await tx.execute(
        "UPDATE imports SET holder = $3, state = 'running', detail = '', changed_at = $4"
        " WHERE workspace = $1 AND id = $2",
        wanted.workspace,
        wanted.id,
        wanted.holder,
        at,
    )


async def progress(
    tx: Tx, workspace: str, import_: UUID, holder: UUID, done: Progress, at: datetime
) -> None:
    """Adds what a stretch came to; raises Conflict where somebody else goes on with the import."""
    status = await tx.execute(
        "UPDATE imports SET rows = $4, accepted = accepted + $5, repeated = repeated + $6,"
        " refused = refused + $7, changed_at = $8"
        " WHERE workspace = $1 AND id = $2 AND holder = $3",
        workspace,
        import_,
        holder,
        *done,
        at,
    )
    if status != "UPDATE 1":
        raise Conflict("Somebody else goes on with this import")


async def refuse(tx: Tx, workspace: str, import_: UUID, refusals: Sequence[Refusal]) -> None:
    """Names refused rows; one that is named stays as it is."""
    if refusals:
        rows, statuses, reasons, pointers = zip(*refusals, strict=True)
        await tx.execute(
            "INSERT INTO import_refusals (workspace, import, row, status, reason, pointer)"
            " SELECT $1, $2, * FROM unnest($3::bigint[], $4::int[], $5::text[], $6::text[])"
            " ON CONFLICT DO NOTHING",
            workspace,
            import_,
            rows,
            statuses,
            reasons,
            pointers,
        )


async def end(
    tx: Tx, workspace: str, import_: UUID, holder: UUID, state: str, detail: str, at: datetime
) -> None:
    """Says how it ended, unless somebody else goes on with it."""
    await tx.execute(
        "UPDATE imports SET state = $4, detail = $5, changed_at = $6"
        " WHERE workspace = $1 AND id = $2 AND holder = $3",
        workspace,
        import_,
        holder,
        state,
        detail,
        at,
    )


async def find(tx: Tx, workspace: str, import_: UUID) -> Row | None:
    """The import with this id."""
    return await tx.fetchrow(
        "SELECT * FROM imports WHERE workspace = $1 AND id = $2", workspace, import_
    )


async def newest(tx: Tx, workspace: str, limit: int) -> list[Row]:
    """The newest imports."""
    return await tx.fetch(
        "SELECT * FROM imports WHERE workspace = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        workspace,
        limit,
    )


async def refusals(tx: Tx, workspace: str, import_: UUID, after: int, limit: int) -> list[Refusal]:
    """Refused rows after a row, in the order of the file."""
    rows = await tx.fetch(
        "SELECT row, status, reason, pointer FROM import_refusals"
        " WHERE workspace = $1 AND import = $2 AND row > $3 ORDER BY row LIMIT $4",
        workspace,
        import_,
        after,
        limit,
    )
    return [Refusal(*each) for each in rows]
