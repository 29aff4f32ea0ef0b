"""Who is in which segment, and how far a workspace has been counted into its segments."""

from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from services.decision.ports.members import Member, Settlement
from services.decision.ports.states import StoredState


async def list_behind(tx: Tx, limit: int) -> list[tuple[str, int]]:
    """Workspaces whose catalog has moved on since it was last looked at, with its head revision."""
    rows = await tx.fetch(
        "SELECT h.workspace, h.revision FROM catalog_heads h"
        " LEFT JOIN settlements s ON s.workspace = h.workspace"
        " WHERE h.revision > coalesce(s.revision, 0) ORDER BY h.workspace LIMIT $1",
        limit,
    )
    return [(row["workspace"], row["revision"]) for row in rows]


async def start_settlement(tx: Tx, workspace: str, revision: int, now: datetime) -> None:
    """Has everybody of a workspace looked at again, from the first; one under way starts over.

    `barrier` is beyond every transaction that may still work with the catalog before `revision`.
    """
    await tx.execute(
        "INSERT INTO settlements (workspace, revision, settled_at_revision, people, done, barrier,"
        "  started_at)"
        " VALUES ($1, $2, 0, (SELECT count(*) FROM person_states"
        "  WHERE workspace = $1 AND merged_into IS NULL), 0,"
        "  pg_snapshot_xmax(pg_current_snapshot())::text::bigint, $3)"
        " ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision,"
        "  people = excluded.people, done = 0, barrier = excluded.barrier, after = NULL,"
        "  started_at = excluded.started_at, finished_at = NULL"
        " WHERE settlements.revision < excluded.revision",
        workspace,
        revision,
        now,
    )


async def skip_settlement(tx: Tx, workspace: str, revision: int, now: datetime) -> None:
    """Notes that a revision changes nothing about segments; one under way goes on to it."""
    await tx.execute(
        "INSERT INTO settlements (workspace, revision, settled_at_revision, people, done, barrier,"
        "  started_at, finished_at) VALUES ($1, $2, $2, 0, 0, 0, $3, $3)"
        " ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision,"
        "  settled_at_revision = CASE WHEN settlements.finished_at IS NULL"
        "   THEN settlements.settled_at_revision ELSE excluded.revision END"
        " WHERE settlements.revision < excluded.revision",
        workspace,
        revision,
        now,
    )


async def restart_settlement(tx: Tx, workspace: str) -> None:
    """Goes over everybody once more: somebody behind joined somebody already passed."""
    await tx.execute(
        "UPDATE settlements SET after = NULL, done = 0, finished_at = NULL WHERE workspace = $1",
        workspace,
    )


async def lock_settlement(tx: Tx) -> Settlement | None:
    """The oldest settlement under way that no other process has, locked until the commit."""
    row = await tx.fetchrow(
        "SELECT workspace, revision, settled_at_revision, people, done, after, started_at,"
        " finished_at, pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= barrier AS clear"
        " FROM settlements WHERE finished_at IS NULL ORDER BY started_at, workspace"
        " LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return Settlement(**row) if row else None


async def get_settlement(tx: Tx, workspace: str) -> Settlement | None:
    """How far the workspace is; None before its first apply was looked at."""
    row = await tx.fetchrow(
        "SELECT workspace, revision, settled_at_revision, people, done, after, started_at,"
        " finished_at, true AS clear FROM settlements WHERE workspace = $1",
        workspace,
    )
    return Settlement(**row) if row else None


async def save_settlement(
    tx: Tx, workspace: str, after: UUID | None, done: int, finished_at: datetime | None
) -> None:
    """Moves the locked settlement on by `done` people, or ends it."""
    await tx.execute(
        "UPDATE settlements SET after = $2, done = done + $3, finished_at = $4::timestamptz,"
        " settled_at_revision ="
        "  CASE WHEN $4::timestamptz IS NULL THEN settled_at_revision ELSE revision END"
        " WHERE workspace = $1",
        workspace,
        after,
        done,
        finished_at,
    )


async def unsettled(tx: Tx) -> bool:
    """Whether any workspace has people yet to be counted in, or a catalog yet to be looked at."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM settlements WHERE finished_at IS NULL)"
        " OR EXISTS (SELECT FROM catalog_heads h LEFT JOIN settlements s"
        "  ON s.workspace = h.workspace WHERE h.revision > coalesce(s.revision, 0))"
    )
    return found


async def page_of_people(
    tx: Tx, workspace: str, after: UUID | None, limit: int
) -> list[tuple[UUID, StoredState]]:
    """People of a workspace in order of id, unlocked, without those merged into others."""
    rows = await tx.fetch(
        "SELECT person, state FROM person_states WHERE workspace = $1 AND person > $2"
        " AND merged_into IS NULL ORDER BY person LIMIT $3",
        workspace,
        after or _FIRST,
        limit,
    )
    return [(row["person"], StoredState(row["state"], None)) for row in rows]


async def forget_segments(tx: Tx, workspace: str, kept: list[str], limit: int) -> int:
    """Drops at most `limit` memberships in segments that are gone; returns how many."""
    status = await tx.execute(
        "DELETE FROM segment_members WHERE workspace = $1 AND (segment, person) IN"
        " (SELECT segment, person FROM segment_members WHERE workspace = $1"
        "  AND segment <> ALL($2::text[]) ORDER BY segment, person LIMIT $3)",
        workspace,
        kept,
        limit,
    )
    return int(status.removeprefix("DELETE "))


async def range_of_people(tx: Tx, workspace: str) -> tuple[int, UUID | None, UUID | None]:
    """How many people a workspace has, and the first and last of them."""
    [row] = await tx.fetch(
        "SELECT (SELECT count(*) FROM person_states WHERE workspace = $1 AND merged_into IS NULL),"
        " (SELECT person FROM person_states WHERE workspace = $1 ORDER BY person LIMIT 1),"
        " (SELECT person FROM person_states WHERE workspace = $1 ORDER BY person DESC LIMIT 1)",
        workspace,
    )
    return (row[0], row[1], row[2])


async def count_members(tx: Tx, workspace: str, segment: str) -> int:
    """How many people are in a segment."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM segment_members WHERE workspace = $1 AND segment = $2",
        workspace,
        segment,
    )
    return found


async def list_members(
    tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
) -> list[Member]:
    """Members in order of person, those after `after`."""
    rows = await tx.fetch(
        "SELECT person, entered_at FROM segment_members"
        " WHERE workspace = $1 AND segment = $2 AND person > $3 ORDER BY person LIMIT $4",
        workspace,
        segment,
        after or _FIRST,
        limit,
    )
    return [Member(row["person"], row["entered_at"]) for row in rows]


_FIRST = UUID(int=0)
