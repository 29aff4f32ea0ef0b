"""The loop of one subscription: sessions of reading and committing, one after the other.

A session lives as long as its reader and its set of partitions; whatever makes either doubtful ends
it, and the next one begins at the committed floors.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.trace import SpanKind

from kit import telemetry
from kit.bus import deadletters, erasure, floors
from kit.bus.connection import Connection
from kit.bus.floors import Fenced, Floor
from kit.bus.framing import split
from kit.bus.leases import Leases
from kit.bus.passing import AWAY, passes
from kit.bus.publish import continuing
from kit.bus.pull import Message, Pull
from kit.bus.reports import Reporter
from kit.bus.spec import IncomingFact
from kit.bus.subscription import Subscription
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Malformed, Unavailable

log = logging.getLogger("kairos.bus")

LONE_TRIES = 3
"""How often a fact is tried alone before it becomes a dead letter."""
LONE_PAUSE_S = 0.05
PAUSE_S_MIN, PAUSE_S_MAX = 0.05, 1.0
IDLE_S = 1.0
SWEEP_S = 10.0
"""How often the floors of partitions without traffic are moved along, so that a restart reads
little again.
"""

_consumed = telemetry.counter("kairos.bus.consumed", "1", "Facts handled and committed")
_buried = telemetry.counter("kairos.bus.dead_letters", "1", "Facts that became dead letters")
_processing = telemetry.histogram(
    "kairos.bus.process.duration", "s", "Time from taking a batch to its commit"
)


@dataclass(frozen=True, slots=True)
class Item:
    """A fact of a batch; `done` is up to where the stream is handled once this fact is."""

    fact: IncomingFact
    done: int
    traces: tuple[str, ...]


@dataclass
class Session:
    """One reader over one set of partitions."""

    pull: Pull
    epochs: Mapping[int, int]
    stored: dict[int, Floor]
    through: int = 0
    swept_at: float = 0.0
    ahead: list[Item] = field(default_factory=list)

    def seq_of(self, partition: int, incarnation: str) -> int:
        """The committed floor of a partition; 0 in a stream it has not been seen in."""
        floor = self.stored[partition]
        return floor.seq if floor.incarnation == incarnation else 0

    def start_after(self, incarnation: str) -> int:
        return min(self.seq_of(partition, incarnation) for partition in self.epochs)

    def committed(self) -> dict[int, int]:
        """Up to where each partition is committed: what was read and handled counts for all of
        them.
        """
        incarnation = self.pull.incarnation
        return {each: max(self.seq_of(each, incarnation), self.through) for each in self.epochs}


class LaneLoop:
    """One subscription of one process."""

    def __init__(
        self,
        name: str,
        bus: Connection,
        db: Database,
        subscription: Subscription,
        leases: Leases,
        reporter: Reporter,
        clock: Clock,
    ) -> None:
        self._name = name
        self._bus = bus
        self._db = db
        self._subscription = subscription
        self._stream = subscription.stream
        self._lane = subscription.lane
        self._leases = leases
        self._reporter = reporter
        self._clock = clock
        self._stopping = False
        self._changed = asyncio.Event()
        self._session: Session | None = None
        self._labels = {"stream": self._stream.name, "lane": self._lane}

    def partitions_changed(self) -> None:
        """Ends the session; the next one reads what is ours now."""
        self._wake("partitions changed")

    async def run(self, stop: asyncio.Event) -> None:
        """Consumes until `stop`; then finishes the batch in hand."""
        watch = asyncio.create_task(self._watch(stop))
        try:
            await self._sessions()
        finally:
            watch.cancel()

    async def _sessions(self) -> None:
        pause_s = PAUSE_S_MIN
        while not self._stopping:
            self._changed.clear()
            try:
                worked = await self._one_session()
            except AWAY as error:
                log.info("%s %s: %s", self._stream.name, self._lane, error)
                worked = False
            pause_s = PAUSE_S_MIN if worked else min(pause_s * 2, PAUSE_S_MAX)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()

    async def _watch(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self._wake("stopping")

    def _wake(self, reason: str) -> None:
        self._changed.set()
        if self._session:
            self._session.pull.fail(reason)

    async def _one_session(self) -> bool:
        """Runs until the reader breaks; whether there was anything to do."""
        owned = self._leases.owned
        if not owned:
            return False
        session = await self._begin(owned)
        self._session = session
        if self._changed.is_set():
            session.pull.fail("changed before it began")
        try:
            await session.pull.open(session.start_after)
            await self._work(session)
        finally:
            self._session = None
            await session.pull.close()
        log.info("%s %s: %s", self._stream.name, self._lane, session.pull.broken)
        return True

    async def _begin(self, owned: Mapping[int, int]) -> Session:
        """Raises our fence on the partitions and reads where they stand."""
        async with self._db.worker() as tx:
            stored = await floors.take(tx, self._stream.name, self._lane, owned)
        if not stored:
            raise Unavailable("the partitions are still held by a process that is going")
        epochs = {partition: owned[partition] for partition in stored}
        whole = len(stored) == self._stream.partitions
        subjects = [self._stream.subject(self._lane, each) for each in ("*" if whole else stored)]
        pull = Pull(
            self._bus,
            self._stream.name,
            subjects,
            name=f"{self._name}-{self._lane}",
            clock=self._clock,
        )
        session = Session(pull, epochs, stored)
        if len(stored) < len(owned):
            asyncio.get_running_loop().call_later(IDLE_S, pull.fail, "more partitions to take")
        return session

    async def _work(self, session: Session) -> None:
        pull = session.pull
        session.through = session.start_after(pull.incarnation)
        session.swept_at = self._clock.monotonic()
        self._say(session)
        while not pull.broken:
            pull.changed.clear()
            batch = self._next_batch(session)
            await pull.refill()
            if batch:
                await self._process(session, batch)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_S):
                    await pull.changed.wait()
                await asyncio.sleep(self._subscription.linger_s)

    def _next_batch(self, session: Session) -> list[Item]:
        """What has arrived and is not yet committed, up to the bound of a batch."""
        bound = self._subscription.max_facts
        items = session.ahead
        while len(items) < bound and (message := session.pull.take()) is not None:
            if message.seq > session.seq_of(message.partition, session.pull.incarnation):
                items.extend(self._items(message))
        session.ahead = items[bound:]
        return items[:bound]

    def _items(self, message: Message) -> list[Item]:
        """The facts of an envelope; one that cannot be split is a single fact with index -1."""
        stream, lane, partition, seq = (
            self._stream.name,
            self._lane,
            message.partition,
            message.seq,
        )
        try:
            bodies = split(message.data)
        except Malformed:
            fact = IncomingFact(stream, lane, partition, seq, -1, message.data)
            return [Item(fact, seq, message.traces)]
        last = len(bodies) - 1
        return [
            Item(
                IncomingFact(stream, lane, partition, seq, index, body),
                seq if index == last else seq - 1,
                message.traces,
            )
            for index, body in enumerate(bodies)
        ]

    async def _process(self, session: Session, batch: list[Item]) -> None:
        """Commits a batch, in as many transactions as its worst fact demands, in order."""
        begun = self._clock.monotonic()
        parts = [batch]
        parent, links = continuing([trace for item in batch for trace in item.traces])
        with telemetry.span(
            f"{telemetry.SPAN_PROCESS} {self._stream.name}.{self._lane}",
            parent=parent,
            links=links,
            kind=SpanKind.CONSUMER,
            attributes={"messaging.batch.message_count": len(batch), **self._labels},
        ):
            while parts:
                part = parts.pop()
                error = await self._try(session, part)
                if error is None:
                    continue
                if len(part) > 1:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
                else:
                    await self._bury(session, part[0], error)
        _consumed.add(len(batch), self._labels)
        _processing.record(self._clock.monotonic() - begun, self._labels)

    async def _try(self, session: Session, part: Sequence[Item]) -> Exception | None:
        """Commits a part, waiting out what passes; the error if it is the part's own fault."""
        tries = 0
        pause_s = PAUSE_S_MIN
        while True:
            try:
                await self._commit(session, part)
            except Fenced:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is judged here
                if passes(error):
                    log.warning("%s %s waits: %s", self._stream.name, self._lane, error)
                    await self._pause(session, pause_s * random.uniform(0.5, 1.5))  # noqa: S311
                    pause_s = min(pause_s * 2, PAUSE_S_MAX)
                    continue
                tries += 1
                if len(part) > 1 or tries >= LONE_TRIES:
                    return error
                await self._pause(session, LONE_PAUSE_S * tries)
            else:
                return None

    async def _commit(self, session: Session, part: Sequence[Item]) -> None:
        if part[0].fact.index < 0:
            raise Malformed("The envelope cannot be read")
        seqs = self._floors_after(session, part)
        async with self._db.worker() as tx:
            await floors.move(tx, *self._where(session), seqs, session.epochs)
            if facts := await erasure.living(tx, [item.fact for item in part]):
                await self._subscription.handler(tx, facts)
        self._committed(session, seqs)

    async def _bury(self, session: Session, item: Item, error: Exception) -> None:
        """Moves past a fact nobody can handle, and keeps it for a person to look at."""
        log.error("dead letter in %s %s", self._stream.name, self._lane, exc_info=error)
        seqs = self._floors_after(session, [item])
        async with self._db.worker() as tx:
            await floors.move(tx, *self._where(session), seqs, session.epochs)
            for fact in await erasure.living(tx, [item.fact]):
                await deadletters.bury(
                    tx,
                    fact,
                    error,
                    service=self._name,
                    attempts=LONE_TRIES,
                    traceparent=item.traces[0] if item.traces else "",
                    at=self._clock.now(),
                )
        _buried.add(1, self._labels)
        self._committed(session, seqs)

    def _where(self, session: Session) -> tuple[str, str, str]:
        return self._stream.name, self._lane, session.pull.incarnation

    def _floors_after(self, session: Session, part: Sequence[Item]) -> dict[int, int]:
        """The floors this part moves: one reader gives all its partitions in stream order, so all
        of them stand where its last fact stands; those without traffic follow now and then.
        """
        done = part[-1].done
        now = self._clock.monotonic()
        if now - session.swept_at > SWEEP_S:
            session.swept_at = now
            return dict.fromkeys(session.epochs, done)
        return dict.fromkeys({item.fact.partition for item in part}, done)

    def _committed(self, session: Session, seqs: Mapping[int, int]) -> None:
        incarnation = session.pull.incarnation
        session.stored |= {each: Floor(incarnation, seq) for each, seq in seqs.items()}
        session.through = max(session.through, *seqs.values())
        self._say(session)

    def _say(self, session: Session) -> None:
        self._reporter.say(*self._where(session), session.committed())

    async def _pause(self, session: Session, seconds: float) -> None:
        """Waits, but not for a session that is over."""
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            if session.pull.broken:
                raise Unavailable(f"left off: {session.pull.broken}")
            await asyncio.sleep(min(left, 0.1))
