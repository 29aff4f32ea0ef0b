"""Counts everybody of a workspace into the segments of a new catalog revision.

Live traffic settles whom it meets (domain/segments.py); this goes over all others, in pages of
people, in small transactions of the lane `bulk`, resting as long as it works. A page done twice
changes nothing, so a process that dies in the middle loses nothing.

Who lacks traits or tallies that the catalog began to ask for gets them from ingest's record, read
without locks and counted under the person's: exactly what the state has applied by then. Who has
applied more than was read is read again.
"""

import asyncio
import logging
from functools import partial
from uuid import UUID

from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.decision.domain import state as states
from services.decision.domain.catalog import Catalog
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import SettleInput
from services.decision.domain.learning import flat
from services.decision.domain.recounting import Past, covers, recount, sources
from services.decision.domain.segments import lacks
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work
from services.decision.ports.members import MemberStore, PastSource, Settlement
from services.decision.ports.states import Key, StoredState

log = logging.getLogger("kairos.decision.settling")

PAGE = 500
"""People looked at per round; those already counted in cost 5 µs each."""
BATCH = 100
"""People stepped per transaction, about 20 ms."""
WORKSPACES = 20
"""Workspaces looked at per round whose catalog has moved on."""
FORGET = 2_000
"""Memberships of dropped segments deleted per statement."""
ERASED = 1 << 62
"""Stands for the last number of a profile of which nothing is on record any more."""
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
        source: PastSource,
        db: Database,
        clock: Clock,
    ) -> None:
        self._decider = decider
        self._store = store
        self._catalogs = catalogs
        self._source = source
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
            await self._settle(settlement, catalog, found)
            after = found[-1][0] if found else None
            finished_at = self._clock.now() if len(found) < PAGE else None
            await self._store.save_settlement(
                tx, settlement.workspace, after, len(found), finished_at
            )
        return True

    async def _settle(
        self, settlement: Settlement, catalog: Catalog, page: list[tuple[UUID, StoredState]]
    ) -> None:
        """Counts in those of a page who are behind, with their past where it is asked for."""
        behind = [
            states.decode(row.state) if row.state else states.new(person) for person, row in page
        ]
        behind = [state for state in behind if state.settled < catalog.segments.settle_at]
        while behind:
            past = await self._past(settlement.workspace, catalog, behind)
            left: list[states.PersonState] = []
            for begin in range(0, len(behind), BATCH):
                batch = [
                    (settlement.workspace, state.person) for state in behind[begin : begin + BATCH]
                ]
                begun_s = self._clock.monotonic()
                left += await self._db.retrying(
                    partial(self._step, settlement, catalog, batch, past)
                )
                await asyncio.sleep(self._clock.monotonic() - begun_s)
            behind = left

    async def _past(
        self, workspace: str, catalog: Catalog, behind: list[states.PersonState]
    ) -> Past:
        """What ingest has on record of those who lack something; nothing, where nobody does."""
        lacking = [state for state in behind if lacks(state, catalog)]
        oldest = min((state.settled for state in lacking), default=0)
        segments = catalog.segments
        events = [
            event
            for event, specs in segments.tallies.items()
            if any(segments.tally_since[spec.number] > oldest for spec in specs)
        ]
        profiles = sorted({source for state in lacking for source in sources(state)})
        found = Past({}, {}, {})
        for begin in range(0, len(profiles), PAGE):
            some = profiles[begin : begin + PAGE]
            part = await self._source.read(workspace, some, events, traits=True)
            found = Past(
                {**found.last_seqs, **dict.fromkeys(some, ERASED), **part.last_seqs},
                {**found.traits, **part.traits},
                {**found.events, **part.events},
            )
        return found

    async def _step(
        self, settlement: Settlement, catalog: Catalog, keys: list[Key], past: Past
    ) -> list[states.PersonState]:
        """Settles people under their locks; returns those who have gone on since they were read."""
        left: list[states.PersonState] = []
        work: list[Work] = []
        async with self._db.worker() as tx:
            rows = await self._decider.lock(tx, keys, self._clock.now())
            for key in keys:
                row = rows[key]
                state = states.decode(row.state) if row.state else states.new(key[1])
                if row.merged_into is not None or state.settled >= catalog.segments.settle_at:
                    continue
                brought = _brought(settlement, catalog, state, past)
                if brought is None:
                    left.append(state)
                else:
                    work.append(Work(key, [brought]))
            if work:
                await self._decider.decide(tx, work, "bulk")
        return left

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


def _brought(
    settlement: Settlement, catalog: Catalog, state: states.PersonState, past: Past
) -> SettleInput | None:
    """What settles a person; None where the record was read before what they have applied."""
    settle_id = derive_id(state.person, "settle", settlement.revision)
    if not lacks(state, catalog):
        return SettleInput(settle_id, settlement.started_at)
    if not covers(past, state):
        return None
    segments = catalog.segments
    wanted = [
        spec
        for specs in segments.tallies.values()
        for spec in specs
        if segments.tally_since[spec.number] > state.settled
    ]
    traits = {
        name: value
        for source in sources(state)
        for name, value in flat(past.traits.get(source, {}))
        if name in catalog.traits and isinstance(value, str | int | float | bool | list)
    }
    tallies = recount(past, state, wanted)
    return SettleInput(settle_id, settlement.started_at, traits, tallies)
