"""Carries tracking calls to ingest, many at once.

A question costs the same on NATS, in spans and in ingest's dispatch whether it holds one call or a
hundred. So calls that arrive while questions are under way share the next one, and a call that
comes alone waits for nobody. What waits is bounded by time: once the oldest has waited long enough,
further ones are refused at once instead of joining a queue that clients have given up on.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.topology import ACCEPT_MANY
from gateway.wire import ingest as wire
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.errors import KairosError, Overloaded, Unavailable

QUESTIONS_MAX = 3
"""Under way for each workspace: one is read, one is committed, one is answered."""
GROUP_BYTES_MAX = 256 * 1024
"""Bodies in one question, unless one alone is larger; NATS takes three times as much."""
WAIT_S_MAX = 1.0
"""A client is told within 2 s: one second in the queue, and the rest for its commit."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: wire.Delivery
    since_s: float
    context: contextvars.Context
    answer: asyncio.Future[wire.Accepted]


class Courier:
    """Asks ingest to accept what clients sent."""

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self._caller = caller
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}

    def check_open(self, workspace: str) -> None:
        """Raises Overloaded where the oldest call of the workspace has waited too long."""
        lane = self._lanes.get(workspace)
        if lane and lane.waiting:
            if self._clock.monotonic() - lane.waiting[0].since_s > WAIT_S_MAX:
                raise Overloaded("More events arrive than can be stored; send the same again later")

    async def carry(self, workspace: str, delivery: wire.Delivery) -> wire.Accepted:
        """What ingest says to this call: its answer, or its error."""
        self.check_open(workspace)
        answer: asyncio.Future[wire.Accepted] = asyncio.get_running_loop().create_future()
        lane = self._lanes.setdefault(workspace, _Lane())
        context = contextvars.copy_context()
        lane.waiting.append(_Waiting(delivery, self._clock.monotonic(), context, answer))
        self._pump(workspace, lane)
        return await answer

    def _pump(self, workspace: str, lane: "_Lane") -> None:
        while lane.waiting and len(lane.under_way) < QUESTIONS_MAX:
            group = lane.take()
            # A call alone stays in its own trace; of several none is the cause of the question.
            context = group[0].context if len(group) == 1 else contextvars.Context()
            task = asyncio.get_running_loop().create_task(
                self._settle(workspace, group), context=context
            )
            lane.under_way.add(task)
            task.add_done_callback(lambda done: self._done(workspace, lane, done))
        if not lane.waiting and not lane.under_way:
            self._lanes.pop(workspace, None)

    def _done(self, workspace: str, lane: "_Lane", task: asyncio.Task[None]) -> None:
        lane.under_way.discard(task)
        self._pump(workspace, lane)

    async def _settle(self, workspace: str, group: Sequence[_Waiting]) -> None:
        outcomes: Sequence[wire.Accepted | KairosError]
        try:
            request = wire.accept_many_request([each.delivery for each in group])
            outcomes = wire.accepted_many(await self._caller.call(ACCEPT_MANY, workspace, request))
        except KairosError as error:
            outcomes = [error] * len(group)
        except BaseException:
            for each in group:
                each.answer.cancel()
            raise
        if len(outcomes) != len(group):
            outcomes = [Unavailable("Ingest did not answer for every call")] * len(group)
        for each, outcome in zip(group, outcomes, strict=True):
            if each.answer.done():
                continue
            if isinstance(outcome, KairosError):
                each.answer.set_exception(outcome)
            else:
                each.answer.set_result(outcome)


class _Lane:
    """The calls of one workspace: those that wait, and the questions under way."""

    def __init__(self) -> None:
        self.waiting: deque[_Waiting] = deque()
        self.under_way: set[asyncio.Task[None]] = set()

    def take(self) -> list[_Waiting]:
        """The next question: as much as fits, and at least one; nothing whose caller has left."""
        group: list[_Waiting] = []
        size = 0
        while self.waiting:
            size += len(self.waiting[0].delivery.body)
            if group and size > GROUP_BYTES_MAX:
                break
            group.append(self.waiting.popleft())
        return group
