"""Delivery's side of the press: batches go down, answers come up, a killed worker costs one job.

What several callers ask for in the same turn of the event loop goes in one batch, so that the
isolation costs a pipe write and a read for many messages.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kit.errors import Broken, Unavailable
from services.delivery.adapters.press.frames import (
    HEAD,
    Answer,
    Batch,
    Died,
    Job,
    Refused,
    Source,
    answer_decoder,
    frame,
)

T = TypeVar("T")
log = logging.getLogger("kairos.delivery")

BATCH_MAX = 64
KNOWN_MAX = 500
"""Templates a worker keeps parsed, about 50 KB each; above it starts afresh."""
TRIES_MAX = 3
"""A job whose worker died of the clock on a busy machine is tried again."""
SILENCE_S_MAX = 10.0
"""A worker that says nothing for so long is taken for broken; its own limits are far below."""
_MODULE = "services.delivery.adapters.press.worker"
_OF_THE_MACHINE = frozenset({signal.SIGALRM, signal.SIGKILL})
"""Ends that a busy machine may explain; all others are the template's own making."""
_IN_A_JOB = frozenset({signal.SIGPROF, signal.SIGALRM})
"""Ends that come within a job only, so after its batch was read."""


@dataclass
class _Order:
    """A job that waits for its answer."""

    source: Source
    job: Job
    answer: "asyncio.Future[Answer]"
    tries: int = 0


@dataclass
class Press:
    """One press; it starts with the first job and ends with `close`.

    Not shared between lanes: what stalls one for a fifth of a second does not touch the other.
    """

    name: str
    _waiting: deque[_Order] = field(default_factory=deque)
    _known: set[int] = field(default_factory=set)
    _process: asyncio.subprocess.Process | None = None
    _runner: "asyncio.Task[None] | None" = None

    async def ask(self, source: Source, job: Job) -> Answer:
        """The answer to a job; raises Unavailable where no process can be started."""
        order = _Order(source, job, asyncio.get_running_loop().create_future())
        self._waiting.append(order)
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await order.answer

    async def close(self) -> None:
        """Ends the process; jobs that still wait are answered with Unavailable."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._fail("the press is closed")
        await self._end()

    async def _run(self) -> None:
        """Works until nothing waits."""
        while self._waiting:
            await asyncio.sleep(0)  # whoever asks in this turn comes along
            orders = [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]
            try:
                left = await self._print(orders)
            except asyncio.CancelledError:
                self._waiting.extendleft(reversed(orders))
                raise
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                log.warning("press %s has to be started again: %s", self.name, type(error).__name__)
                await self._end()
                left = self._tried(orders)
            self._waiting.extendleft(reversed(left))

    async def _print(self, orders: Sequence[_Order]) -> list[_Order]:
        """Has a batch written; those whose worker died before their turn."""
        process = await self._started()
        down = _pipe(process.stdin)
        down.write(frame(self._batch(orders)))
        await down.drain()
        for at, order in enumerate(orders):
            answer = await asyncio.wait_for(self._read(process), SILENCE_S_MAX)
            if isinstance(answer, Died):
                self._known.clear()
                if answer.signal not in _IN_A_JOB:
                    await self._end()  # what it had read of the pipe is lost
                return self._after_death(answer, orders[at:])
            if not order.answer.done():
                order.answer.set_result(answer)
        return []

    def _batch(self, orders: Sequence[_Order]) -> Batch:
        wanted = {order.source.number: order.source for order in orders}
        forget = len(self._known | wanted.keys()) > KNOWN_MAX
        if forget:
            self._known.clear()
        new = [source for number, source in wanted.items() if number not in self._known]
        self._known |= wanted.keys()
        return Batch(new, [order.job for order in orders], forget)

    def _after_death(self, died: Died, orders: Sequence[_Order]) -> list[_Order]:
        """The first order was being worked on; the others go on with the next worker."""
        first, *others = orders
        log.warning("press %s: a template ended its process (signal %d)", self.name, died.signal)
        if died.signal in _OF_THE_MACHINE:
            return [*self._tried([first]), *others]
        if not first.answer.done():
            slow = died.signal == signal.SIGPROF
            why = "it takes more than 200 ms to write" if slow else "it broke the process"
            first.answer.set_result(Refused(why, stopped=True))
        return others

    def _tried(self, orders: Sequence[_Order]) -> list[_Order]:
        """Those that may be tried again; the others are told."""
        again = []
        for order in orders:
            order.tries += 1
            if order.answer.done():
                continue
            if order.tries < TRIES_MAX:
                again.append(order)
            else:
                order.answer.set_exception(Unavailable("the press does not answer"))
        return again

    def _fail(self, why: str) -> None:
        while self._waiting:
            order = self._waiting.popleft()
            if not order.answer.done():
                order.answer.set_exception(Unavailable(why))

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._known.clear()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-m", _MODULE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={"LANG": "C.UTF-8"},  # no secret of the service
                cwd=os.sep,
            )
        return self._process

    async def _read(self, process: asyncio.subprocess.Process) -> Answer:
        up = _pipe(process.stdout)
        (size,) = HEAD.unpack(await up.readexactly(HEAD.size))
        answer: Answer = answer_decoder.decode(await up.readexactly(size))
        return answer

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        _pipe(process.stdin).close()
        try:
            await asyncio.wait_for(process.wait(), 1.0)
        except TimeoutError:
            process.kill()
            await process.wait()


def _pipe(pipe: T | None) -> T:
    if pipe is None:
        raise Broken("the press was started without pipes")
    return pipe
