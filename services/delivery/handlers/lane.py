"""One lane of sending: what waits in memory, what is due in the store, and which account takes it.

The lane `now` has its own queues, slots and writer of outcomes, so it never waits for `bulk`; each
provider account has a desk of its own in each lane, so that none waits for another.
"""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from kit.errors import KairosError, Unavailable
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result, conclude
from services.delivery.domain.message import Claim
from services.delivery.handlers.accounts import Account
from services.delivery.handlers.desk import Desk, Limits
from services.delivery.handlers.outcomes import Outcomes
from services.delivery.handlers.sending import Sending, Tools, put_back
from services.delivery.handlers.waiting import first_of, is_set
from services.delivery.ports import Written

log = logging.getLogger("kairos.delivery")

POLL_S = 1.0
"""How often the store is looked through without a hint: finds what another process left."""
ASK_AGAIN_S = 0.5
"""Pause while the accounts of a workspace cannot be learned."""
FULL_S = 5.0
"""What a desk has no room for is due again after U(5, 10) s; others are found meanwhile."""
SHUT_S_MIN = 0.5
"""The shortest wait for an account that takes no calls."""


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
        self._arrived: deque[Claim] = deque()
        self._desks: dict[tuple[str, str], Desk] = {}
        self._learning: dict[str, list[Claim]] = {}
        self._more_in_store = False
        self._stirred = asyncio.Event()
        self._hint = asyncio.Event()
        self._stop = asyncio.Event()

    def sender_for(self, count: int) -> UUID | None:
        """Who claims so many new orders at once; None where they have to wait in the store."""
        fits = count <= self._room() and not self._stop.is_set()
        return self._tools.sender() if fits else None

    def take(self, claims: Sequence[Claim]) -> None:
        """Takes claimed messages over; they go out as soon as slots are free."""
        self._arrived.extend(claims)
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
            await put_back(self._tools, self._unsent(), self._tools.clock.now())
            self._outcomes.close()

    def _unsent(self) -> list[Claim]:
        """Takes everything out that waits."""
        queues = [self._arrived, *(desk.waiting for desk in self._desks.values())]
        claims = [claim for queue in queues for claim in queue]
        claims += [claim for asked in self._learning.values() for claim in asked]
        for queue in queues:
            queue.clear()
        self._learning.clear()
        return claims

    def _room(self) -> int:
        """How many more messages may be held: what the emptiest desk takes.

        What is claimed for a full one goes back to the store for a while.
        """
        on_the_way = len(self._arrived) + sum(map(len, self._learning.values()))
        room = max((desk.room for desk in self._desks.values()), default=self._limits.backlog_max)
        return room - on_the_way

    async def _scout(self) -> None:
        """Claims what is due in the store: retries, what had no room, what others left."""
        while not self._stop.is_set():
            self._hint.clear()
            due: datetime | None = None
            room = self._room() - self._limits.backlog_max // 2
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
        """Gives messages to desks and starts groups as slots become free."""
        while not self._stop.is_set():
            self._stirred.clear()
            for desk in self._desks.values():
                if desk.waiting and desk.account.closed_for_s():
                    self._arrived.extend(desk.waiting)
                    desk.waiting.clear()
            self._route(group)
            for desk in list(self._desks.values()):
                while claims := desk.next_group():
                    group.create_task(self._sending(desk, claims).run())
            if self._more_in_store and self._room() > self._limits.backlog_max * 3 // 4:
                self.look()
            await self._stirred.wait()

    def _sending(self, desk: Desk, claims: Sequence[Claim]) -> Sending:
        def release(count: int) -> None:
            desk.release(count)
            self._stirred.set()

        return Sending(self._tools, self._outcomes, desk.account, claims, release, self._stop)

    def _route(self, group: asyncio.TaskGroup) -> None:
        """Finds the account of everything that has arrived."""
        back: dict[float, list[Claim]] = defaultdict(list)
        while self._arrived:
            claim = self._arrived.popleft()
            workspace = claim.order.workspace
            if not self._tools.accounts.knows(workspace):
                self._ask(group, claim)
                continue
            found = self._tools.accounts.choose(claim)
            if found is None:
                self._give_up(claim)
                continue
            account, wait_s = found
            if account is None:
                back[max(SHUT_S_MIN, wait_s)].append(claim)
            elif not account.may_repeat(claim):
                back[SHUT_S_MIN].append(claim)
            elif not self._seat(claim, account):
                back[FULL_S].append(claim)
        if back:
            group.create_task(self._put_back(back))

    def _seat(self, claim: Claim, account: Account) -> bool:
        """Puts a message into its account's queue; False where that is full."""
        key = (claim.order.workspace, account.key)
        desk = self._desks.get(key)
        if desk is None:
            desk = self._desks[key] = Desk(account, self._limits)
        desk.account = account
        if not desk.room:
            return False
        desk.waiting.append(claim)
        return True

    def _ask(self, group: asyncio.TaskGroup, claim: Claim) -> None:
        """Learns the workspace's accounts once, however many messages wait for it."""
        workspace = claim.order.workspace
        waiting = self._learning.get(workspace)
        if waiting is None:
            self._learning[workspace] = [claim]
            group.create_task(self._learn(workspace))
        else:
            waiting.append(claim)

    async def _learn(self, workspace: str) -> None:
        while not self._stop.is_set():
            try:
                await self._tools.accounts.load(workspace)
            except KairosError as error:
                log.warning("messages wait for their workspace's accounts: %s", error)
                await first_of(is_set(self._stop), timeout_s=ASK_AGAIN_S)
            else:
                self.take(self._learning.pop(workspace, []))
                return

    def _give_up(self, claim: Claim) -> None:
        """Nobody can send this."""
        now, result = self._tools.clock.now(), Result(faults.CHANNEL, detail="no provider for it")
        conclusion = conclude(claim, result, keyed=False, now=now, chance=0.0)
        self._outcomes.put(Written(claim=claim, conclusion=conclusion, at=now, result=result))

    async def _put_back(self, back: Mapping[float, list[Claim]]) -> None:
        """Each is due again at a moment of its own, so that they do not come back as a herd."""
        now = self._tools.clock.now()
        claims, times = list[Claim](), list[datetime]()
        for wait_s, waiting in back.items():
            for claim in waiting:
                claims.append(claim)
                times.append(now + timedelta(seconds=wait_s * (1 + self._tools.chance())))
        await put_back(self._tools, claims, times)
        self.look()
