"""One lane of sending: what waits in memory, what is due in the store, and how many go out at once.

The lane `now` has its own queue, slots and writer of outcomes, so it never waits for `bulk`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from kit.errors import Unavailable
from services.delivery.domain.message import Claim
from services.delivery.handlers.outcomes import Outcomes
from services.delivery.handlers.sending import Sending, Tools, put_back
from services.delivery.handlers.waiting import first_of, is_set

log = logging.getLogger("kairos.delivery")

POLL_S = 1.0
"""How often the store is looked through without a hint: finds what another process left."""


@dataclass(frozen=True)
class Limits:
    """How much a lane does at once.

    Args:
        at_once_max: messages between leaving the queue and their outcome; the bulkhead.
        group_min: a group starts when so many slots are free, or as many as messages wait.
        group_max: messages drafted, permitted and marked together.
        backlog_max: messages held in memory; more wait in the store.
        outcome_wait_s: how long an outcome waits for company before it is committed.
    """

    at_once_max: int
    group_min: int
    group_max: int
    backlog_max: int
    outcome_wait_s: float


class Lane:
    """Sends the messages of one lane."""

    def __init__(self, name: str, limits: Limits, tools: Tools) -> None:
        self.name = name
        self._limits = limits
        self._tools = tools
        self._outcomes = Outcomes(
            tools.db,
            tools.outbound,
            tools.clock,
            wait_s=limits.outcome_wait_s,
            on_planned=self.look,
        )
        self._waiting: deque[Claim] = deque()
        self._free = limits.at_once_max
        self._more_in_store = False
        self._stirred = asyncio.Event()
        self._hint = asyncio.Event()
        self._stop = asyncio.Event()

    def sender_for(self, count: int) -> UUID | None:
        """Who claims so many new orders at once; None where they have to wait in the store."""
        room = self._limits.backlog_max - len(self._waiting)
        return self._tools.sender() if count <= room and not self._stop.is_set() else None

    def take(self, claims: Sequence[Claim]) -> None:
        """Takes claimed messages over; they go out as soon as slots are free."""
        self._waiting.extend(claims)
        self._stirred.set()

    def look(self) -> None:
        """Says that messages wait in the store."""
        self._hint.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Sends until `stop`, then finishes what is under way and gives the rest back."""
        async with asyncio.TaskGroup() as writing:
            writing.create_task(self._outcomes.run())
            async with asyncio.TaskGroup() as group:
                group.create_task(self._scout())
                group.create_task(self._dispatch(group))
                await stop.wait()
                self._stop.set()
                self._stirred.set()
            await put_back(self._tools, list(self._waiting), self._tools.clock.now())
            self._waiting.clear()
            self._outcomes.close()

    async def _scout(self) -> None:
        """Claims what is due in the store: retries, what had no room, what others left."""
        while not self._stop.is_set():
            self._hint.clear()
            due: datetime | None = None
            room = self._limits.backlog_max // 2 - len(self._waiting)
            sender = self._tools.sender()
            if room > 0 and sender is not None:
                try:
                    claims, due = await self._tools.db.retrying(partial(self._claim, sender, room))
                except Unavailable as error:
                    log.warning("cannot look for due messages: %s", error)
                else:
                    self._more_in_store = len(claims) == room
                    if claims:
                        self.take(claims)
                        continue
            await self._until(due)

    async def _claim(self, sender: UUID, room: int) -> tuple[list[Claim], datetime | None]:
        """Due messages; where there are none, when the next one is due."""
        clock, outbound = self._tools.clock, self._tools.outbound
        async with self._tools.db.worker() as tx:
            now = clock.now()
            due = await outbound.next_due(tx, self.name)
            if due is None or due > now:
                return [], due
            return await outbound.claim_due(tx, sender, self.name, now, room), None

    async def _until(self, due: datetime | None) -> None:
        """Waits for a hint, the stop, the due time or the next poll."""
        waits = [is_set(self._hint), is_set(self._stop)]
        if due is not None:
            waits.append(self._tools.clock.sleep_until(due))
        await first_of(*waits, timeout_s=POLL_S)

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        """Starts groups as slots become free."""
        while not self._stop.is_set():
            size = self._group_size()
            if size == 0:
                self._stirred.clear()
                await self._stirred.wait()
                continue
            claims = [self._waiting.popleft() for _ in range(size)]
            self._free -= size
            sending = Sending(self._tools, self._outcomes, claims, self._release, self._stop)
            group.create_task(sending.run())
            if self._more_in_store and len(self._waiting) < self._limits.backlog_max // 4:
                self.look()

    def _group_size(self) -> int:
        wanted = min(len(self._waiting), self._limits.group_max)
        if self._free < min(wanted, self._limits.group_min):
            return 0
        return min(wanted, self._free)

    def _release(self, count: int) -> None:
        self._free += count
        self._stirred.set()
