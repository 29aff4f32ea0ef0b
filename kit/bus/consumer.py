"""Consuming facts: in batches, in order within a partition, each batch one transaction.

For every subscription (a stream and a lane) one loop: read ahead, take up to `max_facts`, open the
worker transaction, move the floors (`kit.bus.floors`, which fences), call the handler, commit. What
fails with "not now" is tried again for ever; what fails otherwise is cut in half until one fact is
to blame, which becomes a dead letter while all others go on. Facts may come twice (a stream was
refilled, a process died between two halves): handlers dedupe by natural key.
"""

import asyncio
from collections.abc import Sequence

from kit.bus.connection import Connection
from kit.bus.lane import LaneLoop
from kit.bus.leases import Leases
from kit.bus.reports import Reporter
from kit.bus.spec import LANES
from kit.bus.subscription import Subscription
from kit.bus.tasks import together
from kit.clock import Clock
from kit.db.database import Database

__all__ = ["Consumers", "Subscription"]

CONSUME = "consume"
"""Role of the partition leases: who has a partition has it in all streams and both lanes."""


class Consumers:
    """All subscriptions of one process, over the partitions it has a lease on."""

    def __init__(
        self,
        name: str,
        bus: Connection,
        db: Database,
        subscriptions: Sequence[Subscription],
        clock: Clock,
    ) -> None:
        _check(name, subscriptions)
        partitions = max((each.stream.partitions for each in subscriptions), default=0)
        self.leases = Leases(db, CONSUME, partitions, clock)
        self._reporter = Reporter(name, bus)
        self._loops = [
            LaneLoop(name, bus, db, each, self.leases, self._reporter, clock)
            for each in subscriptions
        ]
        for loop in self._loops:
            self.leases.on_change(loop.partitions_changed)

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop`; then finishes the batches in hand and gives partitions back."""
        if self._loops:
            left = asyncio.Event()
            parts = [self._consume(stop, left), self.leases.run(left), self._reporter.run(left)]
            await together(parts)

    async def _consume(self, stop: asyncio.Event, left: asyncio.Event) -> None:
        await together(loop.run(stop) for loop in self._loops)
        left.set()


def _check(name: str, subscriptions: Sequence[Subscription]) -> None:
    """Refuses subscriptions under which facts would be forgotten unread, or kept for ever."""
    places = [(each.stream, each.lane) for each in subscriptions]
    for stream in {each.stream for each in subscriptions}:
        if name not in stream.consumers:
            raise ValueError(f"{stream.name} does not wait for {name}: add it to its consumers")
        lanes = sorted(lane for each, lane in places if each == stream)
        if lanes != sorted(LANES):
            raise ValueError(f"{name} must subscribe each lane of {stream.name} once, not {lanes}")
