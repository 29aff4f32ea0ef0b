"""The relay: from the outbox to the streams this service owns.

One process of a service relays at a time, chosen by a lease. It is woken by its own commits, by
hints from its siblings over core NATS, and otherwise looks once a second. Two relays at once, one
of them a zombie, are harmless: receivers have seen what a zombie repeats.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from nats.aio.msg import Msg

from kit.bus import rows
from kit.bus.connection import Connection
from kit.bus.feed import Feed
from kit.bus.keeper import Keeper
from kit.bus.leases import Leases
from kit.bus.passing import AWAY
from kit.bus.publisher import Publisher
from kit.bus.spec import LANES, FeedSpec, OutgoingFact, StreamSpec
from kit.bus.target import Target
from kit.bus.tasks import end, together
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unavailable

log = logging.getLogger("kairos.bus")

RELAY = "relay"
HINTS = "kairos.relay.v1"
"""Core NATS subject prefix: `<stream>.<lane>` has new rows."""
DRAIN_S = 2.0
"""How long a stopping relay goes on publishing what is committed; the rest is the next one's."""

Lane = tuple[str, str]
"""Stream and lane."""


class Relay:
    """Publishes the outbox of one schema.

    Args:
        owned: the streams this service publishes to.
        feed: where facts with a feed subject go as well.
    """

    def __init__(
        self,
        bus: Connection,
        db: Database,
        owned: Sequence[StreamSpec],
        clock: Clock,
        feed: FeedSpec | None = None,
    ) -> None:
        self._bus = bus
        self._db = db
        self._owned = owned
        self._clock = clock
        self._feed_spec = feed or FeedSpec()
        self._publishers: dict[Lane, Publisher] = {}
        self._feed: Feed | None = None
        self._hints: set[Lane] = set()
        self._news = asyncio.Event()
        self.leases = Leases(db, RELAY, 1, clock)
        self.leases.on_change(self._news.set)

    def wake(self, facts: Iterable[OutgoingFact]) -> None:
        """These facts were committed by this process; see `Database.on_facts`."""
        facts = list(facts)
        lanes = {(fact.stream, fact.lane) for fact in facts}
        if self._publishers:
            self._wake(lanes, feed=any(fact.feed for fact in facts))
        else:
            self._hints |= lanes
            self._news.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relays while it has the lease, until `stop`; then publishes what is left and leaves."""
        if self._owned:
            left = asyncio.Event()
            await together([self._relay_or_hint(stop, left), self.leases.run(left)])

    async def _relay_or_hint(self, stop: asyncio.Event, left: asyncio.Event) -> None:
        watch = asyncio.create_task(self._watch(stop))
        try:
            await self._listen()
            while not stop.is_set():
                if self.leases.owned:
                    await self._relay(stop)
                else:
                    await self._hint()
                    await self._news.wait()
                    self._news.clear()
        finally:
            left.set()
            watch.cancel()

    async def _watch(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._news.set()

    async def _relay(self, stop: asyncio.Event) -> None:
        """Publishes until the lease is lost or the process stops."""
        log.info("relaying %s", ", ".join(spec.name for spec in self._owned))
        keepers, loops = self._parts()
        for keeper in keepers:
            await keeper.listen()
        relaying = asyncio.create_task(together(loops))
        relaying.add_done_callback(lambda _: self._news.set())
        try:
            while self.leases.owned and not stop.is_set() and not relaying.done():
                await self._news.wait()
                self._news.clear()
            if stop.is_set() and not relaying.done():
                await self._drained()
            if relaying.done():
                relaying.result()
        finally:
            self._publishers, self._feed = {}, None
            await end([relaying])
            for keeper in keepers:
                await keeper.close()

    def _parts(self) -> tuple[list[Keeper], list[Coroutine[Any, Any, None]]]:
        """A keeper for each stream, a publisher for each of its lanes, and one feed."""
        keepers: list[Keeper] = []
        for spec in self._owned:
            target = Target(spec)
            keeper = Keeper(self._bus, self._db, target, self._clock)
            keepers.append(keeper)
            for lane in LANES:
                self._publishers[spec.name, lane] = Publisher(
                    self._bus, self._db, target, lane, self._clock, keeper.published
                )

        def fed() -> None:
            for keeper in keepers:
                keeper.fed()

        source = f"/kairos/{self._owned[0].owner}"
        self._feed = Feed(self._bus, self._db, self._feed_spec, source, self._clock, fed)
        loops = [loop for keeper in keepers for loop in keeper.loops()]
        loops += [publisher.run() for publisher in self._publishers.values()]
        return keepers, [*loops, self._feed.run()]

    async def _drained(self) -> None:
        """Returns when nothing is unpublished, or after DRAIN_S."""
        until = self._clock.monotonic() + DRAIN_S
        with contextlib.suppress(*AWAY):
            while self._clock.monotonic() < until:
                waiting = [await rows.any_unpublished(self._db, each.name) for each in self._owned]
                if not any(waiting):
                    return
                await asyncio.sleep(0.02)

    async def _listen(self) -> None:
        """Subscribes to the hints of sibling processes."""
        for spec in self._owned:
            await self._bus.subscribe(f"{HINTS}.{spec.name}.*", self._on_hint)

    async def _on_hint(self, message: Msg) -> None:
        *_, stream, lane = message.subject.split(".")
        self._wake({(stream, lane)}, feed=True)

    def _wake(self, lanes: Iterable[Lane], *, feed: bool) -> None:
        for lane in lanes:
            if publisher := self._publishers.get(lane):
                publisher.wake()
        if feed and self._feed:
            self._feed.wake()

    async def _hint(self) -> None:
        """Tells the process that has the lease about commits made here."""
        hints, self._hints = self._hints, set()
        try:
            for stream, lane in hints:
                await self._bus.publish(f"{HINTS}.{stream}.{lane}")
        except Unavailable as error:
            log.debug("no hint sent: %s", error)
