"""Group commit: what arrives while a commit is on its way shares the next one.

A commit costs one disk sync whatever it holds. So submissions wait in a bounded queue, a few
workers take all that stands there, up to a limit, and commit it at once. Under low load a
submission waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kit.errors import Overloaded

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is committed at once, how much may wait, and by how many connections."""

    group_weight_max: int
    queue_weight_max: int
    workers: int


@dataclass(frozen=True)
class _Waiting(Generic[T, R]):
    submission: T
    weight: int
    answer: asyncio.Future[R]


class GroupCommit(Generic[T, R]):
    """Collects submissions and commits them in groups.

    Args:
        commit: commits a group whole, or nothing of it; one result for each submission, in order.
        weigh: the weight of a submission, in the unit of the limits.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        weigh: Callable[[T], int],
        limits: Limits,
    ) -> None:
        self._commit = commit
        self._weigh = weigh
        self._limits = limits
        self._queue: deque[_Waiting[T, R]] = deque()
        self._queued_weight = 0
        self._workers: set[asyncio.Task[None]] = set()

    async def submit(self, submission: T) -> R:
        """The result of the commit that holds this submission.

        Raises Overloaded where the queue is full (nothing was accepted), and what `commit` raised
        for this submission alone: one that cannot be committed fails nobody else.
        """
        weight = self._weigh(submission)
        if self._queue and self._queued_weight + weight > self._limits.queue_weight_max:
            raise Overloaded("The queue of events to be stored is full; send the same again later")
        waiting = _Waiting[T, R](submission, weight, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._queued_weight += weight
        if len(self._workers) < self._limits.workers:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await waiting.answer

    async def busy(self) -> bool:
        """Whether anything waits or is being committed."""
        return bool(self._workers)

    async def _work(self) -> None:
        while group := self._take():
            await self._settle(group)

    def _take(self) -> list[_Waiting[T, R]]:
        """The next group: as much as fits, and at least one."""
        group: list[_Waiting[T, R]] = []
        weight = 0
        while self._queue:
            weight += self._queue[0].weight
            if group and weight > self._limits.group_weight_max:
                break
            group.append(self._queue.popleft())
            self._queued_weight -= group[-1].weight
        return group

    async def _settle(self, group: Sequence[_Waiting[T, R]]) -> None:
        """Commits a group; one that fails for a reason of its own is halved until the culprit
        stands alone.
        """
        try:
            results = await self._commit([each.submission for each in group])
        except Exception as error:  # noqa: BLE001 - becomes the answer of whom it belongs to
            await self._blame(group, error)
            return
        for waiting, result in zip(group, results, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(result)

    async def _blame(self, group: Sequence[_Waiting[T, R]], error: Exception) -> None:
        if len(group) == 1 or getattr(error, "retryable", False):
            for waiting in group:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        half = len(group) // 2
        await self._settle(group[:half])
        await self._settle(group[half:])
