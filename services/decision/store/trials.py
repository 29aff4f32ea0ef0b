"""What was done with messages, what came of it, and the snapshots of the model learnt from it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.response_model import Cell, Count
from services.decision.ports.trials import LoggedTrial, Response, Settled, Snapshot, Trial

COUNTED_AFTER = timedelta(days=1)
"""Most answers come within hours. Counting answered messages before the others of their day would
make every rate look high, most of all that of what was sent last.
"""


async def insert_trials(tx: Tx, trials: Sequence[Trial]) -> None:
    """Keeps what was done; a message has one trial."""
    await tx.execute(
        "INSERT INTO trials (workspace, message, decision, sent_at, until, channel, template,"
        " variant, bucket, model_revision, actions, settled, due)"
        " SELECT *, false, least(until, sent_at + $12::interval)"
        " FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[],"
        " $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[],"
        " $11::bytea[]) AS new (workspace, message, decision, sent_at, until, channel, template,"
        " variant, bucket, model_revision, actions) ON CONFLICT (workspace, message) DO NOTHING",
        *columns(trials, 11),
        COUNTED_AFTER,
    )


async def note_responses(tx: Tx, responses: Sequence[Response]) -> None:
    """Notes the first response to each message that came within its window."""
    await tx.execute(
        "UPDATE trials SET responded_at = new.at, response = new.kind, hour = new.hour"
        " FROM unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::smallint[])"
        " AS new (workspace, message, at, kind, hour)"
        " WHERE trials.workspace = new.workspace AND trials.message = new.message"
        " AND trials.responded_at IS NULL AND new.at <= trials.until",
        *columns(responses, 5),
    )


async def delete_trials(tx: Tx, messages: Sequence[tuple[str, UUID]]) -> None:
    """Forgets trials of messages that did not go out."""
    await tx.execute(
        "DELETE FROM trials USING unnest($1::text[], $2::uuid[]) AS gone (workspace, message)"
        " WHERE trials.workspace = gone.workspace AND trials.message = gone.message"
        " AND NOT trials.settled",
        *columns(messages, 2),
    )


async def settle_trials(tx: Tx, now: datetime, limit: int) -> list[Settled]:
    """Counts messages that are due, and responses that came after theirs was; each once."""
    rows = await tx.fetch(
        "WITH due AS (SELECT workspace, message FROM trials WHERE NOT settled AND due <= $1"
        "  ORDER BY due LIMIT $2 FOR UPDATE SKIP LOCKED),"
        " late AS (SELECT workspace, message FROM trials"
        "  WHERE settled AND NOT credited AND responded_at IS NOT NULL"
        "  ORDER BY responded_at LIMIT $2 FOR UPDATE SKIP LOCKED)"
        " UPDATE trials SET settled = true, credited = (responded_at IS NOT NULL)"
        " FROM (SELECT *, 1 AS trials FROM due UNION ALL SELECT *, 0 FROM late) AS counted"
        " WHERE trials.workspace = counted.workspace AND trials.message = counted.message"
        " RETURNING trials.workspace, channel, template, variant, bucket, hour, counted.trials",
        now,
        limit,
    )
    return [
        Settled(
            r["workspace"],
            Cell(r["channel"], r["template"], r["variant"], r["bucket"]),
            r["hour"],
            r["trials"],
        )
        for r in rows
    ]


async def lock_model(tx: Tx, workspace: str, now: datetime) -> int:
    """The newest snapshot's revision (0 before the first), locked until the transaction ends."""
    await tx.execute(
        "INSERT INTO model_revisions (workspace, revision, at, hours)"
        " VALUES ($1, 0, $2, array_fill(0, ARRAY[168])) ON CONFLICT DO NOTHING",
        workspace,
        now,
    )
    # Revision 0 stands for the model itself: whoever makes a snapshot holds it.
    await tx.fetchval(
        "SELECT revision FROM model_revisions WHERE workspace = $1 AND revision = 0 FOR UPDATE",
        workspace,
    )
    head: int = await tx.fetchval(
        "SELECT revision FROM model_revisions WHERE workspace = $1 ORDER BY revision DESC LIMIT 1",
        workspace,
    )
    return head


async def model_heads(tx: Tx) -> dict[str, int]:
    """The newest snapshot of every workspace that has learnt anything."""
    rows = await tx.fetch(
        "SELECT m.workspace, (SELECT h.revision FROM model_revisions h"
        "  WHERE h.workspace = m.workspace ORDER BY h.revision DESC LIMIT 1) AS revision"
        " FROM model_revisions m WHERE m.revision = 0"
    )
    return {row["workspace"]: row["revision"] for row in rows}


async def model_snapshot(tx: Tx, workspace: str, after: int, revision: int) -> Snapshot:
    """What changed after one snapshot up to another; all of it after 0."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (channel, template, variant, bucket)"
        " channel, template, variant, bucket, trials, responses FROM model_counts"
        " WHERE workspace = $1 AND revision > $2 AND revision <= $3"
        " ORDER BY channel, template, variant, bucket, revision DESC",
        workspace,
        after,
        revision,
    )
    hours = await tx.fetchval(
        "SELECT hours FROM model_revisions WHERE workspace = $1 AND revision = $2",
        workspace,
        revision,
    )
    cells = [Cell(r["channel"], r["template"], r["variant"], r["bucket"]) for r in rows]
    found = [Count(r["trials"], r["responses"]) for r in rows]
    return Snapshot(workspace, revision, dict(zip(cells, found, strict=True)), hours or [])


async def insert_snapshot(tx: Tx, snapshot: Snapshot, now: datetime) -> None:
    """Makes a snapshot the newest; its revision is one above the locked head."""
    await tx.execute(
        "INSERT INTO model_revisions (workspace, revision, at, hours) VALUES ($1, $2, $3, $4)",
        snapshot.workspace,
        snapshot.revision,
        now,
        snapshot.hours,
    )
    rows = [(*cell, *count) for cell, count in snapshot.counts.items()]
    await tx.execute(
        "INSERT INTO model_counts (workspace, revision, channel, template, variant, bucket,"
        " trials, responses)"
        " SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[],"
        " $7::bigint[], $8::bigint[])",
        snapshot.workspace,
        snapshot.revision,
        *columns(rows, 6),
    )


async def list_choices(
    tx: Tx,
    workspace: str,
    span: tuple[datetime | None, datetime, datetime],
    template: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[LoggedTrial]:
    """Decisions with a choice in order of time: sent since, before, and with a window over by."""
    since, before, over_by = span
    rows = await tx.fetch(
        "SELECT message, sent_at, channel, template, variant, bucket, actions,"
        " responded_at IS NOT NULL AS answered FROM trials"
        " WHERE workspace = $1 AND sent_at >= $2 AND sent_at < $3 AND until <= $4"
        " AND actions <> ''::bytea AND ($5 = '' OR template = $5)"
        " AND (sent_at, message) > ($6, $7) ORDER BY sent_at, message LIMIT $8",
        workspace,
        since or datetime.min.replace(tzinfo=UTC),
        before,
        over_by,
        template,
        *(after or (datetime.min.replace(tzinfo=UTC), UUID(int=0))),
        limit,
    )
    return [LoggedTrial(**row) for row in rows]


def columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as one list per column, as unnest takes them."""
    return [[row[i] for row in rows] for i in range(width)]
