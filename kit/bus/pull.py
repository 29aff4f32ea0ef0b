"""Reading a stream: one ephemeral pull consumer, asked by hand.

nats-py's `fetch` of more than one message waits out its timeout, also across a restart of the
server (its issues 504 and 986). Here one request for the next messages always lies at the server,
which answers it message by message as they come. Nothing is acknowledged: the reader starts after a
committed floor, and when it may have missed anything (a gap in the consumer's own sequence, a
reconnect, a consumer or stream that is gone) it is `broken` and replaced by a new one.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.nuid import NUID

from kit.bus.connection import NATS_ERRORS, Connection
from kit.bus.jetstream import ask, stream_state
from kit.bus.publish import TRACES
from kit.clock import Clock
from kit.errors import Unavailable

log = logging.getLogger("kairos.bus")

REQUEST_MESSAGES = 64
REQUEST_BYTES = 4 * 1024 * 1024
"""What one request asks for: enough to prefetch while a batch is processed, and a bound on memory.
"""
EXPIRES_S = 3.0
"""How long a request lies at the server. Short enough to notice a lost one, long enough to be free.
"""
STALE_S = EXPIRES_S + 1.0
INACTIVE_S = 60
"""After this long without a request the server forgets the consumer."""

_NANOSECONDS = 1_000_000_000
_ENDED = ("408", "404")
_HARMLESS_409 = ("message size exceeds maxbytes", "batch completed", "exceeded maxwaiting")


@dataclass(frozen=True, slots=True)
class Message:
    """One envelope as it came from the stream."""

    partition: int
    seq: int
    data: bytes
    traces: tuple[str, ...]


class Pull:
    """Messages of some subjects of a stream from a sequence on, in stream order."""

    def __init__(
        self,
        bus: Connection,
        stream: str,
        subjects: Sequence[str],
        *,
        name: str,
        clock: Clock,
    ) -> None:
        self.incarnation = ""
        self.broken = ""
        self.changed = asyncio.Event()
        self._bus = bus
        self._clock = clock
        self._stream = stream
        self._subjects = list(subjects)
        nuid = NUID().next().decode()
        self._consumer = f"{name}-{nuid}"
        self.inbox = f"_INBOX.{nuid}"
        self._buffer: deque[Message] = deque()
        self._buffered_bytes = 0
        self._consumer_seq = 0
        self._outstanding = 0
        self._heard_at = 0.0
        self._subscription: Subscription | None = None
        self._forget_reconnect: Callable[[], None] | None = None

    async def open(self, start_after: Callable[[str], int]) -> None:
        """Makes the consumer and asks for the first messages; raises Unavailable where it cannot.

        `start_after` gets the stream's incarnation and tells the sequence after which to read.
        """
        before = await stream_state(self._bus, self._stream)
        if before is None:
            raise Unavailable(f"Stream {self._stream} does not exist yet")
        self.incarnation = before.incarnation
        self._forget_reconnect = self._bus.on_reconnect(lambda: self.fail("reconnected"))
        self._subscription = await self._bus.subscribe(self.inbox, self.on_message)
        config = {
            "name": self._consumer,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": start_after(before.incarnation) + 1,
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subjects": self._subjects,
            "inactive_threshold": INACTIVE_S * _NANOSECONDS,
            "mem_storage": True,
            "num_replicas": 1,
        }
        body = {"stream_name": self._stream, "config": config, "action": "create"}
        await ask(self._bus, f"CONSUMER.CREATE.{self._stream}.{self._consumer}", body)
        after = await stream_state(self._bus, self._stream)
        if after is None or after.incarnation != self.incarnation:
            raise Unavailable(f"Stream {self._stream} was replaced meanwhile")
        await self.refill()

    async def close(self) -> None:
        """Leaves; the server forgets the consumer by itself if it cannot be told."""
        if self._forget_reconnect:
            self._forget_reconnect()
        try:
            if self._subscription:
                await self._subscription.unsubscribe()
            if self._bus.is_connected:
                await self._bus.publish(
                    f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}", b""
                )
        except (Unavailable, *NATS_ERRORS) as error:
            log.debug("consumer %s not deleted: %s", self._consumer, error)

    def fail(self, reason: str) -> None:
        """Says that this reader may have missed something."""
        self.broken = self.broken or reason
        self.changed.set()

    def take(self) -> Message | None:
        """The next message that has arrived."""
        if not self._buffer:
            return None
        message = self._buffer.popleft()
        self._buffered_bytes -= len(message.data)
        return message

    async def refill(self) -> None:
        """Asks for more once the last request is answered and the buffer runs low."""
        now = self._clock.monotonic()
        if self._outstanding > 0:
            if now - self._heard_at > STALE_S:
                self.fail("the server is silent")
            return
        if len(self._buffer) > REQUEST_MESSAGES // 2 or self._buffered_bytes > REQUEST_BYTES // 2:
            return
        request = {
            "batch": REQUEST_MESSAGES,
            "max_bytes": REQUEST_BYTES,
            "expires": int(EXPIRES_S * _NANOSECONDS),
        }
        self._outstanding = REQUEST_MESSAGES
        self._heard_at = now
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        await self._bus.publish(subject, json.dumps(request).encode(), reply=self.inbox)

    async def on_message(self, message: Msg) -> None:
        self._heard_at = self._clock.monotonic()
        if message.subject == self.inbox:
            self._on_status(message)
        else:
            self._on_envelope(message)
        if self._outstanding <= 0 and not self.broken:
            try:
                await self.refill()
            except Unavailable as error:
                self.fail(str(error))

    def _on_status(self, message: Msg) -> None:
        headers = message.headers or {}
        status, text = headers.get("Status", ""), headers.get("Description", "")
        if status in _ENDED or text.lower().startswith(_HARMLESS_409):
            self._outstanding = 0
            self.changed.set()
        elif status != "100":
            self.fail(f"{status} {text}".strip() or "an answer of unknown kind")

    def _on_envelope(self, message: Msg) -> None:
        seq, consumer_seq = _sequences(message.reply)
        if consumer_seq != self._consumer_seq + 1:
            self.fail(f"gap between deliveries {self._consumer_seq} and {consumer_seq}")
        if self.broken:
            return
        self._consumer_seq = consumer_seq
        self._outstanding -= 1
        traces = (message.headers or {}).get(TRACES, "")
        self._buffer.append(
            Message(
                partition=int(message.subject.rpartition(".")[2]),
                seq=seq,
                data=message.data,
                traces=tuple(traces.split(",")) if traces else (),
            )
        )
        self._buffered_bytes += len(message.data)
        self.changed.set()


def _sequences(reply: str) -> tuple[int, int]:
    """Stream and consumer sequence from `$JS.ACK....`, in its short and its long form (with
    domain).
    """
    tokens = reply.split(".")
    at = 7 if len(tokens) >= 11 else 5
    return int(tokens[at]), int(tokens[at + 1])
