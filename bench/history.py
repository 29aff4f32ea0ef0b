"""Timelines and reports on five million entries: a page for one person, and every report.

Bars: a page in 5 ms (the walk down one index does not grow with the table: the plan is printed),
a report in 300 ms. The rows are made by SQL; reading goes through history's own stores.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

from bench.results import Figure
from kit.bus.outbox import write_outbox
from kit.clock import SystemClock
from kit.db.database import Database, Tx
from kit.db.provision import prepare
from kit.embedded.postgres import EmbeddedPostgres
from services.history.domain.page import Query
from services.history.domain.reports import Asked
from services.history.store.goals import GoalStore
from services.history.store.reports import ReportStore
from services.history.store.timeline import TimelineStore

PAGE_BAR_MS, REPORT_BAR_MS = 5.0, 300.0
ENTRIES, PEOPLE = 5_000_000, 20_000
PAGES, REPEATS = 300, 5
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
CLOCK = SystemClock()

FILL = [
    f"""
    INSERT INTO history.timeline (workspace, person, at, recorded_at, id, source, person_seq, kind,
        name, summary, reason, code, channel, journey, trace_id, data)
    SELECT 'shop', ('00000000-0000-7000-8000-' || lpad(to_hex(n % {PEOPLE}), 12, '0'))::uuid,
        t, t, gen_random_uuid(), 'EVENTS', n / {PEOPLE} + 1,
        (ARRAY['event','decision','message','receipt','journey'])[n % 5 + 1],
        'order_completed', 'Bought something', '', '', 'email', '', repeat('0', 32),
        '{{"total": 19.9, "items": ["A", "B"]}}'
    FROM generate_series(0, {ENTRIES - 1}) AS n,
        LATERAL (SELECT timestamptz '2026-01-01' + n * interval '3.1 seconds' AS t) AS at
    """,
    """
    INSERT INTO history.message_days
    SELECT 'shop', date '2026-01-01' + d, 'DELIVERIES.bulk', c, 'marketing', 'news', 't' || t,
        'v' || (t % 3), 'j' || (t % 20), '', 300, 290, 90, 20, 2, 5, 0, 1, 30, 30000
    FROM generate_series(0, 179) AS d, generate_series(1, 50) AS t,
        unnest(ARRAY['email', 'sms', 'push']) AS c
    """,
    """
    INSERT INTO history.outcome_days
    SELECT 'shop', date '2026-01-01' + d, 'EVENTS.now', 'event', 'e' || e, '', '', '', '', 500
    FROM generate_series(0, 179) AS d, generate_series(1, 60) AS e
    """,
    """
    INSERT INTO history.pressure
    SELECT 'shop', 'month', date '2026-01-01' + m * 30, 'DELIVERIES.bulk', n, 20000 / n, 900 / n, n
    FROM generate_series(0, 5) AS m, generate_series(1, 30) AS n
    """,
    f"""
    INSERT INTO history.goal_events
    SELECT 'shop', 'order',
        ('00000000-0000-7000-8000-' || lpad(to_hex(n % {PEOPLE}), 12, '0'))::uuid,
        gen_random_uuid(), timestamptz '2026-01-01' + n * interval '77 seconds', 20
    FROM generate_series(0, 199999) AS n
    """,
    """
    INSERT INTO history.credits
    SELECT 'shop', 'order', event, gen_random_uuid(), person, at, at - interval '1 day', value,
        'email', 'marketing', 't' || (n % 50), 'v1', 'j' || (n % 20), '', 1, 1, 1, 1, 1,
        repeat('email > ', n::int % 4) || 'email'
    FROM (SELECT *, row_number() OVER () AS n FROM history.goal_events) AS g
    """,
    "VACUUM ANALYZE",
    "CHECKPOINT",
]


async def measure() -> list[Figure]:
    """Fills a database, then reads it; some minutes."""
    with tempfile.TemporaryDirectory() as data:
        async with EmbeddedPostgres(Path(data), throwaway=True) as postgres:
            roles = await prepare(postgres.dsn, Path(data), {"history": "services.history"})
            await _fill(postgres.dsn)
            db = await Database.connect(*roles["history"], write_outbox)
            try:
                await _show_plan(postgres.dsn)
                return [*await _pages(db), *await _reports(db)]
            finally:
                await db.close()


async def _fill(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    for month in MONTHS:
        await connection.execute("SELECT history.ensure_timeline_month($1)", month)
    for sql in FILL:
        await connection.execute(sql, timeout=600)
    await connection.close()


async def _show_plan(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "EXPLAIN (COSTS OFF) SELECT * FROM history.timeline WHERE workspace = 'shop' AND person ="
        " '00000000-0000-7000-8000-000000000007' ORDER BY at DESC, recorded_at DESC, id DESC"
        " LIMIT 51"
    )
    print("\n".join(row[0] for row in rows))
    await connection.close()


async def _pages(db: Database) -> list[Figure]:
    store = TimelineStore()

    async def page(number: int, tx: Tx) -> None:
        person = UUID(f"00000000-0000-7000-8000-{number * 7919 % PEOPLE:012x}")
        found = await store.page(tx, Query(workspace="shop", persons=[person], limit=51))
        assert len(found) == 51

    times = [await _timed(db, partial(page, number)) for number in range(PAGES)]
    cuts = statistics.quantiles(times, n=100)
    return [
        Figure("history", "timeline page, 5 M entries, p50", cuts[49], "ms", PAGE_BAR_MS),
        Figure("history", "timeline page, 5 M entries, p99", cuts[98], "ms"),
    ]


async def _reports(db: Database) -> list[Figure]:
    store, goals = ReportStore(), GoalStore()

    def asked(report: str, *by: str) -> Asked:
        return Asked(
            workspace="shop", report=report, by=by, since=MONTHS[0], until=date(2026, 7, 1)
        )

    reads: dict[str, Callable[[Tx], Awaitable[object]]] = {
        "messages by template": lambda tx: store.message_rows(tx, asked("messages", "template")),
        "entries by name": lambda tx: store.entry_rows(tx, asked("entries", "name")),
        "outcomes": lambda tx: store.outcomes(tx, "shop", datetime(2026, 1, 1, tzinfo=UTC)),
        "pressure": lambda tx: store.pressure_rows(tx, asked("pressure"), "month"),
        "conversions by journey": lambda tx: store.conversion_rows(
            tx, asked("conversions", "journey"), "linear"
        ),
        "chains": lambda tx: store.chain_rows(tx, asked("chains")),
        "repeats": lambda tx: goals.repeat_row(tx, asked("repeats"), "order"),
        "cohorts": lambda tx: goals.cohort_rows(tx, asked("cohorts"), "order"),
    }
    figures = []
    for name, read in reads.items():
        median = statistics.median([await _timed(db, read) for _ in range(REPEATS)])
        figures.append(Figure("history", f"report: {name}", median, "ms", REPORT_BAR_MS))
    return figures


async def _timed(db: Database, read: Callable[[Tx], Awaitable[object]]) -> float:
    async with db.api("shop", readonly=True) as tx:
        start = CLOCK.monotonic()
        await read(tx)
        return (CLOCK.monotonic() - start) * 1000


if __name__ == "__main__":
    for figure in asyncio.run(measure()):
        print(figure)
