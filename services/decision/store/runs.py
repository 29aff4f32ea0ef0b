"""Where people stand in journeys, row by row, and the calls journeys ordered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from services.decision.ports.runs import Call, Run, RunKey


async def save_runs(tx: Tx, runs: Sequence[Run], ended: Sequence[RunKey]) -> None:
    """Writes where people, locked by the caller, stand now, and forgets runs that are over."""
    await tx.execute(
        "WITH over AS (DELETE FROM journey_runs USING unnest($1::text[], $2::uuid[], $3::text[],"
        "  $4::uuid[]) AS e (workspace, person, journey, run)"
        "  WHERE journey_runs.workspace = e.workspace AND journey_runs.person = e.person"
        "  AND journey_runs.journey = e.journey AND journey_runs.run = e.run)"
        " INSERT INTO journey_runs (workspace, person, journey, run, version, step, entered_at,"
        "  since, due_at)"
        " SELECT * FROM unnest($5::text[], $6::uuid[], $7::text[], $8::uuid[], $9::int[],"
        "  $10::text[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])"
        " ON CONFLICT (workspace, person, journey, run) DO UPDATE SET version = excluded.version,"
        "  step = excluded.step, since = excluded.since, due_at = excluded.due_at",
        *_columns(ended, 4),
        *_columns(runs, 9),
    )


async def forget_runs(tx: Tx, workspace: str, person: UUID) -> None:
    """Forgets where somebody stood who was merged into another."""
    await tx.execute(
        "DELETE FROM journey_runs WHERE workspace = $1 AND person = $2", workspace, person
    )


async def count_runs(
    tx: Tx, workspace: str, journey: str
) -> list[tuple[int, str, int, datetime | None, datetime]]:
    """Version, step, how many people are there, when the next of them goes on, since when."""
    rows = await tx.fetch(
        "SELECT version, step, count(*) AS people, min(due_at) AS next_at, min(since) AS since"
        " FROM journey_runs WHERE workspace = $1 AND journey = $2"
        " GROUP BY version, step ORDER BY version DESC, step",
        workspace,
        journey,
    )
    return [(r["version"], r["step"], r["people"], r["next_at"], r["since"]) for r in rows]


async def list_runs(
    tx: Tx, workspace: str, journey: str, step: str, after: RunKey | None, limit: int
) -> list[Run]:
    """Runs at a step (empty: any), in order of person and run, after one of them."""
    rows = await tx.fetch(
        "SELECT workspace, person, journey, run, version, step, entered_at, since, due_at"
        " FROM journey_runs WHERE workspace = $1 AND journey = $2 AND ($3 = '' OR step = $3)"
        " AND ($4::uuid IS NULL OR (person, run) > ($4, $5)) ORDER BY person, run LIMIT $6",
        workspace,
        journey,
        step,
        after[1] if after else None,
        after[3] if after else None,
        limit,
    )
    return [Run(*row.values()) for row in rows]


async def people_in_version(
    tx: Tx, workspace: str, journey: str, version: int, limit: int
) -> list[UUID]:
    """People in a version of a journey, in order."""
    rows = await tx.fetch(
        "SELECT DISTINCT person FROM journey_runs WHERE workspace = $1 AND journey = $2"
        " AND version = $3 ORDER BY person LIMIT $4",
        workspace,
        journey,
        version,
        limit,
    )
    return [row["person"] for row in rows]


# Calls.


async def insert_calls(tx: Tx, calls: Sequence[Call]) -> None:
    """Orders calls; one that is there stays as it is."""
    await tx.execute(
        "INSERT INTO journey_calls (workspace, id, person, journey, step, webhook, kind, body,"
        "  ordered_at, due_at, attempts, state, detail)"
        " SELECT workspace, id, person, journey, step, webhook, kind, body, ordered_at, ordered_at,"
        "  0, 'pending', ''"
        " FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],"
        "  $7::text[], $8::jsonb[], $9::timestamptz[])"
        "  AS c (workspace, id, person, journey, step, webhook, kind, body, ordered_at)"
        " ON CONFLICT (workspace, id) DO NOTHING",
        *_columns(calls, 9),
    )


async def claim_calls(tx: Tx, now: datetime, until: datetime, limit: int) -> list[tuple[Call, int]]:
    """Takes due calls for this process until `until`, each with its attempts so far; what is not
    settled by then is due again.
    """
    rows = await tx.fetch(
        "UPDATE journey_calls SET due_at = $2, attempts = attempts + 1 FROM ("
        "  SELECT workspace, id FROM journey_calls WHERE state = 'pending' AND due_at <= $1"
        "  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) AS due"
        " WHERE journey_calls.workspace = due.workspace AND journey_calls.id = due.id"
        " RETURNING journey_calls.workspace, journey_calls.id, person, journey, step, webhook,"
        "  kind, body::text AS body, ordered_at, attempts",
        now,
        until,
        limit,
    )
    return [(Call(*list(row.values())[:9]), row["attempts"]) for row in rows]


async def settle_call(
    tx: Tx, workspace: str, call: UUID, state: str, due_at: datetime, detail: str
) -> None:
    """Notes what came of a call: done, failed, or pending until `due_at`."""
    await tx.execute(
        "UPDATE journey_calls SET state = $3, due_at = $4, detail = $5"
        " WHERE workspace = $1 AND id = $2",
        workspace,
        call,
        state,
        due_at,
        detail,
    )


async def next_call(tx: Tx) -> datetime | None:
    """When the next call is due."""
    due: datetime | None = await tx.fetchval(
        "SELECT due_at FROM journey_calls WHERE state = 'pending'"
        " ORDER BY due_at, workspace LIMIT 1"
    )
    return due


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]
