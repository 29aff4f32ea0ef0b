"""Every query on ingest's tables. Sets go in and out as arrays; keys are in order, so locks are
taken in order.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from kit.clock import from_us, to_us
from kit.db.database import Tx
from services.ingest.domain.identity import Demand, Identity, IdKind, Plan, Profile
from services.ingest.domain.items import Item
from services.ingest.domain.refs import ByEmail, ById, ByIdentity, ByPhone, Ref
from services.ingest.domain.traits import Trait, Traits
from services.ingest.domain.weeks import is_turning, week_of
from services.ingest.ports import (
    Asking,
    Known,
    MessageKey,
    PastAsked,
    PastEvent,
    Person,
    ProfileKey,
    Recorded,
    RecordedMerge,
    Stale,
)
from services.ingest.store.aside import Aside

# The week after, too: at the turn of a week another process may count it already.
_CLAIM = """
INSERT INTO message_ids (workspace, message_id, week)
SELECT asked.workspace, asked.message_id, $3
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (workspace, message_id, nth)
WHERE NOT EXISTS (
    SELECT FROM message_ids AS known
    WHERE known.workspace = asked.workspace AND known.message_id = asked.message_id
        AND known.week IN ($3 - 1, $3 + 1)
)
ORDER BY nth
ON CONFLICT DO NOTHING
RETURNING workspace, message_id
"""
_UNCLAIM = """
DELETE FROM message_ids USING unnest($1::text[], $2::text[]) AS gone (workspace, message_id)
WHERE message_ids.workspace = gone.workspace AND message_ids.message_id = gone.message_id
    AND message_ids.week = $3
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('kairos.ingest.message_ids'))"

# LATERAL with OFFSET 0 or FOR UPDATE is one probe of the key's index for each row, always. A plain
# join is planned once and kept: on an empty table it becomes a hash join over everything, and stays
# one until the next ANALYZE (measured: 1,000 instead of 9 µs a row at 10,000 identities).
_OWNERS = """
SELECT asked.workspace, asked.kind, asked.value, found.profile
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (workspace, kind, value)
CROSS JOIN LATERAL (
    SELECT profile FROM identities
    WHERE identities.workspace = asked.workspace
        AND identities.kind = asked.kind AND identities.value = asked.value
    OFFSET 0
) AS found
"""

_LOCK = """
SELECT found.*
FROM unnest($1::text[], $2::uuid[]) AS asked (workspace, id)
CROSS JOIN LATERAL (
    SELECT workspace, id, user_id, last_seq, last_seen_at, created_at, merged_into FROM profiles
    WHERE profiles.workspace = asked.workspace AND profiles.id = asked.id AND merged_into IS NULL
    FOR UPDATE
) AS found
"""

# Locks, and takes the numbers that are surely needed, in the order of the array: one write of the
# row instead of a lock and a write.
_TAKE = """
UPDATE profiles SET last_seq = last_seq + asked.count,
    last_seen_at = greatest(last_seen_at, asked.seen_at)
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[])
    AS asked (workspace, id, count, seen_at)
WHERE profiles.workspace = asked.workspace AND profiles.id = asked.id AND merged_into IS NULL
RETURNING profiles.workspace, profiles.id, user_id, last_seq - asked.count AS last_seq,
    last_seen_at, created_at, last_seq AS written_seq
"""

_ADD_IDENTITIES = """
INSERT INTO identities (workspace, kind, value, profile)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[])
ON CONFLICT DO NOTHING
RETURNING true
"""

_SAVE_PROFILES = """
INSERT INTO profiles (workspace, id, user_id, last_seq, created_at, last_seen_at, merged_into)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::timestamptz[],
    $7::uuid[]
)
ON CONFLICT (workspace, id) DO UPDATE SET
    user_id = excluded.user_id,
    last_seq = excluded.last_seq,
    created_at = excluded.created_at,
    last_seen_at = excluded.last_seen_at,
    merged_into = excluded.merged_into
"""

_MOVE_IDENTITIES = "UPDATE identities SET profile = $3 WHERE workspace = $1 AND profile = $2"
_MOVE_TOMBSTONES = """
UPDATE profiles SET merged_into = $3 WHERE workspace = $1 AND merged_into = $2
"""

_ADD_EVENTS = """
INSERT INTO events (
    workspace, profile, person_seq, recorded_at, id, message_id, kind, name, user_id, anonymous_id,
    occurred_at, received_at, properties, traits, context, key_kind, history, traceparent
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::uuid[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::json[],
    $14::json[], $15::json[], $16::text[], $17::boolean[], $18::text[]
)
"""

_ADD_MERGES = """
INSERT INTO merges (workspace, loser, winner, person_seq, loser_last_seq, merged_at, id, event)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::uuid[],
    $8::uuid[]
)
"""

_TRAITS = """
SELECT found.*
FROM unnest($1::text[], $2::uuid[]) AS asked (workspace, profile)
CROSS JOIN LATERAL (
    SELECT workspace, profile, by_name FROM traits
    WHERE traits.workspace = asked.workspace AND traits.profile = asked.profile
    OFFSET 0
) AS found
"""

_SAVE_TRAITS = """
INSERT INTO traits (workspace, profile, by_name, email, phone)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::jsonb[], $4::text[], $5::text[])
ON CONFLICT (workspace, profile) DO UPDATE SET
    by_name = excluded.by_name, email = excluded.email, phone = excluded.phone
"""

_DROP_TRAITS = "DELETE FROM traits WHERE workspace = $1 AND profile = $2"

_BY_ID = "SELECT coalesce(merged_into, id) FROM profiles WHERE workspace = $1 AND id = $2"
_BY_IDENTITY = "SELECT profile FROM identities WHERE workspace = $1 AND kind = $2 AND value = $3"
_BY_EMAIL = """
SELECT profile FROM traits WHERE workspace = $1 AND email = $2 ORDER BY profile DESC LIMIT 1
"""

_BY_PHONE = """
SELECT profile FROM traits WHERE workspace = $1 AND phone = $2 ORDER BY profile DESC LIMIT 1
"""

_PEOPLE = """
SELECT id FROM profiles
WHERE workspace = $1 AND id < $2 AND merged_into IS NULL ORDER BY id DESC LIMIT $3
"""
_PEOPLE_AT = """
SELECT profile AS id FROM traits
WHERE workspace = $1 AND profile < $2 AND ($4::text IS NULL OR email = $4)
    AND ($5::text IS NULL OR phone = $5)
ORDER BY profile DESC LIMIT $3
"""

_PERSONS = """
SELECT p.*, t.by_name,
    ARRAY(
        SELECT ARRAY[i.kind, i.value] FROM identities i
        WHERE i.workspace = p.workspace AND i.profile = p.id ORDER BY i.kind, i.value
    ) AS ids,
    ARRAY(
        SELECT m.id FROM profiles m
        WHERE m.workspace = p.workspace AND m.merged_into = p.id ORDER BY m.id
    ) AS merged
FROM profiles p
LEFT JOIN traits t ON t.workspace = p.workspace AND t.profile = p.id
WHERE p.workspace = $1 AND p.id = ANY($2::uuid[]) ORDER BY p.id DESC
"""

_LAST_SEQS = "SELECT id, last_seq FROM profiles WHERE workspace = $1 AND id = ANY($2::uuid[])"
_PAST = """
SELECT found.*
FROM unnest($2::uuid[]) AS asked (profile)
CROSS JOIN LATERAL (
    SELECT profile, person_seq, kind, name, occurred_at, properties::text FROM events
    WHERE events.workspace = $1 AND events.profile = asked.profile
        AND (events.profile, person_seq) > ($5, $6)
        AND ((kind = 'track' AND name = ANY($3::text[])) OR kind = ANY($4::text[]))
    ORDER BY person_seq
    LIMIT $7
) AS found
WHERE asked.profile >= $5
ORDER BY found.profile, found.person_seq
LIMIT $7
"""

_DATA_ERRORS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.UntranslatableCharacterError,
    OverflowError,
)
"""The same data would fail again: out of range, not storable, against a constraint, too large for
an index.
"""


class _TraitRow(NamedTuple):
    """One trait as it is stored."""

    value: Any
    at_us: int


_trait_rows = msgspec.json.Decoder(dict[str, _TraitRow])


class PostgresStore(Aside):
    """The record in Postgres; implements `ports.Store`."""

    async def claim(self, tx: Tx, items: Collection[Item], at: datetime) -> set[MessageKey]:
        if is_turning(at):
            await tx.execute(_ONE_AT_A_TIME)
        keys = sorted({(item.workspace, item.message_id) for item in items})
        taken = await tx.fetch(_CLAIM, *_columns(keys), week_of(at))
        return {(workspace, message_id) for workspace, message_id in taken}

    async def unclaim(self, tx: Tx, items: Collection[Item], at: datetime) -> None:
        keys = sorted({(item.workspace, item.message_id) for item in items})
        await tx.execute(_UNCLAIM, *_columns(keys), week_of(at))

    async def make_room(self, tx: Tx, at: datetime) -> None:
        await tx.execute("SELECT ensure_event_month($1)", at.date().replace(day=1))
        await tx.execute("SELECT ensure_message_week($1)", week_of(at))

    async def forget(self, tx: Tx, at: datetime) -> int:
        gone: int = await tx.fetchval("SELECT forget_message_weeks($1)", week_of(at) - 1)
        return gone

    async def owners(self, tx: Tx, asked: Collection[Identity]) -> dict[Identity, UUID]:
        rows = await tx.fetch(_OWNERS, *_columns(list(asked)))
        return {
            Identity(workspace, kind, value): profile for workspace, kind, value, profile in rows
        }

    async def lock(self, tx: Tx, asked: Collection[ProfileKey]) -> dict[UUID, Profile]:
        if not asked:
            return {}
        rows = await tx.fetch(_LOCK, *_columns(sorted(asked)))
        if len(rows) != len(asked):
            raise Stale("a profile was merged away")
        return {row["id"]: Profile(**row) for row in rows}

    async def take(self, tx: Tx, wanted: Mapping[ProfileKey, Demand]) -> dict[UUID, Profile]:
        if not wanted:
            return {}
        rows = [(*key, each.count, each.seen_at) for key, each in sorted(wanted.items(), key=_key)]
        taken = await tx.fetch(_TAKE, *_columns(rows))
        if len(taken) != len(wanted):
            raise Stale("a profile was merged away")
        return {row["id"]: Profile(**row) for row in taken}

    async def save_people(self, tx: Tx, plan: Plan) -> None:
        new = sorted(plan.new_identities.items())
        if new:
            named = [(*identity, plan.home_of(profile)) for identity, profile in new]
            added = await tx.fetch(_ADD_IDENTITIES, *_columns(named))
            if len(added) != len(new):
                raise Stale("an identity was taken by somebody else")
        profiles = [each for each in plan.profiles.values() if each.is_to_be_written]
        profiles.sort(key=lambda each: (each.workspace, each.id))
        if profiles:
            rows = [_profile_row(each, plan) for each in profiles]
            await tx.execute(_SAVE_PROFILES, *_columns(rows))
        for merge in plan.merges:
            home = plan.home_of(merge.winner)
            await tx.execute(_MOVE_IDENTITIES, merge.workspace, merge.loser, home)
            await tx.execute(_MOVE_TOMBSTONES, merge.workspace, merge.loser, home)

    async def save_record(
        self, tx: Tx, events: Sequence[Recorded], merges: Sequence[RecordedMerge]
    ) -> None:
        if events:
            await tx.execute(_ADD_EVENTS, *_columns([_event_row(each) for each in events]))
        if merges:
            await tx.execute(_ADD_MERGES, *_columns([_merge_row(each) for each in merges]))

    async def traits(self, tx: Tx, asked: Collection[ProfileKey]) -> dict[ProfileKey, Traits]:
        if not asked:
            return {}
        rows = await tx.fetch(_TRAITS, *_columns(list(asked)))
        return {
            (each["workspace"], each["profile"]): _read_traits(each["by_name"]) for each in rows
        }

    async def save_traits(
        self,
        tx: Tx,
        changed: Mapping[ProfileKey, Known],
        gone: Collection[ProfileKey],
    ) -> None:
        if changed:
            rows = [
                (*key, _write_traits(known.traits), known.email, known.phone)
                for key, known in sorted(changed.items(), key=lambda each: each[0])
            ]
            await tx.execute(_SAVE_TRAITS, *_columns(rows))
        for key in sorted(gone):
            await tx.execute(_DROP_TRAITS, *key)

    async def last_seqs(
        self, tx: Tx, workspace: str, profiles: Collection[UUID]
    ) -> dict[UUID, int]:
        rows = await tx.fetch(_LAST_SEQS, workspace, list(profiles))
        return {row["id"]: row["last_seq"] for row in rows}

    async def past_events(
        self, tx: Tx, workspace: str, asked: PastAsked, limit: int
    ) -> list[PastEvent]:
        profile, seq = asked.after or (UUID(int=0), 0)
        rows = await tx.fetch(
            _PAST, workspace, list(asked.profiles), list(asked.names), list(asked.kinds),
            profile, seq, limit,
        )  # fmt: skip
        return [PastEvent(*row) for row in rows]

    async def find_person(self, tx: Tx, workspace: str, ref: Ref) -> Person | None:
        profile = await self._find(tx, workspace, ref)
        rows = await tx.fetch(_PERSONS, workspace, [profile]) if profile else []
        return _person(rows[0]) if rows else None

    async def find_people(self, tx: Tx, workspace: str, asking: Asking) -> list[Person]:
        before = asking.before or _LAST
        if asking.email or asking.phone:
            found = await tx.fetch(
                _PEOPLE_AT,
                workspace,
                before,
                asking.limit,
                asking.email or None,
                asking.phone or None,
            )
        else:
            found = await tx.fetch(_PEOPLE, workspace, before, asking.limit)
        rows = await tx.fetch(_PERSONS, workspace, [row["id"] for row in found])
        return [_person(row) for row in rows]

    async def _find(self, tx: Tx, workspace: str, ref: Ref) -> UUID | None:
        found: UUID | None
        match ref:
            case ById(id):
                found = await tx.fetchval(_BY_ID, workspace, id)
            case ByIdentity(kind, value):
                found = await tx.fetchval(_BY_IDENTITY, workspace, kind, value)
            case ByEmail(address):
                found = await tx.fetchval(_BY_EMAIL, workspace, address)
            case ByPhone(number):
                found = await tx.fetchval(_BY_PHONE, workspace, number)
        return found

    def blames_data(self, error: Exception) -> bool:
        return isinstance(error, _DATA_ERRORS)


_PROFILE_FIELDS = (
    "id",
    "workspace",
    "user_id",
    "last_seq",
    "last_seen_at",
    "created_at",
    "merged_into",
)
_LAST = UUID(int=(1 << 128) - 1)


def _person(row: Any) -> Person:
    users, anonymous, others = [], [], []
    for kind, value in row["ids"]:
        if kind == IdKind.USER:
            users.append(value)
        elif kind == IdKind.ANONYMOUS:
            anonymous.append(value)
        else:
            others.append((kind, value))
    return Person(
        profile=Profile(**{name: row[name] for name in _PROFILE_FIELDS}),
        user_ids=users,
        anonymous_ids=anonymous,
        external_ids=others,
        merged=row["merged"],
        traits=_read_traits(row["by_name"]) if row["by_name"] else Traits(),
    )


def _key(entry: tuple[ProfileKey, Any]) -> ProfileKey:
    return entry[0]


def _columns(rows: Sequence[Sequence[Any]]) -> Iterable[Sequence[Any]]:
    """Rows as one array for each column, as `unnest` wants them."""
    return zip(*rows, strict=True)


def _profile_row(profile: Profile, plan: Plan) -> tuple[Any, ...]:
    home = plan.home_of(profile.id)
    return (
        profile.workspace,
        profile.id,
        profile.user_id,
        profile.last_seq,
        profile.created_at,
        profile.last_seen_at,
        None if home == profile.id else home,
    )


def _event_row(event: Recorded) -> tuple[Any, ...]:
    step = event.step
    item = step.item
    return (
        item.workspace,
        step.profile,
        step.person_seq,
        event.at,
        event.id,
        item.message_id,
        item.kind,
        item.name,
        item.user_id,
        item.anonymous_id,
        item.occurred_at,
        item.received_at,
        _json(item.properties_json),
        _json(item.traits_json),
        _json(item.context_json),
        item.key_kind,
        item.history,
        item.traceparent,
    )


def _merge_row(merge: RecordedMerge) -> tuple[Any, ...]:
    step = merge.step
    return (
        step.workspace,
        step.loser,
        step.winner,
        step.person_seq,
        step.loser_last_seq,
        merge.at,
        merge.id,
        merge.event,
    )


def _json(document: bytes) -> str | None:
    return document.decode() if document else None


def _read_traits(by_name: str) -> Traits:
    rows = _trait_rows.decode(by_name)
    return Traits(
        by_name={name: Trait(value=row.value, at=from_us(row.at_us)) for name, row in rows.items()}
    )


def _write_traits(traits: Traits) -> str:
    rows = {name: (trait.value, to_us(trait.at)) for name, trait in traits.by_name.items()}
    return msgspec.json.encode(rows).decode()
