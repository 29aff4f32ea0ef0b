"""People, decisions, permission and the catalog."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db.database import Tx
from kit.errors import NotFound
from services.decision.domain.model import Controls
from services.decision.ports.members import Membership
from services.decision.ports.permission import LedgerEntry
from services.decision.ports.states import (
    ChangedState,
    Head,
    Key,
    Reconsideration,
    StoredDecision,
    StoredState,
    StoredStep,
)


async def lock_states(tx: Tx, keys: Iterable[Key], now: datetime) -> dict[Key, StoredState]:
    """Locks these people until the transaction ends, creating those that are missing."""
    ordered = sorted(set(keys))
    found = await _lock(tx, ordered)
    missing = [key for key in ordered if key not in found]
    if missing:
        await tx.execute(
            "INSERT INTO person_states (workspace, person, state, changed_at)"
            " SELECT workspace, person, ''::bytea, $3"
            " FROM unnest($1::text[], $2::uuid[]) AS keys (workspace, person)"
            " ON CONFLICT (workspace, person) DO NOTHING",
            [workspace for workspace, _ in missing],
            [person for _, person in missing],
            now,
        )
        found |= await _lock(tx, missing)
    return found


async def _lock(tx: Tx, ordered: Sequence[Key]) -> dict[Key, StoredState]:
    rows = await tx.fetch(
        "SELECT workspace, person, state, merged_into FROM person_states"
        " JOIN unnest($1::text[], $2::uuid[]) AS k (workspace, person) USING (workspace, person)"
        " ORDER BY workspace, person FOR UPDATE OF person_states",
        [workspace for workspace, _ in ordered],
        [person for _, person in ordered],
    )
    return {(r["workspace"], r["person"]): StoredState(r["state"], r["merged_into"]) for r in rows}


async def read_states(tx: Tx, keys: Iterable[Key]) -> dict[Key, StoredState]:
    """The committed states of these people, unlocked; people never seen are left out."""
    ordered = sorted(set(keys))
    rows = await tx.fetch(
        "SELECT workspace, person, state, merged_into FROM person_states"
        " JOIN unnest($1::text[], $2::uuid[]) AS k (workspace, person) USING (workspace, person)",
        [workspace for workspace, _ in ordered],
        [person for _, person in ordered],
    )
    return {(r["workspace"], r["person"]): StoredState(r["state"], r["merged_into"]) for r in rows}


async def save_states(tx: Tx, states: Sequence[ChangedState], now: datetime) -> None:
    """Writes locked rows back, and when each person is to be woken: never, where nothing waits."""
    await tx.execute(
        "WITH new AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::bytea[], $4::uuid[],"
        "  $5::timestamptz[]) AS new (workspace, person, state, merged_into, due_at)),"
        " saved AS (UPDATE person_states"
        "  SET state = new.state, merged_into = new.merged_into, changed_at = $6 FROM new"
        "  WHERE person_states.workspace = new.workspace AND person_states.person = new.person),"
        " done AS (DELETE FROM wakeups USING new WHERE new.due_at IS NULL"
        "  AND wakeups.workspace = new.workspace AND wakeups.person = new.person)"
        " INSERT INTO wakeups (workspace, person, due_at)"
        " SELECT workspace, person, due_at FROM new WHERE due_at IS NOT NULL"
        " ORDER BY workspace, person"
        " ON CONFLICT (workspace, person) DO UPDATE SET due_at = excluded.due_at"
        " WHERE wakeups.due_at <> excluded.due_at",
        *_columns([_values(state) for state in states], 5),
        now,
    )


async def list_due(tx: Tx, now: datetime, limit: int) -> list[Key]:
    """People with something due, earliest first; unlocked, so re-check under the person's lock."""
    rows = await tx.fetch(
        "SELECT workspace, person FROM wakeups WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
        now,
        limit,
    )
    return [(row["workspace"], row["person"]) for row in rows]


async def due_of(tx: Tx, keys: Sequence[Key]) -> dict[Key, datetime]:
    """When these people, locked by the caller, have something due."""
    rows = await tx.fetch(
        "SELECT workspace, person, due_at FROM wakeups"
        " JOIN unnest($1::text[], $2::uuid[]) AS k (workspace, person) USING (workspace, person)",
        *_columns(keys, 2),
    )
    return {(row["workspace"], row["person"]): row["due_at"] for row in rows}


async def next_due(tx: Tx) -> datetime | None:
    """The earliest wake-up or reconsideration across workspaces."""
    due: datetime | None = await tx.fetchval(
        "SELECT LEAST((SELECT due_at FROM wakeups ORDER BY due_at, workspace LIMIT 1),"
        " (SELECT asked_at FROM reconsiderations ORDER BY asked_at, workspace LIMIT 1))"
    )
    return due


async def ask_to_reconsider(tx: Tx, workspace: str, now: datetime) -> None:
    """Has all that waits in a workspace compete again; what was under way begins anew."""
    await tx.execute(
        "INSERT INTO reconsiderations (workspace, asked_at) VALUES ($1, $2)"
        " ON CONFLICT (workspace) DO UPDATE SET asked_at = $2, after_person = NULL",
        workspace,
        now,
    )


async def lock_reconsideration(tx: Tx) -> Reconsideration | None:
    """The oldest one nobody else works on, locked."""
    row = await tx.fetchrow(
        "SELECT workspace, asked_at, after_person FROM reconsiderations"
        " ORDER BY asked_at, workspace LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return None if row is None else Reconsideration(*row.values())


async def list_waiting(tx: Tx, workspace: str, after: UUID | None, limit: int) -> list[Key]:
    """People for whom something waits, by key; unlocked."""
    rows = await tx.fetch(
        "SELECT workspace, person FROM wakeups"
        " WHERE workspace = $1 AND ($2::uuid IS NULL OR person > $2) ORDER BY person LIMIT $3",
        workspace,
        after,
        limit,
    )
    return [(row["workspace"], row["person"]) for row in rows]


async def save_reconsideration(tx: Tx, workspace: str, after: UUID | None) -> None:
    """Notes who was seen last; None: all were."""
    if after is None:
        await tx.execute("DELETE FROM reconsiderations WHERE workspace = $1", workspace)
        return
    await tx.execute(
        "UPDATE reconsiderations SET after_person = $2 WHERE workspace = $1", workspace, after
    )


async def insert_decisions(
    tx: Tx, steps: Sequence[StoredStep], decisions: Sequence[StoredDecision]
) -> None:
    """Keeps decisions and what their steps rested on; the same one twice is a broken invariant."""
    await tx.execute(
        "WITH basis AS (INSERT INTO steps"
        "  (workspace, id, person, at, state_before, inputs, catalog_revision, controls,"
        "  model_revision)"
        "  SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[],"
        "  $5::bytea[], $6::bytea[], $7::bigint[], $8::bytea[], $9::bigint[]))"
        " INSERT INTO decisions (workspace, id, person, step, at, decision, traceparent)"
        " SELECT * FROM unnest($10::text[], $11::uuid[], $12::uuid[], $13::uuid[],"
        " $14::timestamptz[], $15::bytea[], $16::text[])",
        *_columns([_values(step) for step in steps], 9),
        *_columns([_values(decision) for decision in decisions], 7),
    )


_DECISIONS = (
    "SELECT d.workspace, d.id, d.person, d.step, d.at, d.decision, d.traceparent,"
    " s.state_before, s.inputs, s.catalog_revision, s.controls, s.model_revision, s.at AS step_at"
    " FROM decisions d JOIN steps s ON s.workspace = d.workspace AND s.id = d.step"
    " WHERE d.workspace = $1"
)
_OF_DECISION = ("workspace", "id", "person", "step", "at", "decision", "traceparent")
_OF_STEP = (
    "workspace", "step", "person", "step_at", "state_before", "inputs", "catalog_revision",
    "controls", "model_revision",
)  # fmt: skip


async def get_decision(tx: Tx, workspace: str, decision: UUID) -> tuple[StoredDecision, StoredStep]:
    """One decision and the step it came from; NotFound where there is none."""
    row = await tx.fetchrow(f"{_DECISIONS} AND d.id = $2", workspace, decision)
    if row is None:
        raise NotFound("There is no decision with this id")
    return _with_step(row)


async def list_decisions(
    tx: Tx, workspace: str, after: UUID, before: UUID | None, limit: int
) -> list[tuple[StoredDecision, StoredStep]]:
    """Decisions with their steps in order of id, which is that of time."""
    rows = await tx.fetch(
        f"{_DECISIONS} AND d.id > $2 AND ($3::uuid IS NULL OR d.id < $3) ORDER BY d.id LIMIT $4",
        workspace,
        after,
        before,
        limit,
    )
    return [_with_step(row) for row in rows]


def _with_step(row: Any) -> tuple[StoredDecision, StoredStep]:
    return (
        StoredDecision(*(row[name] for name in _OF_DECISION)),
        StoredStep(*(row[name] for name in _OF_STEP)),
    )


async def insert_permission(tx: Tx, entries: Sequence[LedgerEntry]) -> None:
    """Appends to the permission ledger; an entry that is there stays as it is."""
    await tx.execute(
        "INSERT INTO permission_ledger (workspace, person, id, seq, at, part, status, purpose,"
        " channel, topic, basis, reason, until, message, evidence)"
        " SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[],"
        " $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],"
        " $13::timestamptz[], $14::uuid[], $15::jsonb[])"
        " ON CONFLICT (workspace, person, id) DO NOTHING",
        *_columns(entries, 15),
    )


# Segments.


async def save_members(tx: Tx, members: Sequence[Membership]) -> None:
    """Writes who is in a segment and since when, or no more; one line per person and segment."""
    await tx.execute(
        "WITH moved AS (SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[],"
        "  $4::timestamptz[]) AS moved (workspace, segment, person, entered_at)),"
        " gone AS (DELETE FROM segment_members m USING moved WHERE moved.entered_at IS NULL"
        "  AND m.workspace = moved.workspace AND m.segment = moved.segment"
        "  AND m.person = moved.person)"
        " INSERT INTO segment_members (workspace, segment, person, entered_at)"
        " SELECT workspace, segment, person, entered_at FROM moved WHERE entered_at IS NOT NULL"
        " ORDER BY workspace, segment, person"
        " ON CONFLICT (workspace, segment, person) DO UPDATE SET entered_at = excluded.entered_at",
        *_columns(members, 4),
    )


async def drop_member(tx: Tx, workspace: str, person: UUID, segments: Sequence[str]) -> None:
    """Takes a person who is another now out of these segments."""
    await tx.execute(
        "DELETE FROM segment_members WHERE workspace = $1 AND person = $2"
        " AND segment = ANY($3::text[])",
        workspace,
        person,
        list(segments),
    )


# The catalog.


async def heads(tx: Tx, workspaces: Iterable[str]) -> dict[str, Head]:
    """Head revision and switches of each workspace that has either."""
    rows = await tx.fetch(
        "SELECT workspace, revision, marketing_stopped, paused_journeys FROM catalog_heads"
        " WHERE workspace = ANY($1::text[])",
        sorted(set(workspaces)),
    )
    return {
        row["workspace"]: Head(
            row["revision"],
            Controls(row["marketing_stopped"], tuple(row["paused_journeys"])),
        )
        for row in rows
    }


async def save_controls(tx: Tx, workspace: str, controls: Controls) -> None:
    """Sets the switches of a workspace whose head is locked."""
    await tx.execute(
        "UPDATE catalog_heads SET marketing_stopped = $2, paused_journeys = $3"
        " WHERE workspace = $1",
        workspace,
        controls.marketing_stopped,
        list(controls.paused_journeys),
    )


async def lock_head(tx: Tx, workspace: str, now: datetime) -> int:
    """The head revision (0 before the first apply), locked: applies of a workspace go one after the
    other.
    """
    await tx.execute(
        "INSERT INTO catalog_heads (workspace, revision, applied_at) VALUES ($1, 0, $2)"
        " ON CONFLICT (workspace) DO NOTHING",
        workspace,
        now,
    )
    head: int = await tx.fetchval(
        "SELECT revision FROM catalog_heads WHERE workspace = $1 FOR UPDATE", workspace
    )
    return head


async def documents(
    tx: Tx, workspace: str, revision: int, kind: str = "", key: str = ""
) -> list[tuple[str, str, int, str]]:
    """The catalog as of a revision: kind, key, the revision the text is from, body as JSON."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (kind, key) kind, key, revision, body::text AS body, deleted"
        " FROM catalog_documents WHERE workspace = $1 AND revision <= $2"
        " AND ($3 = '' OR kind = $3) AND ($4 = '' OR key = $4)"
        " ORDER BY kind, key, revision DESC",
        workspace,
        revision,
        kind,
        key,
    )
    return [(r["kind"], r["key"], r["revision"], r["body"]) for r in rows if not r["deleted"]]


async def former_journeys(tx: Tx, workspace: str, revision: int) -> list[tuple[str, str, int, str]]:
    """Earlier versions of journeys, for people in flight: columns as in `documents`."""
    rows = await tx.fetch(
        "SELECT DISTINCT ON (key, body -> 'version') kind, key, revision, body::text AS body"
        " FROM catalog_documents d WHERE workspace = $1 AND revision <= $2 AND kind = 'journey'"
        " AND body -> 'version' <> (SELECT h.body -> 'version' FROM catalog_documents h"
        "  WHERE h.workspace = $1 AND h.kind = 'journey' AND h.key = d.key AND h.revision <= $2"
        "  ORDER BY h.revision DESC LIMIT 1)"
        " ORDER BY key, body -> 'version', revision DESC",
        workspace,
        revision,
    )
    return [(r["kind"], r["key"], r["revision"], r["body"]) for r in rows]


async def needs(tx: Tx, workspace: str, revision: int) -> dict[tuple[str, str], int]:
    """What the catalog needs of people at a revision, and since which one without a break."""
    rows = await tx.fetch(
        "SELECT kind, name, since FROM catalog_needs WHERE workspace = $1 AND since <= $2"
        " AND (until IS NULL OR until > $2)",
        workspace,
        revision,
    )
    return {(row["kind"], row["name"]): row["since"] for row in rows}


async def save_needs(
    tx: Tx,
    workspace: str,
    revision: int,
    added: Sequence[tuple[str, str]],
    dropped: Sequence[tuple[str, str]],
) -> None:
    """Notes what a revision is the first to need, and what it needs no more."""
    await tx.execute(
        "UPDATE catalog_needs SET until = $2 WHERE workspace = $1 AND until IS NULL"
        " AND (kind, name) IN (SELECT * FROM unnest($3::text[], $4::text[]))",
        workspace,
        revision,
        *_columns(sorted(dropped), 2),
    )
    await tx.execute(
        "INSERT INTO catalog_needs (workspace, kind, name, since)"
        " SELECT $1, kind, name, $2 FROM unnest($3::text[], $4::text[]) AS added (kind, name)",
        workspace,
        revision,
        *_columns(sorted(added), 2),
    )


async def insert_documents(
    tx: Tx, workspace: str, revision: int, changed: Sequence[tuple[str, str, str]], now: datetime
) -> None:
    """Makes `revision` the head, with these changed documents: kind, key, body as JSON."""
    kinds, keys, bodies = _columns(changed, 3)
    await tx.execute(
        "INSERT INTO catalog_documents (workspace, kind, key, revision, body, deleted)"
        " SELECT $1, kind, key, $2, body, false"
        " FROM unnest($3::text[], $4::text[], $5::jsonb[]) AS changed (kind, key, body)",
        workspace,
        revision,
        kinds,
        keys,
        bodies,
    )
    await tx.execute(
        "UPDATE catalog_heads SET revision = $2, applied_at = $3 WHERE workspace = $1",
        workspace,
        revision,
        now,
    )


def _values(row: ChangedState | StoredStep | StoredDecision) -> tuple[Any, ...]:
    """The fields in their order, which is that of the columns."""
    return tuple(vars(row).values())


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    return [[row[i] for row in rows] for i in range(width)]
