"""Reached goals, counted: how often, by whom again, and week by week."""

from datetime import date

from kit.db.database import Tx
from services.history.domain.reports import Asked, Row
from services.history.store.reports import GOAL_BY, grouped, instants, reads_much

_GOALS = """
SELECT {by} count(*), count(DISTINCT person), sum(value)
FROM goal_events
WHERE workspace = $1 AND at >= $2 AND at < $3
{group}
"""

# Of one day, however many events are one visit.
_REPEATS = """
SELECT count(*), count(*) FILTER (WHERE days > 1), sum(days)::bigint FROM (
    SELECT person, count(DISTINCT (at AT TIME ZONE 'UTC')::date) AS days
    FROM goal_events
    WHERE workspace = $1 AND goal = $4 AND at >= $2 AND at < $3
    GROUP BY person
) AS people
"""

_COHORTS = """
WITH weeks AS (
    SELECT DISTINCT person, date_trunc('week', at AT TIME ZONE 'UTC')::date AS week
    FROM goal_events WHERE workspace = $1 AND goal = $4 AND at < $3
), since AS (
    SELECT person, week, min(week) OVER (PARTITION BY person) AS first FROM weeks
)
SELECT first, (week - first) / 7 AS later, count(*) FROM since
WHERE first >= $2
GROUP BY 1, 2 ORDER BY 1, 2
"""


class GoalStore:
    """Reached goals at rest; implements `ports.GoalReports`."""

    async def goal_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        await reads_much(tx)
        sql = grouped(_GOALS, [GOAL_BY[each] for each in asked.by])
        return [tuple(row) for row in await tx.fetch(sql, *instants(asked)) if row[-3]]

    async def repeat_row(self, tx: Tx, asked: Asked, goal: str) -> Row:
        await reads_much(tx)
        return tuple(await tx.fetchrow(_REPEATS, *instants(asked), goal) or ())

    async def cohort_rows(self, tx: Tx, asked: Asked, goal: str) -> list[tuple[date, int, int]]:
        await reads_much(tx)
        rows = await tx.fetch(_COHORTS, *instants(asked), goal)
        return [(row[0], row[1], row[2]) for row in rows]
