"""The public feed: one message for each fact that has a feed subject, for whoever listens.

It runs beside the internal lanes and never holds them up. A row is fed once all its facts are in
the feed's stream; until then it stays in the outbox. Facts of a row go out in order, many at a
time; after a failure some may come twice within the server's duplicate window at most under the
same id, so listeners dedupe by `ce-id`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from kit.bus.connection import Connection
from kit.bus.framing import split
from kit.bus.outbox import decode_feed
from kit.bus.passing import AWAY
from kit.bus.publish import event_headers, publish, trace_headers
from kit.bus.spec import FeedSpec
from kit.bus.streams import ensure_stream
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Malformed

log = logging.getLogger("kairos.bus")

READ_ROWS = 64
IN_FLIGHT = 32
"""Feed messages on their way at once: each waits for the disk, and internal lanes share it."""
POLL_S = 1.0
GATHER_S = 0.1
"""News waits so long for more: outsiders do not mind, and the way to the provider stays free."""
PAUSE_S_MIN, PAUSE_S_MAX = 0.1, 2.0

_UNFED = """
SELECT position, body, traceparent, feed FROM outbox
WHERE feed IS NOT NULL ORDER BY position LIMIT $1
"""
_FED = """
WITH locked AS (
    SELECT position FROM outbox WHERE position = ANY($1::bigint[])
    ORDER BY position FOR NO KEY UPDATE
)
UPDATE outbox SET feed = NULL
FROM locked, set_config('synchronous_commit', 'off', true)
WHERE outbox.position = locked.position
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One fact on its way to the feed."""

    position: int
    tail: str
    id: str
    body: bytes
    traceparent: str


class Feed:
    """Puts what rows owe to the feed into its stream. `fed` is called after rows have paid."""

    def __init__(
        self,
        bus: Connection,
        db: Database,
        spec: FeedSpec,
        source: str,
        clock: Clock,
        fed: Callable[[], None],
    ) -> None:
        self._bus = bus
        self._db = db
        self._spec = spec
        self._source = source
        self._clock = clock
        self._fed = fed
        self._something = asyncio.Event()
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    def wake(self) -> None:
        """There may be new rows."""
        self._something.set()

    async def run(self) -> None:
        """Feeds for ever; to be cancelled."""
        pause_s = PAUSE_S_MIN
        sure = False
        while True:
            self._something.clear()
            try:
                if not sure:
                    await ensure_stream(self._bus, self._spec)
                    sure = True
                found = await self._round()
                pause_s = PAUSE_S_MIN
            except AWAY as error:
                # With a listener on the subject a missing stream looks like a slow one.
                sure = False
                log.warning("the feed waits: %s", error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_S_MAX)
                continue
            if not found:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._something.wait()
                    await asyncio.sleep(GATHER_S)

    async def _round(self) -> bool:
        """Feeds the oldest rows; whether there were any."""
        async with self._db.autocommit() as tx:
            found = await tx.fetch(_UNFED, READ_ROWS)
        if not found:
            return False
        entries = [entry for row in found for entry in _entries(*row)]
        outcomes = await asyncio.gather(
            *(self._publish(entry) for entry in entries), return_exceptions=True
        )
        failed = {
            entry.position: outcome
            for entry, outcome in zip(entries, outcomes, strict=True)
            if isinstance(outcome, BaseException)
        }
        paid = [row["position"] for row in found if row["position"] not in failed]
        if paid:
            async with self._db.autocommit() as tx:
                await tx.execute(_FED, paid)
            self._fed()
        for outcome in failed.values():
            raise outcome
        return True

    async def _publish(self, entry: _Entry) -> None:
        _, domain, what = entry.tail.split(".")
        kind = f"kairos.{domain}.{what}.v1"
        headers = event_headers(entry.id, kind, self._source, self._clock.now())
        headers |= trace_headers([entry.traceparent])
        subject = f"{self._spec.prefix}.{entry.tail}"
        async with self._in_flight:
            await publish(self._bus, self._spec.name, subject, entry.body, headers)


def _entries(position: int, body: bytes, traceparent: str, feed: bytes) -> list[_Entry]:
    """What a row owes; a row that cannot be read owes nothing, and is said so."""
    try:
        facts = split(body)
        return [
            _Entry(position, tail, fact_id, facts[index], traceparent)
            for index, tail, fact_id in decode_feed(feed)
        ]
    except (Malformed, ValueError, IndexError):
        log.exception("row %d cannot go to the feed", position)
        return []
