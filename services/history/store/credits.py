"""Goals that were reached, and whose merit that was."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from kit.db.database import Tx
from services.history.domain.attribution import Credit, Happening, Reached
from services.history.ports import PersonKey, SentMessage

_MARK = """
INSERT INTO due_people (workspace, person) SELECT * FROM unnest($1::text[], $2::uuid[])
ON CONFLICT DO NOTHING
"""

# What another process works on is passed over; taken rows come back if this transaction fails.
_TAKE = """
DELETE FROM due_people USING (
    SELECT workspace, person FROM due_people ORDER BY workspace, person LIMIT $1
    FOR UPDATE SKIP LOCKED
) AS taken
WHERE due_people.workspace = taken.workspace AND due_people.person = taken.person
RETURNING due_people.workspace, due_people.person
"""

_SEARCHED = """
INSERT INTO goal_heads AS g (workspace, fingerprint) VALUES ($1, $2)
ON CONFLICT (workspace) DO UPDATE SET fingerprint = excluded.fingerprint
WHERE g.fingerprint <> excluded.fingerprint
RETURNING true
"""
_MARK_PAST = """
INSERT INTO due_people (workspace, person)
SELECT DISTINCT workspace, person FROM timeline
WHERE workspace = $1 AND kind = 'event' AND name = ANY ($2)
UNION
SELECT DISTINCT workspace, person FROM goal_events WHERE workspace = $1
ORDER BY 1, 2
ON CONFLICT DO NOTHING
"""

_FAMILIES = """
WITH RECURSIVE upward AS (
    SELECT asked.workspace, asked.person, asked.person AS head
    FROM unnest($1::text[], $2::uuid[]) AS asked (workspace, person)
    UNION ALL
    SELECT upward.workspace, upward.person, won.winner
    FROM upward CROSS JOIN LATERAL (
        SELECT winner FROM merges
        WHERE merges.workspace = upward.workspace AND merges.loser = upward.head
        OFFSET 0
    ) AS won
), heads AS (
    SELECT DISTINCT upward.workspace, upward.head FROM upward
    WHERE NOT EXISTS (
        SELECT FROM merges
        WHERE merges.workspace = upward.workspace AND merges.loser = upward.head
    )
), families AS (
    SELECT workspace, head, head AS person FROM heads
    UNION
    SELECT families.workspace, families.head, lost.loser
    FROM families CROSS JOIN LATERAL (
        SELECT loser FROM merges
        WHERE merges.workspace = families.workspace AND merges.winner = families.person
        OFFSET 0
    ) AS lost
)
SELECT workspace, person, head FROM families
"""

_MESSAGES = """
SELECT found.* FROM unnest($1::text[], $2::uuid[]) AS asked (workspace, person)
CROSS JOIN LATERAL (
    SELECT workspace, person, message, at, catalog_revision, channel, message_class, template,
        variant, journey, campaign
    FROM messages
    WHERE messages.workspace = asked.workspace AND messages.person = asked.person
        AND messages.at IS NOT NULL AND messages.message_class <> 'transactional'
    OFFSET 0
) AS found
"""

_EVENTS = """
SELECT found.* FROM unnest($1::text[], $2::uuid[]) AS asked (workspace, person)
CROSS JOIN LATERAL (
    SELECT workspace, person, id, at, name, data FROM timeline
    WHERE timeline.workspace = asked.workspace AND timeline.person = asked.person
        AND timeline.kind = 'event' AND timeline.name = ANY ($3)
    OFFSET 0
) AS found
"""

_FORGET = """
DELETE FROM {table} USING unnest($1::text[], $2::uuid[]) AS asked (workspace, person)
WHERE {table}.workspace = asked.workspace AND {table}.person = asked.person
"""

_ADD_REACHED = """
INSERT INTO goal_events (workspace, person, goal, event, at, value)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::float8[]
)
"""

_ADD_CREDITS = """
INSERT INTO credits (
    workspace, person, goal, event, at, value, message, sent_at, channel, message_class, template,
    variant, journey, campaign, last, first, linear, position, decay, chain
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::float8[], $7::uuid[],
    $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
    $15::float8[], $16::float8[], $17::float8[], $18::float8[], $19::float8[], $20::text[]
)
"""


class CreditStore:
    """Reached goals and credits in Postgres; implements `ports.Credits`."""

    async def mark(self, tx: Tx, people: Collection[PersonKey]) -> None:
        await tx.execute(_MARK, *zip(*sorted(people), strict=True))

    async def take(self, tx: Tx, limit: int) -> list[PersonKey]:
        return sorted(PersonKey(*row) for row in await tx.fetch(_TAKE, limit))

    async def due_workspaces(self, tx: Tx) -> list[str]:
        rows = await tx.fetch("SELECT DISTINCT workspace FROM due_people ORDER BY workspace")
        return [row["workspace"] for row in rows]

    async def workspaces(self, tx: Tx) -> list[str]:
        rows = await tx.fetch("SELECT workspace FROM goal_heads ORDER BY workspace")
        return [row["workspace"] for row in rows]

    async def search_past(
        self, tx: Tx, workspace: str, fingerprint: str, names: Collection[str]
    ) -> bool:
        if not await tx.fetchval(_SEARCHED, workspace, fingerprint):
            return False
        await tx.execute(_MARK_PAST, workspace, sorted(names))
        return True

    async def families(self, tx: Tx, people: Collection[PersonKey]) -> dict[PersonKey, UUID]:
        rows = await tx.fetch(_FAMILIES, *zip(*sorted(people), strict=True))
        return {PersonKey(row["workspace"], row["person"]): row["head"] for row in rows}

    async def messages(self, tx: Tx, people: Collection[PersonKey]) -> list[SentMessage]:
        rows = await tx.fetch(_MESSAGES, *zip(*sorted(people), strict=True))
        return [SentMessage(*row) for row in rows]

    async def events(
        self, tx: Tx, people: Collection[PersonKey], names: Collection[str]
    ) -> list[tuple[PersonKey, Happening]]:
        rows = await tx.fetch(_EVENTS, *zip(*sorted(people), strict=True), sorted(names))
        return [
            (
                PersonKey(row["workspace"], row["person"]),
                Happening(
                    id=row["id"],
                    at=row["at"],
                    name=row["name"],
                    properties=msgspec.json.decode(row["data"]) if row["data"] else {},
                ),
            )
            for row in rows
        ]

    async def replace(
        self,
        tx: Tx,
        people: Collection[PersonKey],
        found: Mapping[PersonKey, tuple[Sequence[Reached], Sequence[Credit]]],
    ) -> None:
        columns = tuple(zip(*sorted(people), strict=True))
        for table in ("goal_events", "credits"):
            await tx.execute(_FORGET.format(table=table), *columns)
        rows = [
            (*person, *_reached_row(each))
            for person, (goals, _) in sorted(found.items())
            for each in goals
        ]
        if rows:
            await tx.execute(_ADD_REACHED, *zip(*rows, strict=True))
        rows = [
            (*person, *_credit_row(each))
            for person, (_, shares) in sorted(found.items())
            for each in shares
        ]
        if rows:
            await tx.execute(_ADD_CREDITS, *zip(*rows, strict=True))


def _reached_row(reached: Reached) -> tuple[Any, ...]:
    return (reached.goal, reached.event, reached.at, reached.value)


def _credit_row(credit: Credit) -> tuple[Any, ...]:
    contact = credit.contact
    return (
        *_reached_row(credit.reached),
        contact.message,
        contact.at,
        contact.channel,
        contact.message_class,
        contact.template,
        contact.variant,
        contact.journey,
        contact.campaign,
        credit.last,
        credit.first,
        credit.linear,
        credit.position,
        credit.decay,
        credit.chain,
    )
