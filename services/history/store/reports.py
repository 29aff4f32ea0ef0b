"""Reports: read from sums by day, so that millions of messages cost thousands of rows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kit.db.database import Tx
from services.history.domain.reports import Asked, Row
from services.history.ports import Count
from services.history.tables import CREDIT_MODELS

_TIME = {
    "day": "to_char(day, 'YYYY-MM-DD')",
    "week": "to_char(date_trunc('week', day), 'YYYY-MM-DD')",
    "month": "to_char(day, 'YYYY-MM')",
}
_MESSAGE_BY = _TIME | {
    "channel": "channel",
    "class": "message_class",
    "topic": "topic",
    "template": "template",
    "variant": "variant",
    "journey": "journey",
    "campaign": "campaign",
}
_ENTRY_BY = _TIME | {
    "kind": "kind",
    "name": "name",
    "channel": "channel",
    "reason": "code",
    "journey": "journey",
    "campaign": "campaign",
}

_REACHED_DAY = "(at AT TIME ZONE 'UTC')::date"
GOAL_BY = {
    "day": f"to_char({_REACHED_DAY}, 'YYYY-MM-DD')",
    "week": f"to_char(date_trunc('week', {_REACHED_DAY}), 'YYYY-MM-DD')",
    "month": f"to_char({_REACHED_DAY}, 'YYYY-MM')",
    "goal": "goal",
}
_SENT_DAY = "(sent_at AT TIME ZONE 'UTC')::date"
_CREDIT_BY = {
    "day": f"to_char({_SENT_DAY}, 'YYYY-MM-DD')",
    "week": f"to_char(date_trunc('week', {_SENT_DAY}), 'YYYY-MM-DD')",
    "month": f"to_char({_SENT_DAY}, 'YYYY-MM')",
    "goal": "goal",
    "channel": "channel",
    "class": "message_class",
    "template": "template",
    "variant": "variant",
    "journey": "journey",
    "campaign": "campaign",
}
_MODEL = {model: model for model in CREDIT_MODELS}
"""Names that may stand in SQL."""

_MESSAGES = """
SELECT {by} sum(sent)::bigint, sum(delivered)::bigint, sum(opened)::bigint, sum(clicked)::bigint,
    sum(replied)::bigint, sum(bounced)::bigint, sum(complained)::bigint,
    sum(unsubscribed)::bigint, sum(machine)::bigint, sum(cost_micros)::bigint
FROM message_days
WHERE workspace = $1 AND day >= $2 AND day < $3
{group}
"""

_ENTRIES = """
SELECT {by} sum(entries)::bigint
FROM outcome_days
WHERE workspace = $1 AND day >= $2 AND day < $3
{group}
"""

_PRESSURE = """
SELECT messages, sum(people)::bigint, sum(responders)::bigint, sum(leavers)::bigint
FROM pressure
WHERE workspace = $1 AND period = $4 AND first_day >= $2 AND first_day < $3
GROUP BY messages
HAVING sum(people) > 0
ORDER BY messages
"""

# By the day the message was sent, as everything about messages is. {model} is a column of credits.
# People are told apart by a hash of their own: twice as fast as count(DISTINCT), which sorts.
_CONVERSIONS = """
SELECT {outer} sum(conversions), sum(worth), count(*) FILTER (WHERE conversions > 0) FROM (
    SELECT {by} sum({model}) AS conversions, sum(value * {model}) AS worth
    FROM credits
    WHERE workspace = $1 AND sent_at >= $2 AND sent_at < $3
    GROUP BY {numbers} person
) AS people
{group}
"""

_CHAINS = """
SELECT goal, chain, count(*), sum(value) FROM credits
WHERE workspace = $1 AND sent_at >= $2 AND sent_at < $3 AND chain <> ''
GROUP BY goal, chain
ORDER BY count(*) DESC, goal, chain
LIMIT 500
"""

_COUNTS = """
SELECT kind, name, channel, code, sum(entries)::bigint AS total FROM outcome_days
WHERE workspace = $1 AND day >= $2
GROUP BY kind, name, channel, code
ORDER BY total DESC, kind, name, channel, code
"""


class ReportStore:
    """Sums at rest. Every call names the workspace."""

    async def outcomes(self, tx: Tx, workspace: str, since: datetime) -> list[Count]:
        """Entries since the day of that instant, by what they tell, the most frequent first."""
        return [Count(*row) for row in await tx.fetch(_COUNTS, workspace, since.date())]

    async def message_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """Sums over messages for each combination of what they are broken down by."""
        sql = grouped(_MESSAGES, [_MESSAGE_BY[each] for each in asked.by])
        return [tuple(row) for row in await tx.fetch(sql, *_scope(asked)) if row[-1] is not None]

    async def entry_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """Numbers of timeline entries."""
        sql = grouped(_ENTRIES, [_ENTRY_BY[each] for each in asked.by])
        return [tuple(row) for row in await tx.fetch(sql, *_scope(asked)) if row[-1] is not None]

    async def conversion_rows(self, tx: Tx, asked: Asked, model: str) -> list[Row]:
        """Conversions, their value, and the people, by a model of credit."""
        await reads_much(tx)
        names = [f"by_{place}" for place in range(len(asked.by))]
        sql = _CONVERSIONS.format(
            model=_MODEL[model],
            by="".join(
                f"{_CREDIT_BY[each]} AS {name}, "
                for each, name in zip(asked.by, names, strict=True)
            ),
            outer="".join(f"{name}, " for name in names),
            numbers="".join(f"{place + 1}, " for place in range(len(names))),
            group=f"GROUP BY {', '.join(names)} ORDER BY {', '.join(names)}" if names else "",
        )
        found = await tx.fetch(sql, *instants(asked))
        return [tuple(row) for row in found if row[-2] is not None]

    async def chain_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """Chains of channels before a goal was reached, the most frequent first."""
        await reads_much(tx)
        return [tuple(row) for row in await tx.fetch(_CHAINS, *instants(asked))]

    async def pressure_rows(self, tx: Tx, asked: Asked, period: str) -> list[Sequence[int]]:
        """People, responders and leavers by the number of messages in a period."""
        return [tuple(row) for row in await tx.fetch(_PRESSURE, *_scope(asked), period)]


def _scope(asked: Asked) -> tuple[Any, ...]:
    return asked.workspace, asked.since, asked.until


async def reads_much(tx: Tx) -> None:
    """Lets the planner choose for a query over many rows; sessions are set up for few by key."""
    await tx.execute(
        "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL work_mem = '64MB'"
    )


def instants(asked: Asked) -> tuple[Any, ...]:
    """The days as the instants they begin at."""
    since, until = (
        datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (asked.since, asked.until)
    )
    return asked.workspace, since, until


def grouped(sql: str, expressions: Sequence[str]) -> str:
    """The query broken down by these columns, in their order."""
    if not expressions:
        return sql.format(by="", group="")
    numbers = ", ".join(str(place + 1) for place in range(len(expressions)))
    return sql.format(
        by=", ".join(expressions) + ",", group=f"GROUP BY {numbers} ORDER BY {numbers}"
    )
