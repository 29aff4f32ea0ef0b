"""One NATS connection for each process, which heals itself or says that it cannot.

nats-py reconnects for ever, but a client can hang while it believes to be connected (its issues
624, 287, 981). A watchdog therefore sends a message to itself every few seconds; after three that
did not return the connection is `fatal` and the process ends, so that the supervisor starts a fresh
one. NATS's own pings are no use for that: a pong that comes after its `flush` or `rtt` has given up
ends nats-py's read loop (2.16). Nothing is buffered while the connection is away: publishing then
fails at once, and whoever needs it tries again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.nuid import NUID

from kit.errors import Unavailable
from kit.telemetry import counter

log = logging.getLogger("kairos.bus")

CONNECT_TIMEOUT_S = 5.0
RECONNECT_WAIT_S = 0.1
"""Pause between two attempts: a restarted server is found again within this time."""
WATCH_EVERY_S = 5.0
ECHO_TIMEOUT_S = 2.0
LOST_ECHOES_MAX = 3
"""A hanging client is noticed after at most 3 x (5 + 2) s."""

NATS_ERRORS = (
    errors.Error,
    OSError,
    TimeoutError,
    RuntimeError,  # uvloop: the transport is closed
    asyncio.InvalidStateError,
)
"""What nats-py raises while a connection goes away."""

Callback = Callable[[Msg], Awaitable[None]]

_slow_consumers = counter(
    "kairos.bus.slow_consumers", "1", "Messages the client dropped because nobody read them"
)


class Connection:
    """The process's way to NATS. `client` is nats-py's; `fatal` is set when it is beyond repair."""

    def __init__(self) -> None:
        self.client = Client()
        self.fatal = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._watchdog: asyncio.Task[None] | None = None
        self._closing = False
        self._nuid = NUID()
        self._inbox = f"_INBOX.{self._nuid.next().decode()}"
        self._echoes: dict[bytes, asyncio.Event] = {}

    @classmethod
    async def open(cls, url: str, *, name: str) -> "Connection":
        """Connects with the URL's credentials; raises Unavailable if no server answers in time."""
        self = cls()
        last_error: list[Exception] = []

        async def on_error(error: Exception) -> None:
            last_error[:] = [error]
            await self._on_error(error)

        try:
            await asyncio.wait_for(self._connect(url, name, on_error), CONNECT_TIMEOUT_S)
            await self.subscribe(self._inbox, self._on_echo)
        except (Unavailable, *NATS_ERRORS) as error:
            with contextlib.suppress(*NATS_ERRORS):
                await self.client.close()
            reason = last_error[0] if last_error else error
            raise Unavailable(f"NATS cannot be reached ({type(reason).__name__})") from error
        self._watchdog = asyncio.create_task(self._watch())
        return self

    async def _connect(
        self, url: str, name: str, on_error: Callable[[Exception], Awaitable[None]]
    ) -> None:
        await self.client.connect(
            url.split(","),
            name=f"kairos-{name}",
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]  # nats-py says int, takes seconds
            connect_timeout=2,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=0,
            error_cb=on_error,
            reconnected_cb=self._on_reconnected,
            closed_cb=self._on_closed,
        )

    async def close(self) -> None:
        """Leaves; outstanding requests fail."""
        self._closing = True
        if self._watchdog:
            self._watchdog.cancel()
        await self.client.close()

    @property
    def is_connected(self) -> bool:
        return bool(self.client.is_connected)

    def on_reconnect(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls `listener` after each reconnect; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def subscribe(self, subject: str, callback: Callback, *, queue: str = "") -> Subscription:
        """Core NATS subscription; nats-py renews it after a reconnect."""
        with _unavailable():
            return await self.client.subscribe(subject, queue=queue, cb=callback)

    async def settle(self) -> None:
        """Returns when the server knows of everything sent so far, subscriptions above all.

        Without a connection there is nothing to wait for: it all comes with the next one.
        """
        with contextlib.suppress(Unavailable):
            await self.round_trip()

    async def round_trip(self, timeout_s: float | None = None) -> None:
        """Sends a message to itself, behind everything sent before; raises Unavailable if lost."""
        token = self._nuid.next()
        echo = self._echoes[bytes(token)] = asyncio.Event()
        try:
            async with asyncio.timeout(timeout_s or ECHO_TIMEOUT_S):
                await self.publish(self._inbox, bytes(token))
                await echo.wait()
        except TimeoutError as error:
            raise Unavailable("NATS does not answer") from error
        finally:
            del self._echoes[bytes(token)]

    async def _on_echo(self, message: Msg) -> None:
        if echo := self._echoes.get(message.data):
            echo.set()

    async def publish(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        reply: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Core NATS publish, at most once; raises Unavailable while disconnected."""
        with _unavailable():
            await self.client.publish(
                subject, payload, reply=reply, headers=dict(headers) if headers else None
            )

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        *,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
    ) -> Msg:
        """One question, one answer; raises Unavailable where none comes."""
        with _unavailable():
            return await self.client.request(
                subject, payload, timeout=timeout_s, headers=dict(headers) if headers else None
            )

    async def _watch(self) -> None:
        """A server that is plainly away is nats-py's business; a client that hangs is ours."""
        lost = 0
        while lost < LOST_ECHOES_MAX:
            await asyncio.sleep(WATCH_EVERY_S)
            if not self.is_connected:
                continue
            try:
                await self.round_trip()
                lost = 0
            except Unavailable:
                lost += self.is_connected
                log.warning("no echo from NATS (%d of %d)", lost, LOST_ECHOES_MAX)
        log.error("the NATS connection hangs")
        self.fatal.set()

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, errors.SlowConsumerError):
            _slow_consumers.add(1)
        log.debug("nats: %s", type(error).__name__, exc_info=error)

    async def _on_reconnected(self) -> None:
        log.info("reconnected to NATS")
        for listener in list(self._listeners):
            listener()

    async def _on_closed(self) -> None:
        if not self._closing:
            log.error("the NATS connection was closed: %s", self.client.last_error)
            self.fatal.set()


@contextlib.contextmanager
def _unavailable() -> Any:
    """nats-py's errors in our tree."""
    try:
        yield
    except errors.NoRespondersError as error:
        raise NoResponders("Nobody answers there") from error
    except (errors.TimeoutError, TimeoutError) as error:
        raise Unavailable("No answer in time") from error
    except NATS_ERRORS as error:
        raise Unavailable(f"NATS is away ({type(error).__name__})") from error


class NoResponders(Unavailable):
    """Nobody listens on that subject now."""
