"""Counts everybody of a workspace into the segments of a new catalog revision.

Live traffic settles whom it meets (domain/segments.py); this goes over all others, in pages of
people, in small transactions of the lane `bulk`, resting as long as it works. A page done twice
changes nothing, so a process that dies in the middle loses nothing.
"""

import asyncio
import logging
from functools import partial

from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.decision.domain import state as states
from services.decision.domain.catalog import Catalog
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import SettleInput
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work
from services.decision.ports import Key, MemberStore, Settlement

log = logging.getLogger("kairos.decision.settling")

PAGE = 500
"""People looked at per round; those already counted in cost 5 µs each."""
BATCH = 100
"""People stepped per transaction, about 20 ms."""
WORKSPACES = 20
"""Workspaces looked at per round whose catalog has moved on."""
FORGET = 2_000
"""Memberships of dropped segments deleted per statement."""
IDLE_S = 1.0
"""How long a process with nothing to count looks for new revisions of the catalog."""
UNCLEAR_S = 0.02
"""Pause while a transaction that began with the older catalog has not ended."""


class Settler:
    """Looks for new revisions and counts people in until all are."""

    def __init__(
        self,
        decider: Decider,
        store: MemberStore,
        catalogs: Catalogs,
        db: Database,
        clock: Clock,
    ) -> None:
        self._decider = decider
        self._store = store
        self._catalogs = catalogs
        self._db = db
        self._clock = clock
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A catalog was applied here: look at once."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a lost Postgres is waited for."""
        while not stop.is_set():
            try:
                busy = await self.settle_some()
            except Unavailable as error:
                log.warning("settling waits: %s", error)
                busy = False
            if not busy:
                await self._rest(stop)

    async def busy(self) -> bool:
        """Whether anybody has yet to be counted in."""
        async with self._db.autocommit() as tx:
            return await self._store.unsettled(tx)

    async def settle_some(self) -> bool:
        """Takes up new revisions, then counts in one page of people; False if there was nothing."""
        taken_up = await self._db.retrying(self._take_up)
        return await self._page() or taken_up

    async def _take_up(self) -> bool:
        now = self._clock.now()
        async with self._db.worker() as tx:
            behind = await self._store.list_behind(tx, WORKSPACES)
            for workspace, revision in behind:
                catalog = await self._catalogs.at(tx, workspace, revision)
                before = await self._store.get_settlement(tx, workspace)
                settled = before.revision if before else 0
                if catalog.segments.settle_at > settled:
                    await self._store.start_settlement(tx, workspace, revision, now)
                else:
                    await self._store.skip_settlement(tx, workspace, revision, now)
                await self._forget(tx, workspace, catalog)
        return bool(behind)

    async def _forget(self, tx: Tx, workspace: str, catalog: Catalog) -> None:
        """Takes everybody out of segments that are no more."""
        kept = [segment.key for segment in catalog.segments.ordered]
        while await self._store.forget_segments(tx, workspace, kept, FORGET) == FORGET:
            pass

    async def _page(self) -> bool:
        """One page of one workspace, its row locked against other processes meanwhile."""
        async with self._db.worker() as tx:
            settlement = await self._store.lock_settlement(tx)
            if settlement is None:
                return False
            if not settlement.clear:
                await asyncio.sleep(UNCLEAR_S)
                return True
            found = await self._store.page_of_people(
                tx, settlement.workspace, settlement.after, PAGE
            )
            catalog = await self._catalogs.at(tx, settlement.workspace, settlement.revision)
            behind = [
                (settlement.workspace, person)
                for person, row in found
                if not row.state or states.decode(row.state).settled < catalog.segments.settle_at
            ]
            await self._settle(settlement, behind)
            after = found[-1][0] if found else None
            finished_at = self._clock.now() if len(found) < PAGE else None
            await self._store.save_settlement(
                tx, settlement.workspace, after, len(found), finished_at
            )
        return True

    async def _settle(self, settlement: Settlement, keys: list[Key]) -> None:
        for begin in range(0, len(keys), BATCH):
            batch = keys[begin : begin + BATCH]
            begun_s = self._clock.monotonic()
            await self._db.retrying(partial(self._step, settlement, batch))
            await asyncio.sleep(self._clock.monotonic() - begun_s)

    async def _step(self, settlement: Settlement, keys: list[Key]) -> None:
        at = settlement.started_at
        work = [
            Work(key, [SettleInput(derive_id(key[1], "settle", settlement.revision), at)])
            for key in keys
        ]
        async with self._db.worker() as tx:
            await self._decider.decide(tx, work, "bulk")

    async def _rest(self, stop: asyncio.Event) -> None:
        waits = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._woken.wait()),
            asyncio.create_task(asyncio.sleep(IDLE_S)),
        ]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        self._woken.clear()
        for wait in waits:
            wait.cancel()
