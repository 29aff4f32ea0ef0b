"""Runs of campaigns, their recipients, and how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.campaigns.runs import CampaignRun, Fate

_RUN = (
    "workspace, campaign, run, missed, state, occurs_at, due_at, after, stage, taken, audience,"
    " launched_by, started_at, finished_at"
)


async def insert_run(tx: Tx, run: CampaignRun) -> None:
    """Schedules a run; one for the same occurrence stays as it is."""
    await tx.execute(
        f"INSERT INTO campaign_runs ({_RUN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
        " $12, $13, $14) ON CONFLICT DO NOTHING",
        *run,
    )


async def save_run(tx: Tx, run: CampaignRun) -> None:
    """Writes a locked run back."""
    await tx.execute(
        "UPDATE campaign_runs SET state = $4, due_at = $5, after = $6, stage = $7, taken = $8,"
        " audience = $9, started_at = $10, finished_at = $11"
        " WHERE workspace = $1 AND campaign = $2 AND run = $3",
        run.workspace,
        run.campaign,
        run.run,
        run.state,
        run.due_at,
        run.after,
        run.stage,
        run.taken,
        run.audience,
        run.started_at,
        run.finished_at,
    )


async def lock_runs(tx: Tx, workspace: str, campaign: str) -> list[CampaignRun]:
    """All runs of a campaign, newest first, locked."""
    rows = await tx.fetch(
        f"SELECT {_RUN} FROM campaign_runs WHERE workspace = $1 AND campaign = $2"
        " ORDER BY occurs_at DESC, run DESC FOR UPDATE",
        workspace,
        campaign,
    )
    return [CampaignRun(*row.values()) for row in rows]


async def lock_due_run(tx: Tx, now: datetime) -> CampaignRun | None:
    """A run with a page due that no other process is at, locked."""
    row = await tx.fetchrow(
        f"SELECT {_RUN} FROM campaign_runs WHERE state IN ('scheduled', 'running')"
        " AND due_at <= $1 ORDER BY due_at, workspace LIMIT 1 FOR UPDATE SKIP LOCKED",
        now,
    )
    return CampaignRun(*row.values()) if row else None


async def next_run_due(tx: Tx) -> datetime | None:
    """When the next page of any run is due."""
    due: datetime | None = await tx.fetchval(
        "SELECT due_at FROM campaign_runs WHERE state IN ('scheduled', 'running')"
        " ORDER BY due_at, workspace LIMIT 1"
    )
    return due


async def page_of_audience(
    tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
) -> list[UUID]:
    """People after one of them, in order: members of a segment, or everybody where it is empty."""
    rows = await tx.fetch(
        "SELECT person FROM segment_members WHERE workspace = $1 AND segment = $2"
        " AND ($3::uuid IS NULL OR person > $3) ORDER BY person LIMIT $4"
        if segment
        else "SELECT person FROM person_states WHERE workspace = $1 AND $2 = ''"
        " AND merged_into IS NULL AND ($3::uuid IS NULL OR person > $3) ORDER BY person LIMIT $4",
        workspace,
        segment,
        after,
        limit,
    )
    return [row["person"] for row in rows]


async def count_people(tx: Tx, workspace: str, segment: str) -> int:
    """How many people a segment has, or the workspace where it is empty."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM segment_members WHERE workspace = $1 AND segment = $2"
        if segment
        else "SELECT count(*) FROM person_states WHERE workspace = $1 AND $2 = ''"
        " AND merged_into IS NULL",
        workspace,
        segment,
    )
    return count


async def take_recipients(
    tx: Tx, run: CampaignRun, people: Sequence[tuple[UUID, str]], now: datetime, *, again: bool
) -> list[UUID]:
    """Notes people as recipients of a run, with their variant; returns those who were not yet.

    Unless `again` (a campaign that recurs), whoever was reached by any run of the campaign, or
    may have been, is left out.
    """
    rows = await tx.fetch(
        "INSERT INTO campaign_recipients (workspace, campaign, run, person, variant, state, reason,"
        "  at)"
        " SELECT $1, $2, $3, person, variant, 'taken', '', $6"
        " FROM unnest($4::uuid[], $5::text[]) AS p (person, variant)"
        " WHERE $7 OR NOT EXISTS (SELECT FROM campaign_recipients r WHERE r.workspace = $1"
        "  AND r.campaign = $2 AND r.person = p.person"
        "  AND r.state IN ('taken', 'held', 'ordered', 'accepted', 'unknown'))"
        " ORDER BY person ON CONFLICT DO NOTHING RETURNING person",
        run.workspace,
        run.campaign,
        run.run,
        [person for person, _ in people],
        [variant for _, variant in people],
        now,
        again,
    )
    return sorted(row["person"] for row in rows)


async def leave_out(tx: Tx, run: CampaignRun, people: Sequence[UUID]) -> None:
    """Forgets recipients of a run who turned out not to be of its audience."""
    await tx.execute(
        "DELETE FROM campaign_recipients WHERE workspace = $1 AND campaign = $2 AND run = $3"
        " AND person = ANY($4::uuid[]) AND state = 'taken'",
        run.workspace,
        run.campaign,
        run.run,
        people,
    )


async def note_fates(tx: Tx, fates: Sequence[Fate]) -> None:
    """Notes what was decided about recipients of campaigns, in the newest run each is in."""
    await tx.execute(
        "UPDATE campaign_recipients r SET state = f.state, reason = f.reason,"
        "  message = coalesce(f.message, r.message), at = f.at"
        " FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::uuid[],"
        "  $7::timestamptz[]) AS f (workspace, campaign, person, state, reason, message, at)"
        " WHERE r.workspace = f.workspace AND r.campaign = f.campaign AND r.person = f.person"
        " AND r.run = (SELECT n.run FROM campaign_recipients n WHERE n.workspace = f.workspace"
        "  AND n.campaign = f.campaign AND n.person = f.person ORDER BY n.run DESC LIMIT 1)",
        *[[fate[i] for fate in fates] for i in range(7)],
    )


async def note_outcomes(tx: Tx, outcomes: Sequence[tuple[str, UUID, str, datetime]]) -> None:
    """Notes what became of messages; those of no campaign are passed over."""
    await tx.execute(
        "UPDATE campaign_recipients r SET state = o.state, at = o.at"
        " FROM unnest($1::text[], $2::uuid[], $3::text[], $4::timestamptz[])"
        "  AS o (workspace, message, state, at)"
        " WHERE r.workspace = o.workspace AND r.message = o.message"
        " AND r.state IN ('ordered', 'unknown')",
        *[[outcome[i] for outcome in outcomes] for i in range(4)],
    )


async def count_on_their_way(tx: Tx, workspace: str, campaign: str, run: UUID) -> int:
    """How many messages of a run delivery has yet to settle."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM campaign_recipients WHERE workspace = $1 AND campaign = $2"
        " AND run = $3 AND state = 'ordered'",
        workspace,
        campaign,
        run,
    )
    return count


async def count_recipients(
    tx: Tx, workspace: str, campaign: str, run: UUID
) -> list[tuple[str, str, str, int]]:
    """Variant, state, reason and how many recipients of a run."""
    rows = await tx.fetch(
        "SELECT variant, state, reason, count(*) AS people FROM campaign_recipients"
        " WHERE workspace = $1 AND campaign = $2 AND run = $3"
        " GROUP BY variant, state, reason ORDER BY variant, state, reason",
        workspace,
        campaign,
        run,
    )
    return [tuple(row.values()) for row in rows]


async def count_since(tx: Tx, workspace: str, campaign: str, run: UUID, since: datetime) -> int:
    """How many recipients of a run came to an end since then."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM campaign_recipients WHERE workspace = $1 AND campaign = $2"
        " AND run = $3 AND at > $4 AND state NOT IN ('taken', 'held', 'ordered')",
        workspace,
        campaign,
        run,
        since,
    )
    return count


async def sample_states(
    tx: Tx, workspace: str, segment: str, limit: int
) -> list[tuple[UUID, bytes]]:
    """Some people's states, spread by their ids: an example to predict from."""
    rows: list[Any] = await tx.fetch(
        "SELECT person, state FROM person_states WHERE workspace = $1 AND merged_into IS NULL"
        " AND ($2 = '' OR person IN (SELECT person FROM segment_members"
        "  WHERE workspace = $1 AND segment = $2)) ORDER BY hashtext(person::text) LIMIT $3",
        workspace,
        segment,
        limit,
    )
    return [(row["person"], row["state"]) for row in rows]
