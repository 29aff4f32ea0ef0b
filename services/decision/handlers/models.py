"""The response model of each workspace: used from memory, learnt from trials every few seconds."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.decision.domain.response_model import (
    HOURS,
    NO_MODEL,
    Cell,
    Count,
    ResponseModel,
)
from services.decision.ports.trials import Response, Settled, Snapshot, Trial, TrialStore

log = logging.getLogger("kairos.decision.models")

KEPT_MAX = 64
"""Former snapshots kept for replays; one of 1,000 cells takes about 1 MB."""
SETTLED_MAX = 5_000
"""Trials settled per transaction, about 100 ms."""


@dataclass
class Taught:
    """What a batch of decisions has to tell: messages ordered, answered, and not sent after all."""

    trials: list[Trial] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    released: list[tuple[str, UUID]] = field(default_factory=list)


class Models:
    """Snapshots in memory. A decision names the one it used, so a newer one is never needed."""

    def __init__(self, store: TrialStore) -> None:
        self._store = store
        self._current: dict[str, ResponseModel] = {}
        self._former: dict[tuple[str, int], ResponseModel] = {}

    def current(self, workspace: str) -> ResponseModel:
        """The newest snapshot this process knows of."""
        return self._current.get(workspace, NO_MODEL)

    async def keep(self, tx: Tx, taught: Taught) -> None:
        """Keeps what a batch has to tell, in order: ordered, answered, not sent."""
        if taught.trials:
            await self._store.insert_trials(tx, taught.trials)
        if taught.responses:
            await self._store.note_responses(tx, sorted(taught.responses))
        if taught.released:
            await self._store.delete_trials(tx, sorted(taught.released))

    async def at(self, tx: Tx, workspace: str, revision: int) -> ResponseModel:
        """The snapshot a decision names."""
        if revision == 0:
            return NO_MODEL
        if self.current(workspace).revision == revision:
            return self.current(workspace)
        kept = self._former.get((workspace, revision))
        if kept is None:
            told = await self._store.model_snapshot(tx, workspace, 0, revision)
            kept = ResponseModel(revision, told.counts, told.hours)
            if len(self._former) >= KEPT_MAX:
                self._former.pop(next(iter(self._former)))
            self._former[workspace, revision] = kept
        return kept

    async def refresh(self, tx: Tx) -> None:
        """Takes over what any process has published since."""
        for workspace, head in (await self._store.model_heads(tx)).items():
            known = self.current(workspace)
            if head > known.revision:
                told = await self._store.model_snapshot(tx, workspace, known.revision, head)
                counts = known.cells | told.counts
                self._current[workspace] = ResponseModel(head, counts, told.hours)


class Learner:
    """Settles trials and publishes what they teach as the next snapshot."""

    def __init__(
        self, models: Models, store: TrialStore, db: Database, clock: Clock, every_s: float
    ) -> None:
        self._models = models
        self._store = store
        self._db = db
        self._clock = clock
        self._every_s = every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a lost Postgres is waited for."""
        while not stop.is_set():
            try:
                while await self.learn() == SETTLED_MAX and not stop.is_set():
                    await asyncio.sleep(0)
                async with self._db.autocommit() as tx:
                    await self._models.refresh(tx)
            except Unavailable as error:
                log.warning("learning waits: %s", error)
            try:
                await asyncio.wait_for(stop.wait(), self._every_s)
            except TimeoutError:
                continue

    async def learn(self) -> int:
        """Settles one batch and publishes a snapshot per workspace; how many trials were due."""
        return await self._db.retrying(self._learn)

    async def _learn(self) -> int:
        async with self._db.worker() as tx:
            now = self._clock.now()
            settled = await self._store.settle_trials(tx, now, SETTLED_MAX)
            by_workspace: dict[str, list[Settled]] = {}
            for one in settled:
                by_workspace.setdefault(one.workspace, []).append(one)
            for workspace, ended in sorted(by_workspace.items()):
                head = await self._store.lock_model(tx, workspace, now)
                known = await self._store.model_snapshot(tx, workspace, 0, head)
                await self._store.insert_snapshot(tx, grown(known, ended), now)
            return len(settled)


def grown(known: Snapshot, ended: Sequence[Settled]) -> Snapshot:
    """The next snapshot: only the cells that changed, with their whole counts."""
    counts: dict[Cell, Count] = {}
    hours = list(known.hours) or [0] * HOURS
    for one in ended:
        trials, responses = counts.get(one.cell) or known.counts.get(one.cell, Count(0, 0))
        answered = one.hour is not None
        counts[one.cell] = Count(trials + one.trials, responses + answered)
        if one.hour is not None:
            hours[one.hour] += 1
    return Snapshot(known.workspace, known.revision + 1, counts, hours)
