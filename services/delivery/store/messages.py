"""Messages, attempts, receipts, senders, rates and secrets."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.bus.erasure import Personal
from kit.clock import to_us
from kit.db.database import Tx
from services.delivery.domain.message import Claim, Order
from services.delivery.domain.rates import Rate, granted
from services.delivery.domain.receipts import Event, Receipt
from services.delivery.ports import AttemptRow, MessageRow, ReceiptRow, Written

Key = tuple[str, UUID]
"""Workspace and message."""

_ORDER: dict[str, str] = {
    "workspace": "text",
    "message_id": "uuid",
    "decision_id": "uuid",
    "person": "uuid",
    "lane": "text",
    "channel": "text",
    "endpoint": "text",
    "template": "text",
    "catalog_revision": "bigint",
    "topic": "text",
    "message_class": "text",
    "locale": "text",
    "variables": "json",
    "ordered_at": "timestamptz",
    "valid_until": "timestamptz",
    "journey": "text",
    "step": "text",
    "reason_en": "text",
    "reason_de": "text",
    "basis": "text",
    "traceparent": "text",
    "variant": "text",
    "measure": "boolean",
}
"""Columns of an order and their types."""

_WRITTEN: dict[str, str] = {
    "workspace": "text",
    "message_id": "uuid",
    "epoch": "bigint",
    "attempt": "int",
    "outcome": "text",
    "state": "text",
    "next_at": "timestamptz",
    "maybe_sent": "boolean",
    "provider": "text",
    "provider_message_id": "text",
    "fault": "text",
    "detail": "text",
    "called_at": "timestamptz",
    "at": "timestamptz",
    "subject": "text",
    "content_sha256": "bytea",
}
"""What is said about an attempt, and the types."""


def _table_of(columns: dict[str, str], name: str) -> str:
    """Parameters $1, $2, … as a table, one array for each column."""
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(columns.values(), 1))
    return f"unnest({arrays}) AS {name} ({', '.join(columns)})"


_ORDER_COLUMNS = ", ".join(_ORDER)
_STANDING = ("epoch", "attempts", "maybe_sent", "account", "keyed")
_CLAIM_COLUMNS = ", ".join(f"m.{each}" for each in (*_ORDER, *_STANDING))

_ADD = f"""
INSERT INTO messages ({_ORDER_COLUMNS}, state, next_at, attempts, maybe_sent, owner, epoch)
SELECT {_ORDER_COLUMNS}, 'planned', ${len(_ORDER) + 1}, 0, false, ${len(_ORDER) + 2}::uuid, 1
FROM {_table_of(_ORDER, "ordered")}
ORDER BY workspace, message_id
ON CONFLICT (workspace, message_id) DO NOTHING
RETURNING workspace, message_id
"""

_CLAIM_DUE = f"""
WITH due AS (
    SELECT workspace, message_id FROM messages
    WHERE lane = $2 AND next_at <= $3 AND state = 'planned' AND owner IS NULL
    ORDER BY next_at LIMIT $4
    FOR UPDATE SKIP LOCKED
)
UPDATE messages AS m SET owner = $1, epoch = m.epoch + 1
FROM due WHERE m.workspace = due.workspace AND m.message_id = due.message_id
RETURNING {_CLAIM_COLUMNS}
"""

_HELD = """
FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS held (workspace, message_id, epoch)
WHERE m.workspace = held.workspace AND m.message_id = held.message_id
    AND m.epoch = held.epoch AND m.owner IS NOT DISTINCT FROM $4
"""

_MARK_CALLING = f"""
UPDATE messages AS m
SET state = 'calling', provider = $5, account = $5, keyed = $7, called_at = $6
{_HELD} RETURNING m.workspace, m.message_id
"""

_PUT_BACK = """
UPDATE messages AS m
SET state = 'planned', owner = NULL, epoch = m.epoch + 1, next_at = held.next_at,
    provider = NULL, called_at = NULL
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $5::timestamptz[])
    AS held (workspace, message_id, epoch, next_at)
WHERE m.workspace = held.workspace AND m.message_id = held.message_id
    AND m.epoch = held.epoch AND m.owner IS NOT DISTINCT FROM $4
"""

_WRITE = f"""
WITH said AS (
    SELECT * FROM {_table_of(_WRITTEN, "rows")}
), moved AS (
    UPDATE messages AS m
    SET state = said.state, next_at = said.next_at, attempts = said.attempt,
        maybe_sent = said.maybe_sent, owner = NULL, epoch = m.epoch + 1,
        provider = NULL, called_at = NULL
    FROM said
    WHERE m.workspace = said.workspace AND m.message_id = said.message_id
        AND m.epoch = said.epoch
    RETURNING m.workspace, m.message_id
)
INSERT INTO attempts (workspace, message_id, attempt, outcome, provider, provider_message_id,
    fault, detail, called_at, at, subject, content_sha256)
SELECT workspace, message_id, attempt, outcome, provider, provider_message_id,
    fault, detail, called_at, at, subject, content_sha256
FROM said JOIN moved USING (workspace, message_id)
RETURNING workspace, message_id
"""

_NEXT_DUE = """
SELECT next_at FROM messages
WHERE lane = $1 AND state = 'planned' AND owner IS NULL AND workspace <> ''
ORDER BY next_at LIMIT 1
"""

_FREE_CLAIMS = """
UPDATE messages AS m SET owner = NULL, epoch = m.epoch + 1, next_at = $1
FROM (
    SELECT workspace, message_id FROM messages
    WHERE state = 'planned' AND owner IS NOT NULL
        AND NOT EXISTS (SELECT FROM senders WHERE sender = messages.owner)
    ORDER BY workspace, message_id
    FOR UPDATE SKIP LOCKED
) AS left_over
WHERE m.workspace = left_over.workspace AND m.message_id = left_over.message_id
"""

_CALLS_OF_THE_DEAD = f"""
SELECT {_CLAIM_COLUMNS}, m.provider, m.called_at FROM messages AS m
WHERE m.state = 'calling' AND m.owner IS NOT NULL
    AND NOT EXISTS (SELECT FROM senders WHERE sender = m.owner)
ORDER BY m.workspace, m.message_id LIMIT $1
FOR UPDATE SKIP LOCKED
"""


_TAKE = """
INSERT INTO rates AS r (workspace, account, tat_us)
VALUES ($1, $2, $3::bigint + least($6::bigint, $5::bigint / $4::bigint) * $4)
ON CONFLICT (workspace, account) DO UPDATE
SET tat_us = greatest(r.tat_us, $3)
    + least($6, greatest(0, ($3 + $5 - greatest(r.tat_us, $3)) / $4)) * $4
RETURNING old.tat_us AS before
"""

PERSONAL = (
    Personal("inbox_items"),
    Personal("short_links", "message_id", "messages.message_id"),
    Personal("receipts", "message_id", "messages.message_id"),
    Personal("attempts", "message_id", "messages.message_id"),
    Personal("messages"),
)
"""The tables with rows of people, what depends on others first."""


_SMS_BY_ID = """
SELECT workspace, message_id FROM messages
WHERE channel = 'sms' AND account = $1 AND ($2 = '' OR workspace = $2) AND message_id = $3
"""
_SMS_TO = """
SELECT workspace, message_id FROM messages
WHERE channel = 'sms' AND account = $1 AND ($2 = '' OR workspace = $2) AND endpoint = $3
ORDER BY ordered_at DESC, message_id DESC LIMIT 1
"""


class Store:
    """Messages, attempts, receipts and senders in Postgres."""

    async def add(
        self, tx: Tx, orders: Sequence[Order], sender: UUID | None, now: datetime
    ) -> list[Claim]:
        columns = [[getattr(order, name) for order in orders] for name in _ORDER]
        new = _keys(await tx.fetch(_ADD, *columns, now, sender))
        return [
            Claim(order, epoch=1)
            for order in {o.key: o for o in orders}.values()
            if order.key in new
        ]

    async def claim_due(
        self, tx: Tx, sender: UUID, lane: str, now: datetime, limit: int
    ) -> list[Claim]:
        return [_claim(row) for row in await tx.fetch(_CLAIM_DUE, sender, lane, now, limit)]

    async def mark_calling(
        self,
        tx: Tx,
        sender: UUID,
        claims: Sequence[Claim],
        account: str,
        now: datetime,
        *,
        keyed: bool,
    ) -> set[Key]:
        held = _held(claims)
        return _keys(await tx.fetch(_MARK_CALLING, *held, sender, account, now, keyed))

    async def put_back(
        self, tx: Tx, sender: UUID, claims: Sequence[Claim], next_at: Sequence[datetime]
    ) -> None:
        due = {claim.order.key: at for claim, at in zip(claims, next_at, strict=True)}
        held = _held(claims)
        times = [due[key] for key in zip(held[0], held[1], strict=True)]
        await tx.execute(_PUT_BACK, *held, sender, times)

    async def write(self, tx: Tx, written: Sequence[Written]) -> set[Key]:
        rows = sorted((_written_row(each) for each in written), key=lambda row: row[:2])
        return _keys(
            await tx.fetch(_WRITE, *([row[at] for row in rows] for at in range(len(_WRITTEN))))
        )

    async def next_due(self, tx: Tx, lane: str) -> datetime | None:
        found: datetime | None = await tx.fetchval(_NEXT_DUE, lane)
        return found

    async def is_any_owned(self, tx: Tx) -> bool:
        """Whether some process works on some message."""
        return bool(
            await tx.fetchval(
                "SELECT EXISTS (SELECT FROM messages WHERE owner IS NOT NULL AND workspace <> '')"
            )
        )

    async def take(
        self, tx: Tx, workspace: str, account: str, rate: Rate, wanted: int, now: datetime
    ) -> tuple[int, float]:
        """GCRA in one statement: the row moves on by what `rates.granted` says."""
        now_us = to_us(now)
        row = await tx.fetchrow(
            _TAKE, workspace, account, now_us, rate.interval_us, rate.burst_us, wanted
        )
        before = now_us if row is None or row["before"] is None else row["before"]
        return granted(rate, before, now_us, wanted)

    async def keep_secret(
        self, tx: Tx, workspace: str, ref: str, key_id: str, sealed: bytes, now: datetime
    ) -> None:
        await tx.execute(
            "INSERT INTO secrets (workspace, ref, key_id, sealed, changed_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (workspace, ref)"
            " DO UPDATE SET key_id = $3, sealed = $4, changed_at = $5",
            workspace,
            ref,
            key_id,
            sealed,
            now,
        )

    async def drop_secret(self, tx: Tx, workspace: str, ref: str) -> bool:
        sql = "DELETE FROM secrets WHERE workspace = $1 AND ref = $2"
        return (await tx.execute(sql, workspace, ref)) != "DELETE 0"

    async def list_secrets(self, tx: Tx, workspace: str) -> list[tuple[str, datetime]]:
        sql = "SELECT ref, changed_at FROM secrets WHERE workspace = $1 ORDER BY ref"
        return [(row["ref"], row["changed_at"]) for row in await tx.fetch(sql, workspace)]

    async def sealed(
        self, tx: Tx, workspace: str, refs: Sequence[str]
    ) -> list[tuple[str, str, bytes]]:
        rows = await tx.fetch(
            "SELECT ref, key_id, sealed FROM secrets WHERE workspace = $1 AND ref = ANY($2)",
            workspace,
            list(refs),
        )
        return [(row["ref"], row["key_id"], row["sealed"]) for row in rows]

    async def enlist(self, tx: Tx, sender: UUID) -> None:
        await tx.execute("INSERT INTO senders (sender, beat) VALUES ($1, 0)", sender)

    async def beat(self, tx: Tx, sender: UUID) -> bool:
        sql = "UPDATE senders SET beat = beat + 1 WHERE sender = $1 RETURNING beat"
        return await tx.fetchval(sql, sender) is not None

    async def beats(self, tx: Tx) -> dict[UUID, int]:
        return {
            row["sender"]: row["beat"] for row in await tx.fetch("SELECT sender, beat FROM senders")
        }

    async def strike_off(self, tx: Tx, sender: UUID, beat: int) -> None:
        await tx.execute("DELETE FROM senders WHERE sender = $1 AND beat = $2", sender, beat)

    async def dismiss(self, tx: Tx, sender: UUID) -> None:
        await tx.execute("DELETE FROM senders WHERE sender = $1", sender)

    async def free_claims_of_the_dead(self, tx: Tx, now: datetime) -> int:
        status = await tx.execute(_FREE_CLAIMS, now)
        return int(status.rpartition(" ")[2])

    async def calls_of_the_dead(self, tx: Tx, limit: int) -> list[tuple[Claim, str, datetime]]:
        rows = await tx.fetch(_CALLS_OF_THE_DEAD, limit)
        return [(_claim(row), row["provider"], row["called_at"]) for row in rows]

    async def find(self, tx: Tx, workspace: str, message_id: UUID) -> MessageRow | None:
        key = (workspace, message_id)
        row = await tx.fetchrow(
            f"SELECT {_ORDER_COLUMNS}, state FROM messages"
            " WHERE workspace = $1 AND message_id = $2",
            *key,
        )
        if row is None:
            return None
        attempts = await tx.fetch(
            "SELECT attempt, outcome, provider, provider_message_id, fault, detail, called_at, at,"
            " subject, content_sha256"
            " FROM attempts WHERE workspace = $1 AND message_id = $2 ORDER BY attempt",
            *key,
        )
        receipts = await tx.fetch(
            "SELECT provider, kind, at, machine, detail FROM receipts"
            " WHERE workspace = $1 AND message_id = $2 ORDER BY at, event_id",
            *key,
        )
        return MessageRow(
            order=_order(row),
            state=row["state"],
            attempts=[AttemptRow(**each) for each in attempts],
            receipts=[ReceiptRow(**each) for each in receipts],
        )

    async def find_sms(
        self, tx: Tx, account: str, message_id: UUID | None, number: str, workspace: str
    ) -> tuple[str, UUID] | None:
        sql = _SMS_BY_ID if message_id else _SMS_TO
        row = await tx.fetchrow(sql, account, workspace, message_id or number)
        return (row["workspace"], row["message_id"]) if row else None

    async def match(
        self, tx: Tx, provider: str, events: Sequence[tuple[Event, UUID | None]]
    ) -> list[Receipt]:
        ours = [message_id for _, message_id in events if message_id]
        theirs = [event.message_id for event, message_id in events if not message_id]
        by_id = await tx.fetch(
            "SELECT workspace, message_id, decision_id, person, channel, lane, traceparent"
            " FROM messages WHERE message_id = ANY($1::uuid[])",
            ours,
        )
        by_theirs = await tx.fetch(
            "SELECT a.provider_message_id, m.workspace, m.message_id, m.decision_id, m.person,"
            " m.channel, m.lane, m.traceparent"
            " FROM attempts a JOIN messages m USING (workspace, message_id)"
            " WHERE a.provider = $1 AND a.provider_message_id = ANY($2::text[])"
            " AND a.provider_message_id <> ''",
            provider,
            theirs,
        )
        found: dict[UUID | str, Any] = {row["message_id"]: row for row in by_id}
        found |= {row["provider_message_id"]: row for row in by_theirs}
        return [
            _receipt(provider, event, found[message_id or event.message_id])
            for event, message_id in events
            if (message_id or event.message_id) in found
        ]

    async def add_receipts(
        self, tx: Tx, receipts: Sequence[Receipt], now: datetime
    ) -> list[Receipt]:
        ordered = sorted({(r.workspace, r.provider, r.event.event_id): r for r in receipts}.items())
        rows = await tx.fetch(
            "INSERT INTO receipts"
            " (workspace, provider, event_id, message_id, kind, at, machine, detail, taken_at)"
            " SELECT *, $9::timestamptz FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[],"
            " $5::text[], $6::timestamptz[], $7::boolean[], $8::text[])"
            " ON CONFLICT (workspace, provider, event_id) DO NOTHING"
            " RETURNING workspace, provider, event_id",
            [r.workspace for _, r in ordered],
            [r.provider for _, r in ordered],
            [r.event.event_id for _, r in ordered],
            [r.message_id for _, r in ordered],
            [r.event.type.value for _, r in ordered],
            [r.event.at for _, r in ordered],
            [r.event.machine for _, r in ordered],
            [r.event.detail for _, r in ordered],
            now,
        )
        new = {tuple(row.values()) for row in rows}
        return [receipt for key, receipt in ordered if key in new]


def _keys(rows: Iterable[Any]) -> set[Key]:
    return {(row["workspace"], row["message_id"]) for row in rows}


def _held(claims: Sequence[Claim]) -> tuple[list[str], list[UUID], list[int]]:
    """Workspaces, messages and epochs of claims, in key order."""
    ordered = sorted(claims, key=lambda claim: claim.order.key)
    return (
        [claim.order.workspace for claim in ordered],
        [claim.order.message_id for claim in ordered],
        [claim.epoch for claim in ordered],
    )


def _order(row: Any) -> Order:
    return Order(**{name: row[name] for name in _ORDER})


def _claim(row: Any) -> Claim:
    return Claim(_order(row), *(row[name] for name in _STANDING))


def _written_row(each: Written) -> tuple[Any, ...]:
    order, conclusion = each.claim.order, each.conclusion
    return (
        order.workspace,
        order.message_id,
        each.claim.epoch,
        each.claim.attempt,
        conclusion.outcome.value,
        conclusion.state.value,
        conclusion.next_at,
        conclusion.maybe_sent,
        each.provider,
        each.result.provider_message_id,
        each.fault,
        each.result.detail,
        each.called_at,
        each.at,
        each.subject,
        each.content_sha256,
    )


def _receipt(provider: str, event: Event, row: Any) -> Receipt:
    return Receipt(
        workspace=row["workspace"],
        provider=provider,
        event=event,
        message_id=row["message_id"],
        decision_id=row["decision_id"],
        person=row["person"],
        channel=row["channel"],
        lane=row["lane"],
        traceparent=row["traceparent"],
    )
