"""Questions between services: request and reply on NATS, with typed errors and bounded queues.

The serving side shares its subjects among replicas (one queue group a service). It works on a
bounded number of requests, lets a bounded number wait and refuses the rest at once with Overloaded;
a request whose caller has stopped waiting is not started. The transaction of a `read` or `write`
endpoint is opened and committed here.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.nuid import NUID
from opentelemetry.trace import SpanKind

from kit import telemetry
from kit.bus import replies
from kit.bus.connection import NATS_ERRORS, Connection, NoResponders
from kit.bus.micro import Counts, Discovery
from kit.bus.replies import Gathering
from kit.bus.spec import EndpointSpec
from kit.clock import SystemClock
from kit.db.database import RETRYABLE, WORKSPACE, Database, Tx
from kit.errors import KairosError, Malformed, Overloaded, TooLarge, Unavailable

log = logging.getLogger("kairos.bus")

REQUEST_BYTES_MAX = 768 * 1024
"""Largest question: under the server's default payload limit of 1 MiB with room for headers."""
RETRY_PAUSE_S = 0.1
"""Pause before a `read` nobody answered is asked a second and last time."""
STOP_TIMEOUT_S = 5.0

_CLOCK = SystemClock()
_answered = telemetry.histogram(
    "kairos.rpc.answer.duration", "s", "Time from the arrival of a question to its answer"
)


@dataclass(frozen=True)
class Request:
    """A question as its handler sees it. Headers keep the spelling of the sender."""

    workspace: str
    body: bytes
    headers: Mapping[str, str]


Plain = Callable[[Request], Awaitable[bytes]]
InTransaction = Callable[[Tx, Request], Awaitable[bytes]]


@dataclass(frozen=True)
class Endpoint:
    """A question and who answers it.

    Args:
        handler: `(tx, request) -> bytes` for modes `read` and `write`, `(request) -> bytes` for
            `plain`.
            May raise any error of `kit.errors`; the caller gets the same one.
        at_once_max: requests worked on at the same time in this process.
        waiting_max: further ones that may wait; beyond that Overloaded.
    """

    spec: EndpointSpec
    handler: Plain | InTransaction
    at_once_max: int = 32
    waiting_max: int = 256


class Endpoints:
    """The questions one process answers."""

    def __init__(
        self, name: str, bus: Connection, db: Database, endpoints: Sequence[Endpoint]
    ) -> None:
        self._name = name
        self._bus = bus
        self._desks = [_Desk(bus, db, each) for each in [*endpoints, _health(name)]]
        self._subscriptions: list[Subscription] = []
        counts = {desk.endpoint.spec: desk.counts for desk in self._desks}
        self._discovery = Discovery(name, _CLOCK.now(), counts)

    async def start(self) -> None:
        """Begins to answer; when this returns, questions find us."""
        for desk in self._desks:
            subject = desk.endpoint.spec.subject
            subscription = await self._bus.subscribe(subject, desk.take, queue=self._name)
            self._subscriptions.append(subscription)
        await self._discovery.start(self._bus)
        await self._bus.settle()

    async def stop(self) -> None:
        """Takes no more questions and answers those it has, for at most STOP_TIMEOUT_S."""
        stopping = asyncio.create_task(self._stop())
        await asyncio.wait([stopping], timeout=STOP_TIMEOUT_S)
        if not stopping.done():
            log.warning("stopped with questions unanswered")

    async def _stop(self) -> None:
        with contextlib.suppress(*NATS_ERRORS):
            for subscription in self._subscriptions:
                await subscription.drain()  # type: ignore[no-untyped-call]
            await self._discovery.stop()
        for desk in self._desks:
            await desk.emptied()


class _Desk:
    """One endpoint at work: a bounded number at once, a bounded queue, counts."""

    def __init__(self, bus: Connection, db: Database, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.counts = Counts()
        self._bus = bus
        self._db = db
        self._free = asyncio.Semaphore(endpoint.at_once_max)
        self._tasks: set[asyncio.Task[None]] = set()
        spec = endpoint.spec
        self._name = f"{telemetry.SPAN_ANSWER} {spec.service}.{spec.method}"
        self._labels = {"service": spec.service, "method": spec.method}

    async def take(self, message: Msg) -> None:
        """Takes a question in, or refuses it; never waits for the answer."""
        if not message.reply:
            return
        if len(self._tasks) >= self.endpoint.at_once_max + self.endpoint.waiting_max:
            self.counts.took(0, Overloaded())
            await replies.send_error(self._bus, message.reply, Overloaded())
            return
        task = asyncio.create_task(self._process(message, _CLOCK.monotonic()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def emptied(self) -> None:
        """Returns when nothing is being worked on."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _process(self, message: Msg, arrived_s: float) -> None:
        failure: Exception | None = None
        try:
            async with self._free:
                if _is_too_late(message, arrived_s):
                    return
                try:
                    answer = await self._answer(message)
                except Exception as error:  # noqa: BLE001 - every error becomes an answer
                    failure = error
                    self._report(error)
                    await replies.send_error(self._bus, message.reply, _as_known(error))
                else:
                    await replies.send_answer(self._bus, message.reply, answer)
        except Unavailable as error:
            failure = error
            log.warning("an answer of %s could not be sent: %s", self._name, error)
        took_s = _CLOCK.monotonic() - arrived_s
        self.counts.took(round(took_s * 1e9), failure)
        outcome = type(failure).__name__ if failure else "ok"
        _answered.record(took_s, {**self._labels, "outcome": outcome})

    async def _answer(self, message: Msg) -> bytes:
        headers = message.headers or {}
        request = Request(headers.get(replies.WORKSPACE, ""), message.data, headers)
        parent = headers.get(replies.TRACEPARENT)
        with telemetry.span(self._name, parent=parent, kind=SpanKind.SERVER):
            if self.endpoint.spec.mode == "plain":
                return await cast("Plain", self.endpoint.handler)(request)
            if not WORKSPACE.fullmatch(request.workspace):
                raise Malformed(f"The question names no workspace in {replies.WORKSPACE}")
            return await self._db.retrying(lambda: self._in_transaction(request))

    async def _in_transaction(self, request: Request) -> bytes:
        readonly = self.endpoint.spec.mode == "read"
        async with self._db.api(request.workspace, readonly=readonly) as tx:
            return await cast("InTransaction", self.endpoint.handler)(tx, request)

    def _report(self, error: Exception) -> None:
        if not isinstance(error, (KairosError, *RETRYABLE)):
            log.error("%s failed", self._name, exc_info=error)


class Caller:
    """Asks other services. One inbox for all answers of the process."""

    def __init__(self, bus: Connection) -> None:
        self._bus = bus
        self._nuid = NUID()
        self._inbox = f"_INBOX.{self._nuid.next().decode()}"
        self._subscribed = asyncio.Lock()
        self._subscription: Subscription | None = None
        self._open: dict[str, _Call] = {}

    async def call(
        self, spec: EndpointSpec, workspace: str, body: bytes, *, timeout_s: float | None = None
    ) -> bytes:
        """The answer, or the other side's error; Unavailable where nobody answers in time.

        A `read` that found nobody is asked once more. Nothing else is: an answer that did not come
        says nothing about what was done, so writes carry their own idempotency.
        """
        if len(body) > REQUEST_BYTES_MAX:
            raise TooLarge(f"A question of {len(body)} bytes is over {REQUEST_BYTES_MAX}")
        name = f"{telemetry.SPAN_CALL} {spec.service}.{spec.method}"
        seconds = spec.timeout_s if timeout_s is None else timeout_s
        with telemetry.span(name, kind=SpanKind.CLIENT):
            try:
                return await self._once(spec, workspace, body, seconds)
            except NoResponders:
                if spec.mode != "read":
                    raise
            await asyncio.sleep(RETRY_PAUSE_S)
            return await self._once(spec, workspace, body, seconds)

    async def _once(
        self, spec: EndpointSpec, workspace: str, body: bytes, timeout_s: float
    ) -> bytes:
        await self._listen()
        token = self._nuid.next().decode()
        call = self._open[token] = _Call(asyncio.get_running_loop().create_future(), Gathering())
        headers = {
            replies.WORKSPACE: workspace,
            replies.TRACEPARENT: telemetry.current_traceparent(),
            replies.TIMEOUT_MS: str(int(timeout_s * 1000)),
        }
        headers = {key: value for key, value in headers.items() if value}
        try:
            async with asyncio.timeout(timeout_s):
                reply = f"{self._inbox}.{token}"
                await self._bus.publish(spec.subject, body, reply=reply, headers=headers)
                return await call.answer
        except TimeoutError as error:
            who = f"{spec.service}.{spec.method}"
            raise Unavailable(f"{who} did not answer within {timeout_s:g} s") from error
        finally:
            del self._open[token]

    async def _listen(self) -> None:
        if self._subscription is None:
            async with self._subscribed:
                if self._subscription is None:
                    self._subscription = await self._bus.subscribe(f"{self._inbox}.*", self._on)

    async def _on(self, message: Msg) -> None:
        call = self._open.get(message.subject.rsplit(".", 1)[-1])
        if call is None or call.answer.done():
            return
        try:
            answer = call.gathering.add(message)
        except KairosError as error:
            call.answer.set_exception(error)
            return
        if answer is not None:
            call.answer.set_result(answer)


@dataclass(frozen=True)
class _Call:
    """A question in the air."""

    answer: asyncio.Future[bytes]
    gathering: Gathering


def _health(name: str) -> Endpoint:
    async def health(request: Request) -> bytes:
        return json.dumps({"service": name, "status": "ok"}).encode()

    return Endpoint(EndpointSpec(name, "health", "plain", timeout_s=2.0), health)


def _is_too_late(message: Msg, arrived_s: float) -> bool:
    """Whether the caller has stopped waiting while the question stood in the queue."""
    timeout_ms = (message.headers or {}).get(replies.TIMEOUT_MS, "")
    waited_ms = (_CLOCK.monotonic() - arrived_s) * 1e3
    return timeout_ms.isdigit() and waited_ms > int(timeout_ms)


def _as_known(error: Exception) -> Exception:
    if isinstance(error, RETRYABLE):
        return Unavailable("Too many transactions wanted the same rows; try again")
    return error
