"""The owner's care for one stream: is it still the stream we filled, and what of it can be
forgotten?

Postgres is the record. When the stream was wiped or made anew, its incarnation differs; when it
went back to an older state, it lies below what it acknowledged or what consumers have committed,
and is replaced. Either way the rows not known to be consumed are published again, in order.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from kit.bus import rows
from kit.bus.connection import NATS_ERRORS, Connection
from kit.bus.floors import REPORTS, Report
from kit.bus.jetstream import StreamState, ask, is_newer, stream_state
from kit.bus.passing import AWAY
from kit.bus.rows import Known, Place
from kit.bus.spec import LANES
from kit.bus.streams import ensure_stream, recreate_stream
from kit.bus.target import Target
from kit.clock import Clock
from kit.db.database import Database
from kit.telemetry import counter

log = logging.getLogger("kairos.bus")

LOOK_S = 1.0
"""How often the stream is looked at when nothing is suspicious."""
FORGET_PAUSE_S = 0.1
PURGE_S = 10.0
EXPIRY_S = 10.0
"""How often we look for rows that left the stream unconsumed; the first time only after this long,
when the consumers have told their floors.
"""

_refilled = counter(
    "kairos.bus.refilled", "1", "Rows to be published again after a stream was lost"
)


class Keeper:
    """Watches one stream and deletes what all of its consumers have committed."""

    def __init__(self, bus: Connection, db: Database, target: Target, clock: Clock) -> None:
        self._bus = bus
        self._db = db
        self._target = target
        self._spec = target.spec
        self._clock = clock
        self._floors: dict[str, dict[Place, int]] = {name: {} for name in self._spec.consumers}
        self._to_forget: set[Place] = set()
        self._to_purge: set[Place] = set()
        self._news = asyncio.Event()
        self._subscription: Subscription | None = None
        self._forget_reconnect: Callable[[], None] = lambda: None
        self._expiry_at = clock.monotonic() + EXPIRY_S

    async def listen(self) -> None:
        """Begins to hear what consumers report. After each reconnect the stream is looked at before
        anything goes out, since the server may be back with an older state.
        """
        self._forget_reconnect = self._bus.on_reconnect(self._target.doubt)
        subject = f"{REPORTS}.{self._spec.name}"
        self._subscription = await self._bus.subscribe(subject, self._on_report)

    async def close(self) -> None:
        """Ends what `listen` began."""
        self._forget_reconnect()
        if self._subscription:
            with contextlib.suppress(*NATS_ERRORS):
                await self._subscription.unsubscribe()

    def loops(self) -> list[Coroutine[Any, Any, None]]:
        """What is to run as long as the service relays."""
        return [self._looking(), self._forgetting(), self._purging()]

    def published(self, lane: str, partitions: Iterable[int]) -> None:
        """Rows of these partitions were marked; they may have been consumed already."""
        self._forget_soon((lane, partition) for partition in partitions)

    def fed(self) -> None:
        """Rows have paid what they owed the feed."""
        self._forget_soon(list(self._confirmed()))

    # -- is it still our stream?

    async def _looking(self) -> None:
        known: Known | None = None
        while True:
            try:
                if known is None:
                    known = await self._first_known()
                state = await self._look(known)
                known = Known(state.incarnation, max(state.last_seq, self._target.acked))
                if await self._has_expired(state):
                    self._target.doubt(lost=True)
            except AWAY as error:
                log.warning("stream %s cannot be looked at: %s", self._spec.name, error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._target.doubted.wait()
            if self._target.doubted.is_set():
                await asyncio.sleep(FORGET_PAUSE_S)

    async def _first_known(self) -> Known:
        known = await rows.known(self._db, self._spec.name)
        return known or Known("", 0)

    async def _look(self, known: Known) -> StreamState:
        """Compares the stream with what we know and acts on the difference."""
        floor = max(self._confirmed_max(), known.last_seq, self._target.acked)
        state = await stream_state(self._bus, self._spec.name)
        if state is None:
            self._target.doubt()
            state = await ensure_stream(self._bus, self._spec)
        if self._target.lost or is_old(state, known, floor):
            log.error("stream %s lost messages (has %d)", self._spec.name, state.last_seq)
            self._target.doubt(lost=True)
            state = await recreate_stream(self._bus, self._spec)
        if state.incarnation != known.incarnation:
            await self._change_over(known, state)
        elif not self._target.gate.is_set():
            self._target.trust(state.incarnation, state.last_seq)
        return state

    async def _change_over(self, known: Known, state: StreamState) -> None:
        """From one incarnation to the next: what is not confirmed goes out again."""
        self._target.doubt()
        confirmed = self._confirmed()
        if known.incarnation and confirmed:
            await rows.forget(self._db, self._spec.name, known.incarnation, confirmed)
        again = await rows.adopt(self._db, self._spec.name, state.incarnation, state.last_seq)
        for floors in self._floors.values():
            floors.clear()
        level = logging.WARNING if again else logging.INFO
        log.log(level, "stream %s is new; %d rows go out again", self._spec.name, again)
        _refilled.add(again, {"stream": self._spec.name})
        self._target.trust(state.incarnation, state.last_seq)

    async def _has_expired(self, state: StreamState) -> bool:
        """Whether messages left before all had consumed them. Those that stayed are later ones, so
        the whole stream is replaced: publishing the missing ones again would put them behind.
        """
        if self._clock.monotonic() < self._expiry_at:
            return False
        self._expiry_at = self._clock.monotonic() + EXPIRY_S
        places = itertools.product(LANES, range(self._spec.partitions))
        floors = dict.fromkeys(places, 0) | self._confirmed()
        return await rows.any_expired(
            self._db, self._spec.name, state.incarnation, state.first_seq, floors
        )

    # -- what can be forgotten?

    async def _on_report(self, message: Msg) -> None:
        try:
            report = Report.from_json(message.data)
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("a floor report of %s cannot be read", self._spec.name)
            return
        floors = self._floors.get(report.consumer)
        if floors is None or report.incarnation != self._target.incarnation:
            return
        for partition, seq in report.seqs.items():
            place = (report.lane, partition)
            if seq > floors.get(place, -1):
                floors[place] = seq
                self._to_forget.add(place)
        if self._to_forget:
            self._news.set()

    def _confirmed(self) -> dict[Place, int]:
        """Up to where all consumers have committed, for the places all of them have reported."""
        floors = list(self._floors.values())
        common = set(floors[0]).intersection(*floors[1:])
        return {place: min(each[place] for each in floors) for place in common}

    def _confirmed_max(self) -> int:
        return max((seq for floors in self._floors.values() for seq in floors.values()), default=0)

    def _forget_soon(self, places: Iterable[Place]) -> None:
        self._to_forget.update(places)
        self._news.set()

    async def _forgetting(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            places, self._to_forget = self._to_forget, set()
            confirmed = self._confirmed()
            due = {place: confirmed[place] for place in places if place in confirmed}
            if due:
                self._to_purge.update(due)
                try:
                    await rows.forget(self._db, self._spec.name, self._target.incarnation, due)
                except AWAY as error:
                    log.warning("consumed rows stay a little longer: %s", error)
                    self._forget_soon(places)
                    await asyncio.sleep(LOOK_S)
            await asyncio.sleep(FORGET_PAUSE_S)

    async def _purging(self) -> None:
        """Now and then empties the stream of what all have committed; its files stay small."""
        while True:
            await asyncio.sleep(PURGE_S)
            places, self._to_purge = self._to_purge, set()
            confirmed = self._confirmed()
            try:
                for place in sorted(places & confirmed.keys()):
                    subject = self._spec.subject(*place)
                    body = {"filter": subject, "seq": confirmed[place] + 1}
                    await ask(self._bus, f"STREAM.PURGE.{self._spec.name}", body)
            except AWAY as error:
                log.info("stream %s not purged: %s", self._spec.name, error)
                self._to_purge |= places


def is_old(state: StreamState, known: Known, floor: int) -> bool:
    """Whether the stream is an earlier state of itself, or an earlier stream brought back.

    The latter is as bad: consumers may still have floors in it that its sequences are below.

    Args:
        floor: the highest sequence it has given us, or that a consumer has committed.
    """
    if state.incarnation == known.incarnation:
        return state.last_seq < floor
    return not is_newer(state.incarnation, known.incarnation)
