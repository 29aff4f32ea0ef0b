"""One lane of one stream from the outbox to JetStream, in order within each partition.

Rows of a partition that follow each other travel together in one envelope. An envelope is sent
again, the same under the same id, until the server has it; only then the next one of its partition
goes.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from opentelemetry.trace import SpanKind

from kit import telemetry
from kit.bus import rows
from kit.bus.connection import Connection
from kit.bus.outbox import ENVELOPE_BYTES_MAX
from kit.bus.passing import AWAY
from kit.bus.publish import (
    NoStream,
    continuing,
    event_headers,
    publish,
    trace_headers,
)
from kit.bus.rows import Row
from kit.bus.target import Doubted, Target
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unavailable

log = logging.getLogger("kairos.bus")

POLL_S = 1.0
"""A row nobody woke us for is found within this time."""
ROWS_BUSY = 16
ROUND_S_MIN = 0.03
"""Where a round finds this many rows, the next one begins this much after it. Rows that gather
meanwhile share envelopes: a synced write of the server costs the same for one fact as for many.
Where little happens nothing waits."""
PAUSE_S_MIN, PAUSE_S_MAX = 0.05, 1.0
TRIES = 3

_published = telemetry.counter("kairos.bus.published", "1", "Envelopes stored in a stream")
_waited = telemetry.histogram(
    "kairos.bus.publish.duration", "s", "Time until the server has an envelope on its disk"
)


@dataclass(frozen=True)
class Envelope:
    """Consecutive rows of one partition as one message."""

    partition: int
    rows: Sequence[Row]

    def body(self) -> bytes:
        return b"".join(row.body for row in self.rows)

    def message_id(self, stream: str) -> str:
        """Names exactly these rows in this round, so that a repeated send is a duplicate for the
        server and nothing else ever is, even after a purge.
        """
        names = ",".join(f"{row.position}.{row.rounds}" for row in self.rows)
        digest = blake2b(names.encode(), digest_size=12).hexdigest()
        return f"{stream}-{self.rows[0].position}-{digest}"


class Publisher:
    """Empties one lane of the outbox into its stream."""

    def __init__(
        self,
        bus: Connection,
        db: Database,
        target: Target,
        lane: str,
        clock: Clock,
        published: Callable[[str, Iterable[int]], None],
    ) -> None:
        self._bus = bus
        self._db = db
        self._target = target
        self._lane = lane
        self._clock = clock
        self._tell = published
        self._something = asyncio.Event()
        self._is_busy = False
        self._spec = target.spec
        self._labels = {"stream": self._spec.name, "lane": lane}

    def wake(self) -> None:
        """There may be new rows."""
        self._something.set()

    async def run(self) -> None:
        """Publishes for ever; to be cancelled."""
        pause_s = PAUSE_S_MIN
        while True:
            await self._target.gate.wait()
            self._something.clear()
            begun_s = self._clock.monotonic()
            try:
                more = await self.round()
                pause_s = PAUSE_S_MIN
            except AWAY as error:
                log.warning("%s %s not published: %s", self._spec.name, self._lane, error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, PAUSE_S_MAX)
                continue
            if self._is_busy and not more:
                await asyncio.sleep(max(0.0, begun_s + ROUND_S_MIN - self._clock.monotonic()))
            if not more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._something.wait()

    async def round(self) -> bool:
        """Publishes the oldest rows, all partitions side by side; whether there are surely more.

        What was read belongs to the incarnation of that moment: after a change there may be
        older rows to go first.
        """
        incarnation = self._target.incarnation
        found = await rows.unpublished(self._db, self._spec.name, self._lane)
        self._is_busy = len(found) >= ROWS_BUSY
        if not found:
            return False
        by_partition: dict[int, list[Row]] = {}
        for row in found:
            by_partition.setdefault(row.partition, []).append(row)
        acked: dict[int, int] = {}
        outcomes = await asyncio.gather(
            *(self._partition(each, incarnation, acked) for each in by_partition.values()),
            return_exceptions=True,
        )
        if acked:
            await rows.mark(self._db, self._spec.name, incarnation, acked)
            self._tell(self._lane, by_partition)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return rows.was_full(found)

    async def _partition(
        self, found: Sequence[Row], incarnation: str, acked: dict[int, int]
    ) -> None:
        for envelope in merged(found):
            seq = await self._until_stored(envelope, incarnation)
            acked |= {row.position: seq for row in envelope.rows}

    async def _until_stored(self, envelope: Envelope, incarnation: str) -> int:
        """Sends the same envelope again while no answer comes, then doubts the stream."""
        body = envelope.body()
        message_id = envelope.message_id(self._spec.name)
        tried = 0
        while True:
            tried += 1
            try:
                return await self._store(envelope, body, message_id, incarnation)
            except Doubted:
                raise
            except Unavailable as error:
                if tried == TRIES or isinstance(error, NoStream):
                    self._target.doubt()
                    raise

    async def _store(
        self, envelope: Envelope, body: bytes, message_id: str, incarnation: str
    ) -> int:
        target, spec = self._target, self._spec
        acked_before = target.acked
        target.check_open(incarnation)
        subject = spec.subject(self._lane, envelope.partition)
        kind, source = f"kairos.{spec.domain}.envelope.v1", f"/kairos/{spec.owner}"
        headers = event_headers(message_id, kind, source, self._clock.now())
        begun = self._clock.monotonic()
        traces = [row.traceparent for row in envelope.rows]
        with _span(f"{telemetry.SPAN_PUBLISH} {spec.name}.{self._lane}", traces) as traced:
            headers |= trace_headers(traced)
            ack = await publish(self._bus, spec.name, subject, body, headers)
        target.accept(ack, incarnation, acked_before)
        _published.add(1, self._labels)
        _waited.record(self._clock.monotonic() - begun, self._labels)
        return ack.seq


def merged(found: Sequence[Row]) -> Iterator[Envelope]:
    """Rows of one partition as envelopes of at most ENVELOPE_BYTES_MAX, in order."""
    some: list[Row] = []
    size = 0
    for row in found:
        if some and size + len(row.body) > ENVELOPE_BYTES_MAX:
            yield Envelope(row.partition, some)
            some, size = [], 0
        some.append(row)
        size += len(row.body)
    if some:
        yield Envelope(some[0].partition, some)


@contextlib.contextmanager
def _span(name: str, traces: Sequence[str]) -> Iterator[Sequence[str]]:
    """A span for an envelope with one cause; yields the traces the receiver continues."""
    parent, _ = continuing(traces)
    if parent is None or not telemetry.is_sampled(parent):
        yield traces
        return
    with telemetry.span(name, parent=parent, kind=SpanKind.PRODUCER):
        yield [telemetry.current_traceparent()]
