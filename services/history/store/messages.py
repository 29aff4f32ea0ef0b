"""What became of messages: their rows, and the sums that change with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.db.database import Tx
from services.history.domain.messages import REACTIONS, Change, Message
from services.history.domain.sums import (
    DayKey,
    PeriodKey,
    Pressure,
    PressureKey,
    message_sums,
    person_sums,
    pressure_sums,
)

_TIMES = tuple(f"{kind}_at" for kind in REACTIONS)
_OLD = ", ".join(f"old.{name} AS old_{name}" for name in ("at", *_TIMES))
_EARLIEST = ",\n    ".join(f"{name} = LEAST(m.{name}, excluded.{name})" for name in _TIMES)

# A receipt that came first left a row without its sending. LEAST passes over nulls.
_ADD = f"""
INSERT INTO messages AS m (
    workspace, message, person, at, channel, message_class, topic, template, variant, journey,
    campaign, cost_micros, catalog_revision, {", ".join(_TIMES)}
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[],
    $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[],
    $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::timestamptz[]
)
ON CONFLICT (workspace, message) DO UPDATE SET
    at = coalesce(m.at, excluded.at),
    channel = CASE WHEN m.at IS NULL THEN excluded.channel ELSE m.channel END,
    message_class = CASE WHEN m.at IS NULL THEN excluded.message_class ELSE m.message_class END,
    topic = CASE WHEN m.at IS NULL THEN excluded.topic ELSE m.topic END,
    template = CASE WHEN m.at IS NULL THEN excluded.template ELSE m.template END,
    variant = CASE WHEN m.at IS NULL THEN excluded.variant ELSE m.variant END,
    journey = CASE WHEN m.at IS NULL THEN excluded.journey ELSE m.journey END,
    campaign = CASE WHEN m.at IS NULL THEN excluded.campaign ELSE m.campaign END,
    cost_micros = CASE WHEN m.at IS NULL THEN excluded.cost_micros ELSE m.cost_micros END,
    catalog_revision =
        CASE WHEN m.at IS NULL THEN excluded.catalog_revision ELSE m.catalog_revision END,
    {_EARLIEST}
RETURNING old.message IS NOT NULL AS is_known, {_OLD}, new.*
"""

_ADD_DAYS = """
INSERT INTO message_days AS d (
    workspace, day, channel, message_class, topic, template, variant, journey, campaign, sent,
    delivered, opened, clicked, replied, bounced, complained, unsubscribed, machine, cost_micros,
    source
)
SELECT *, $20 FROM unnest(
    $1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[]
)
ON CONFLICT (
    workspace, day, source, channel, message_class, topic, template, variant, journey, campaign
) DO UPDATE SET
    sent = d.sent + excluded.sent,
    delivered = d.delivered + excluded.delivered,
    opened = d.opened + excluded.opened,
    clicked = d.clicked + excluded.clicked,
    replied = d.replied + excluded.replied,
    bounced = d.bounced + excluded.bounced,
    complained = d.complained + excluded.complained,
    unsubscribed = d.unsubscribed + excluded.unsubscribed,
    machine = d.machine + excluded.machine,
    cost_micros = d.cost_micros + excluded.cost_micros
"""

_ADD_PERSONS = """
INSERT INTO person_pressure AS p (
    workspace, person, period, first_day, messages, responses, complaints
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[], $6::int[], $7::int[]
)
ON CONFLICT (workspace, person, period, first_day) DO UPDATE SET
    messages = p.messages + excluded.messages,
    responses = p.responses + excluded.responses,
    complaints = p.complaints + excluded.complaints
RETURNING new.workspace, new.person, new.period, new.first_day, old.messages AS old_messages,
    old.responses AS old_responses, old.complaints AS old_complaints,
    new.messages, new.responses, new.complaints
"""

_ADD_PRESSURE = """
INSERT INTO pressure AS p (
    workspace, period, first_day, messages, people, responders, leavers, source
)
SELECT *, $8 FROM unnest(
    $1::text[], $2::text[], $3::date[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[]
)
ON CONFLICT (workspace, period, first_day, source, messages) DO UPDATE SET
    people = p.people + excluded.people,
    responders = p.responders + excluded.responders,
    leavers = p.leavers + excluded.leavers
"""


class MessageStore:
    """Messages and their sums in Postgres. Rows are written in the order of their keys."""

    async def add(self, tx: Tx, told: Sequence[Message], source: str) -> None:
        """Adds what was told; telling it again changes nothing. `told` has each message once."""
        rows = await tx.fetch(_ADD, *zip(*(_row(each) for each in told), strict=True))
        changes = [_change(row) for row in rows]
        if days := message_sums(changes):
            await tx.execute(_ADD_DAYS, *_columns(days), source)
        if persons := person_sums(changes):
            await self._add_pressure(tx, persons, source)

    async def _add_pressure(
        self, tx: Tx, persons: Mapping[PeriodKey, Pressure], source: str
    ) -> None:
        rows = await tx.fetch(_ADD_PERSONS, *_columns(persons))
        moved = [
            (
                PeriodKey(*row[:4]),
                Pressure(*row[4:7]) if row["old_messages"] is not None else None,
                Pressure(*row[7:]),
            )
            for row in rows
        ]
        if sums := pressure_sums(moved):
            await tx.execute(_ADD_PRESSURE, *_columns(sums), source)


def _columns(
    sums: Mapping[DayKey, tuple[int, ...]]
    | Mapping[PeriodKey, Pressure]
    | Mapping[PressureKey, tuple[int, int, int]],
) -> Any:
    return zip(*((*key, *values) for key, values in sums.items()), strict=True)


def _row(message: Message) -> tuple[Any, ...]:
    return (
        message.workspace,
        message.message,
        message.person,
        message.at,
        message.channel,
        message.message_class,
        message.topic,
        message.template,
        message.variant,
        message.journey,
        message.campaign,
        message.cost_micros,
        message.catalog_revision,
        *(message.reactions.get(kind) for kind in REACTIONS),
    )


def _change(row: Any) -> Change:
    after = _message(row, row["at"], "")
    return Change(_message(row, row["old_at"], "old_") if row["is_known"] else None, after)


def _message(row: Any, at: Any, prefix: str) -> Message:
    """The message as it was or is; what it was sent as is read from the row as it is now."""
    reactions = {
        kind: row[prefix + time]
        for kind, time in zip(REACTIONS, _TIMES, strict=True)
        if row[prefix + time] is not None
    }
    return Message(
        workspace=row["workspace"],
        message=row["message"],
        person=row["person"],
        at=at,
        channel=row["channel"],
        message_class=row["message_class"],
        topic=row["topic"],
        template=row["template"],
        variant=row["variant"],
        journey=row["journey"],
        campaign=row["campaign"],
        cost_micros=row["cost_micros"],
        reactions=reactions,
    )
