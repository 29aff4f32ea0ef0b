"""Time as an input: people whose time has come are stepped, and nobody is polled."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

from kit.clock import Clock, to_us
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import WakeupInput
from services.decision.handlers.deciding import Decider, Work
from services.decision.ports.queries import Store
from services.decision.ports.states import Key

log = logging.getLogger("kairos.decision.wakeups")

BATCH = 100
"""People stepped per transaction, about 20 ms."""
IDLE_S = 1.0
"""How long a process that saw nothing due sleeps at most; a sooner wake-up of its own ends the
sleep.
"""


class Wakeups:
    """Steps everyone whose wake-up is due."""

    def __init__(self, decider: Decider, store: Store, db: Database, clock: Clock) -> None:
        self._decider = decider
        self._store = store
        self._db = db
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a lost Postgres is waited for."""
        while not stop.is_set():
            try:
                busy = await self.step_due()
            except Unavailable as error:
                log.warning("wake-ups wait: %s", error)
                busy = False
            if not busy:
                await self._rest(stop)

    async def step_due(self) -> bool:
        """Steps one batch of people; False when nobody was due."""
        now = self._clock.now()
        if await self._db.retrying(self._reconsider):
            return True
        async with self._db.autocommit() as tx:
            keys = await self._store.list_due(tx, now, BATCH)
        if not keys:
            return False
        return await self._db.retrying(lambda: self._step(keys, now))

    async def next_due(self) -> datetime | None:
        """The earliest wake-up of anybody."""
        async with self._db.autocommit() as tx:
            return await self._store.next_due(tx)

    async def _step(self, keys: list[Key], now: datetime) -> bool:
        async with self._db.worker() as tx:
            await self._decider.lock(tx, keys, now)
            due = await self._still_due(tx, keys, now)
            work = [
                Work(key, [WakeupInput(id=wakeup_id(key[1], at), due_at=at)])
                for key, at in due.items()
            ]
            if work:
                await self._decider.decide(tx, work, "now")
            return bool(work)

    async def _reconsider(self) -> bool:
        """Has one batch of those for whom something waits compete again; False where none is asked.

        Each is stepped under their lock after the change was committed, so nobody is judged by
        what held before.
        """
        async with self._db.worker() as tx:
            asked = await self._store.lock_reconsideration(tx)
            if asked is None:
                return False
            keys = await self._store.list_waiting(tx, asked.workspace, asked.after, BATCH)
            work = [
                Work(key, [WakeupInput(wakeup_id(key[1], asked.asked_at), asked.asked_at, True)])
                for key in keys
            ]
            if work:
                await self._decider.decide(tx, work, "bulk")
            last = keys[-1][1] if len(keys) == BATCH else None
            await self._store.save_reconsideration(tx, asked.workspace, last)
            return True

    async def _still_due(self, tx: Tx, keys: list[Key], now: datetime) -> dict[Key, datetime]:
        """Read again under the locks: what another process already did is left out."""
        due = await self._store.due_of(tx, keys)
        return {key: at for key, at in due.items() if at <= now}

    async def _rest(self, stop: asyncio.Event) -> None:
        due = await self._known_due()
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(asyncio.sleep(IDLE_S))]
        if due is not None:
            waits.append(asyncio.create_task(self._clock.sleep_until(due)))
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _known_due(self) -> datetime | None:
        try:
            return await self.next_due()
        except Unavailable:
            return None


def wakeup_id(person: UUID, due_at: datetime) -> UUID:
    """The id of one wake-up of one person: sorts at its due instant, the same whoever steps it."""
    base = UUID(int=(to_us(due_at) // 1000) << 80 | 0x7 << 76 | 0b10 << 62)
    return derive_id(base, person.hex, to_us(due_at))
