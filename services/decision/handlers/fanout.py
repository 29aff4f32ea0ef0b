"""Campaigns are sent: page by page, recipients and cursor in one commit.

A page is one transaction: the run's row is locked, the next people of the audience become
recipients (unique per campaign, run and person), each is stepped once, the cursor moves on. A
process that dies in the middle leaves nothing half done (listmonk#3022: a cursor that moved at
fetch lost people for good; listmonk#2313: a resume from the top reached them three times).
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.decision.domain.campaigns.compiling import Campaign
from services.decision.domain.campaigns.documents import PREFIX
from services.decision.domain.campaigns.runs import CampaignRun
from services.decision.domain.catalog import Catalog
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import LaunchInput
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work
from services.decision.handlers.recurrence import begins, instant, local_of, occurrence
from services.decision.ports.campaigns import CampaignStore

log = logging.getLogger("kairos.decision.fanout")

PAGE = 100
"""People per transaction, about 20 ms."""
ON_THEIR_WAY_MAX = 2_000
"""Messages of a run delivery may have before it; more waits, so that pausing is felt at once."""
HELD_BACK = timedelta(seconds=1)
IDLE_S = 0.5


class Fanout:
    """Sends what is due."""

    def __init__(
        self,
        decider: Decider,
        store: CampaignStore,
        catalogs: Catalogs,
        db: Database,
        clock: Clock,
    ) -> None:
        self._decider = decider
        self._store = store
        self._catalogs = catalogs
        self._db = db
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a lost Postgres is waited for."""
        while not stop.is_set():
            try:
                busy = await self.send_page()
            except Unavailable as error:
                log.warning("campaigns wait: %s", error)
                busy = False
            if not busy:
                waits = [asyncio.create_task(stop.wait())]
                _, pending = await asyncio.wait(waits, timeout=IDLE_S)
                for wait in pending:
                    wait.cancel()

    async def next_due(self) -> datetime | None:
        """When the next page is due."""
        async with self._db.autocommit() as tx:
            return await self._store.next_run_due(tx)

    async def send_page(self) -> bool:
        """Takes up one page of one run; False when none is due."""
        return await self._db.retrying(self._page)

    async def _page(self) -> bool:
        now = self._clock.now()
        async with self._db.worker() as tx:
            run = await self._store.lock_due_run(tx, now)
            if run is None:
                return False
            catalog = (await self._catalogs.current(tx, {run.workspace}))[run.workspace]
            campaign = catalog.campaigns.get(run.campaign)
            if campaign is None:
                await self._store.save_run(tx, run._replace(state="cancelled", finished_at=now))
                return True
            if run.state == "scheduled":
                run = await self._start(tx, run, campaign, catalog, now)
            ahead = await self._store.count_on_their_way(tx, run.workspace, run.campaign, run.run)
            if ahead >= ON_THEIR_WAY_MAX:
                await self._store.save_run(tx, run._replace(due_at=now + HELD_BACK))
                return True
            await self._send(tx, run, campaign, now)
            return True

    async def _start(
        self, tx: Tx, run: CampaignRun, campaign: Campaign, catalog: Catalog, now: datetime
    ) -> CampaignRun:
        """The run begins; where the campaign recurs, its next one is scheduled."""
        audience = await self._store.count_people(tx, run.workspace, campaign.segment)
        if campaign.rrule and not run.missed:
            sent_at = run.occurs_at
            if campaign.local:
                sent_at = instant(local_of(run.occurs_at), catalog.timezone)
            following = occurrence(campaign, catalog.timezone, max(sent_at, now))
            if following:
                due_at = begins(campaign, following, catalog.timezone)
                key = (PREFIX, run.campaign, following)
                await self._store.insert_run(tx, CampaignRun(
                    run.workspace, run.campaign, derive_id(run.run, *key), False, "scheduled",
                    due_at, due_at, None, 0, 0, 0, run.launched_by, None, None,
                ))  # fmt: skip
        return run._replace(state="running", started_at=now, audience=audience)

    async def _send(self, tx: Tx, run: CampaignRun, campaign: Campaign, now: datetime) -> None:
        limit = _limit(run, campaign)
        people = await self._store.page_of_audience(
            tx, run.workspace, campaign.segment, run.after, limit
        )
        taken = await self._store.take_recipients(
            tx,
            run,
            [(person, campaign.variant_of(person.hex)) for person in people],
            now,
            again=bool(campaign.rrule) and not run.missed,
        )
        local_at = local_of(run.occurs_at) if campaign.local and not run.missed else ""
        work = [
            Work(
                (run.workspace, person),
                [LaunchInput(derive_id(run.run, person.hex), run.campaign, run.run, now, local_at)],
            )
            for person in taken
        ]
        if work:
            results = await self._decider.decide(tx, work, "bulk")
            outside = [
                one.key[1]
                for one, result in zip(work, results, strict=True)
                if not any(note.result == "applied" for note in result.notes)
            ]
            await self._store.leave_out(tx, run, outside)
        await self._store.save_run(tx, _after(run, campaign, people, limit, now))


def _limit(run: CampaignRun, campaign: Campaign) -> int:
    """How many people the next page has: no stage and no minute is overrun."""
    limit = PAGE
    if campaign.per_minute:
        limit = min(limit, max(1, campaign.per_minute // 60))
    if run.stage < len(campaign.stages):
        share = campaign.stages[run.stage][0]
        limit = min(limit, max(1, int(run.audience * share) - run.taken))
    return limit


def _after(
    run: CampaignRun, campaign: Campaign, people: Sequence[UUID], limit: int, now: datetime
) -> CampaignRun:
    taken = run.taken + len(people)
    if len(people) < limit:
        return run._replace(
            state="done", taken=taken, after=people[-1] if people else run.after, finished_at=now
        )
    due_at, stage = now, run.stage
    if campaign.per_minute:
        due_at = now + timedelta(seconds=60 * len(people) / campaign.per_minute)
    if stage < len(campaign.stages) and taken >= int(run.audience * campaign.stages[stage][0]):
        due_at = now + timedelta(seconds=campaign.stages[stage][1])
        stage += 1
    return run._replace(taken=taken, after=people[-1], due_at=due_at, stage=stage)
