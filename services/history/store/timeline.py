"""Timelines: the rows, and how many of each sort there are by day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from kit.bus.erasure import Personal
from kit.db.database import Tx
from services.history.domain.entry import Entry, Kind, Merge
from services.history.domain.page import Query

_ADD = """
WITH added AS (
    INSERT INTO timeline (
        workspace, person, at, recorded_at, id, source, person_seq, kind, name, summary, reason,
        code, channel, journey, campaign, event, decision, message, data, trace_id
    )
    SELECT * FROM unnest(
        $1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::uuid[], $6::text[],
        $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[],
        $14::text[], $15::text[], $16::uuid[], $17::uuid[], $18::uuid[], $19::json[], $20::text[]
    )
    ON CONFLICT DO NOTHING
    RETURNING workspace, at, kind, name, channel, code, journey, campaign
), counted AS (
    SELECT workspace, (at AT TIME ZONE 'UTC')::date AS day, kind, name, channel, code, journey,
        campaign, count(*) AS entries
    FROM added GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
), summed AS (
    INSERT INTO outcome_days AS o (
        workspace, day, source, kind, name, channel, code, journey, campaign, entries
    )
    SELECT workspace, day, $21, kind, name, channel, code, journey, campaign, entries FROM counted
    ON CONFLICT (workspace, day, source, kind, name, channel, code, journey, campaign)
    DO UPDATE SET entries = o.entries + excluded.entries
)
SELECT kind, sum(entries)::bigint FROM counted GROUP BY kind
"""

_ADD_MERGES = """
INSERT INTO merges (workspace, loser, winner, loser_last_seq, merged_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[])
ON CONFLICT DO NOTHING
"""

# One walk down the index for each person, then the newest of all walks: a single `person = ANY`
# would read and sort everything these people ever did. OFFSET 0 keeps the merges from being hashed
# as a whole, which is what a plan made while the table was small would do.
_PAGE = """
WITH RECURSIVE people AS (
    SELECT asked.person FROM unnest($2::uuid[]) AS asked (person)
    UNION
    SELECT lost.loser
    FROM people CROSS JOIN LATERAL (
        SELECT loser FROM merges
        WHERE merges.workspace = $1 AND merges.winner = people.person
        OFFSET 0
    ) AS lost
)
SELECT newest.* FROM people CROSS JOIN LATERAL (
    SELECT timeline.* FROM timeline
    WHERE timeline.workspace = $1 AND timeline.person = people.person
        AND (timeline.at, timeline.recorded_at, timeline.id) < ($3, $4, $5)
        AND timeline.at >= $6 AND timeline.at < $7
        AND ($8::text[] IS NULL OR timeline.kind = ANY ($8))
        AND ($9::text[] IS NULL OR timeline.channel = ANY ($9))
        AND ($10::text = '' OR timeline.journey = $10)
        AND ($12::text = '' OR timeline.campaign = $12)
    ORDER BY timeline.at DESC, timeline.recorded_at DESC, timeline.id DESC
    LIMIT $11
) AS newest
ORDER BY newest.at DESC, newest.recorded_at DESC, newest.id DESC
LIMIT $11
"""


PERSONAL = (
    Personal("timeline"),
    Personal("messages"),
    Personal("person_pressure"),
    Personal("due_people", shown=False),
    Personal("goal_events"),
    Personal("credits"),
    Personal("exposures"),
    Personal("merges", "loser"),
    Personal("merges", "winner", shown=False),
)
"""The tables with rows of people. Sums by day or period name nobody and stay."""


class TimelineStore:
    """Timelines in Postgres."""

    async def ensure_months(self, tx: Tx, months: Collection[date]) -> None:
        for month in sorted(months):
            await tx.execute("SELECT ensure_timeline_month($1)", month)

    async def add(self, tx: Tx, entries: Sequence[Entry], source: str) -> Mapping[str, int]:
        rows = sorted((_row(each) for each in entries), key=lambda row: row[:5])
        return dict(await tx.fetch(_ADD, *zip(*rows, strict=True), source))

    async def add_merges(self, tx: Tx, merges: Sequence[Merge]) -> None:
        rows = sorted(
            (each.workspace, each.loser, each.winner, each.loser_last_seq, each.merged_at)
            for each in merges
        )
        await tx.execute(_ADD_MERGES, *zip(*rows, strict=True))

    async def page(self, tx: Tx, query: Query) -> list[Entry]:
        rows = await tx.fetch(
            _PAGE,
            query.workspace,
            query.persons,
            *query.before,
            query.since,
            query.until,
            query.kinds or None,
            query.channels or None,
            query.journey,
            query.limit,
            query.campaign,
        )
        return [_entry(row) for row in rows]


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.workspace,
        entry.person,
        entry.at,
        entry.recorded_at,
        entry.id,
        entry.source,
        entry.person_seq,
        entry.kind,
        entry.name,
        entry.summary,
        entry.reason,
        entry.code,
        entry.channel,
        entry.journey,
        entry.campaign,
        entry.event,
        entry.decision,
        entry.message,
        entry.data_json.decode() or None,
        entry.trace_id,
    )


def _entry(row: Any) -> Entry:
    columns = dict(row)
    data = columns.pop("data")
    columns["kind"] = Kind(columns["kind"])
    return Entry(data_json=data.encode() if data else b"", **columns)
