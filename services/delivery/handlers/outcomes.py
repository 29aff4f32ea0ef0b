"""Outcomes are written in groups: what came in while the last one was being committed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from contracts.telemetry import METRIC_ATTEMPTS
from kit import telemetry
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.delivery import wire
from services.delivery.ports import Outbound, Written

log = logging.getLogger("kairos.delivery")

GROUP_MAX = 500
AWAY_PAUSE_S = 0.5
CROWD, CROWD_WAIT_S = 8, 0.005
"""Where the group before was a crowd, there is more to come: a commit for all of it costs as much
as for one.
"""

_attempts = telemetry.counter(METRIC_ATTEMPTS, "1", "Attempts, by channel, provider and outcome")


class Outcomes:
    """Writes what became of attempts, with the facts that say so, in one commit each.

    Nothing put here is lost while the process lives: it is tried until Postgres takes it. What a
    process takes with it when it dies, the next one finds as `calling` and calls unknown.
    """

    def __init__(
        self,
        db: Database,
        outbound: Outbound,
        clock: Clock,
        *,
        wait_s: float,
        on_planned: Callable[[], None],
    ) -> None:
        self._db = db
        self._outbound = outbound
        self._clock = clock
        self._wait_s = wait_s
        self._on_planned = on_planned
        self._pending: list[Written] = []
        self._filled = asyncio.Event()
        self._closing = False

    def put(self, written: Written) -> None:
        """Hands over an outcome; it is committed within milliseconds."""
        self._pending.append(written)
        self._filled.set()

    def close(self) -> None:
        """Nothing more will come; `run` returns when all is written."""
        self._closing = True
        self._filled.set()

    async def run(self) -> None:
        """Writes until closed and empty."""
        size = 0
        while True:
            await self._filled.wait()
            if not self._pending:
                return
            wait_s = self._wait_s or (CROWD_WAIT_S if size >= CROWD else 0.0)
            if wait_s and len(self._pending) < GROUP_MAX and not self._closing:
                await asyncio.sleep(wait_s)
            group, self._pending = self._pending[:GROUP_MAX], self._pending[GROUP_MAX:]
            if not self._pending and not self._closing:
                self._filled.clear()
            size = len(group)
            await self._persist(group)

    async def _persist(self, group: list[Written]) -> None:
        while True:
            try:
                await self._db.retrying(lambda: self._write(group))
            except Unavailable as error:
                log.warning("outcomes wait for Postgres: %s", error)
                await asyncio.sleep(AWAY_PAUSE_S)
            else:
                return

    async def _write(self, group: list[Written]) -> None:
        async with self._db.worker() as tx:
            kept = await record(tx, self._outbound, group, self._clock)
        if any(each.conclusion.next_at for each in kept):
            self._on_planned()
        if len(kept) < len(group):
            lost = len(group) - len(kept)
            log.warning("%d outcomes came too late: the messages were taken over", lost)


async def record(
    tx: Tx, outbound: Outbound, group: Sequence[Written], clock: Clock
) -> list[Written]:
    """Writes outcomes and the facts about them into one transaction; returns those that counted."""
    keys = await outbound.write(tx, group)
    kept = [each for each in group if each.claim.order.key in keys]
    now = clock.now()
    for each in kept:
        tx.emit(wire.attempt_fact(each, now))
        labels = {
            "channel": each.claim.order.channel,
            "provider": each.provider,
            "outcome": each.conclusion.outcome.value,
        }
        tx.after_commit(partial(_attempts.add, 1, labels))
    return kept
