"""Partitions: made before they are written to, dropped when nothing in them is needed."""

import asyncio
import contextlib
import logging
from datetime import datetime, timedelta

from kit.clock import Clock
from kit.db.database import RETRYABLE, Database
from kit.errors import Unavailable
from services.ingest.domain.weeks import week_of
from services.ingest.ports import Store

log = logging.getLogger("kairos.ingest")

AHEAD = timedelta(days=1)
"""A commit that begins before midnight may end after it."""
FORGET_EVERY_S = 3600.0


class Rooms:
    """Sees to it that there is room for what is written now and in the next day."""

    def __init__(self, db: Database, store: Store, clock: Clock) -> None:
        self._db = db
        self._store = store
        self._clock = clock
        self._made: set[tuple[int, int, int]] = set()

    async def make(self) -> None:
        """Cheap where there is room already, as nearly always."""
        now = self._clock.now()
        for at in (now, now + AHEAD):
            place = _place(at)
            if place in self._made:
                continue
            async with self._db.worker() as tx:
                await self._store.make_room(tx, at)
            self._made.add(place)


def _place(at: datetime) -> tuple[int, int, int]:
    return at.year, at.month, week_of(at)


class Forgetting:
    """Drops message ids older than what is promised, once an hour."""

    def __init__(self, db: Database, store: Store, clock: Clock) -> None:
        self._db = db
        self._store = store
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a try that finds Postgres away or busy is followed by the next one."""
        while not stop.is_set():
            try:
                await self.once()
            except (Unavailable, *RETRYABLE) as error:
                log.warning("message ids are forgotten later: %s", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), FORGET_EVERY_S)

    async def once(self) -> int:
        """Drops what is too old; returns how many weeks that were."""
        async with self._db.worker() as tx:
            gone = await self._store.forget(tx, self._clock.now())
        if gone:
            log.info("message ids of %d weeks forgotten", gone)
        return gone
