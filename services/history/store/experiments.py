"""Who was exposed to which arm of an experiment, and what they did after."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.db.database import Tx
from services.history.domain.experiments import ArmSums, Question
from services.history.domain.exposures import Exposure
from services.history.ports import PersonKey
from services.history.store.reports import reads_much

_ADD = """
INSERT INTO exposures AS e (workspace, experiment, person, arm, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[])
ON CONFLICT (workspace, experiment, person, arm) DO UPDATE SET at = excluded.at
WHERE excluded.at < e.at
"""

_MOVE = """
WITH moved AS (
    DELETE FROM exposures
    USING unnest($1::text[], $2::uuid[], $3::uuid[]) AS m (workspace, was, now)
    WHERE exposures.workspace = m.workspace AND exposures.person = m.was
    RETURNING m.workspace, experiment, m.now AS person, arm, at
)
INSERT INTO exposures AS e (workspace, experiment, person, arm, at)
SELECT workspace, experiment, person, arm, min(at) FROM moved
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT (workspace, experiment, person, arm) DO UPDATE SET at = excluded.at
WHERE excluded.at < e.at
"""

# Who got into several arms counts in the first. Before and after exposure the same length of time
# is looked at.
_SUMS = """
WITH exposed AS (
    SELECT DISTINCT ON (person) person, arm, at FROM exposures
    WHERE workspace = $1 AND experiment = $2 AND arm = ANY ($3) AND at >= $4 AND at < $5
    ORDER BY person, at, arm
), done AS (
    SELECT e.person, e.arm,
        count(*) FILTER (WHERE g.at > e.at) AS times,
        coalesce(sum({y}) FILTER (WHERE g.at > e.at), 0)::float8 AS y,
        coalesce(sum({y}) FILTER (WHERE g.at <= e.at), 0)::float8 AS x
    FROM exposed AS e
    LEFT JOIN goal_events AS g ON g.workspace = $1 AND g.goal = $6 AND g.person = e.person
        AND g.at > e.at - $7::interval AND g.at <= e.at + $7::interval
    GROUP BY e.person, e.arm
), measured AS (SELECT arm, times, {measured} FROM done)
SELECT arm, count(*), count(*) FILTER (WHERE times > 0), sum(y), sum(y * y), sum(x), sum(x * x),
    sum(x * y)
FROM measured GROUP BY arm
"""
_COUNTED = "y, x"
_YES_OR_NO = "least(y, 1) AS y, least(x, 1) AS x"
_MEASURED = {
    "conversion": {"y": "1", "measured": _YES_OR_NO},
    "count": {"y": "1", "measured": _COUNTED},
    "value": {"y": "g.value", "measured": _COUNTED},
}


class ExperimentStore:
    """Exposures in Postgres; implements `ports.Experiments`."""

    async def add(self, tx: Tx, exposures: Collection[Exposure]) -> None:
        first: dict[tuple[str, str, UUID, str], datetime] = {}
        for each in exposures:
            key = (each.workspace, each.experiment, each.person, each.arm)
            first[key] = min(each.at, first.get(key, each.at))
        rows = [(*key, at) for key, at in sorted(first.items())]
        await tx.execute(_ADD, *zip(*rows, strict=True))

    async def move(self, tx: Tx, families: Mapping[PersonKey, UUID]) -> None:
        moved = sorted((*key, head) for key, head in families.items() if key.person != head)
        if moved:
            await tx.execute(_MOVE, *zip(*moved, strict=True))

    async def sums(
        self,
        tx: Tx,
        workspace: str,
        question: Question,
        period: tuple[datetime, datetime],
        window: timedelta,
    ) -> Sequence[ArmSums]:
        await reads_much(tx)
        sql = _SUMS.format(**_MEASURED[question.measure])
        args = (workspace, question.experiment, list(question.arms), *period, question.goal, window)
        return [
            ArmSums(
                arm=arm,
                people=people,
                converted=converted,
                y=y,
                yy=yy,
                x=x,
                xx=xx,
                xy=xy,
            )
            for arm, people, converted, y, yy, x, xx, xy in await tx.fetch(sql, *args)
        ]
