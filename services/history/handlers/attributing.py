"""Works out whose merit reached goals were, person by person, off the hot path.

Recording only marks people to whom something happened that may matter. What is found replaces what
was known, so it may be worked out any number of times, and late facts are never too late.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

from kit.db.database import Database, Tx
from kit.errors import Unavailable
from services.history.domain.attribution import (
    Contact,
    Credit,
    Happening,
    Reached,
    attribute,
    reached,
)
from services.history.domain.goals import Goal
from services.history.ports import Goals, PersonKey, SentMessage, Stores

Found = tuple[Sequence[Reached], Sequence[Credit]]

log = logging.getLogger("kairos.history")

PEOPLE_MAX = 200
"""People worked out in one transaction: some 20 ms."""
LOOK_S = 2.0
"""How long after something happened its credit is worked out, at most, where nothing is behind."""
REFRESH_S = 10.0
"""How long after an apply a new goal is looked for in the past."""


class Watch:
    """Which events may matter: the names that some goal of a workspace asks for."""

    def __init__(self) -> None:
        self._names: dict[str, frozenset[str]] = {}

    def learn(self, workspace: str, goals: Sequence[Goal]) -> None:
        """These are the goals of the workspace now."""
        self._names[workspace] = frozenset(goal.event for goal in goals)

    def knows(self, workspace: str) -> bool:
        """Whether the goals of the workspace have been looked at."""
        return workspace in self._names

    def matters(self, workspace: str, name: str | None) -> bool:
        """Whether an event of this name, or any message (None), may. Until the goals are known
        everything may.
        """
        names = self._names.get(workspace)
        if names is None:
            return True
        return bool(names) if name is None else name in names


class Attributor:
    """Takes marked people and works out their credits, for ever."""

    def __init__(self, db: Database, stores: Stores, goals: Goals, watch: Watch) -> None:
        self._db = db
        self._credits = stores.credits
        self._experiments = stores.experiments
        self._goals = goals
        self._watch = watch

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set. What fails is tried again a moment later."""
        rounds = 0
        while not stop.is_set():
            try:
                if rounds % max(1, int(REFRESH_S / LOOK_S)) == 0:
                    await self.refresh()
                while await self.work() and not stop.is_set():
                    pass
            except Unavailable as error:
                log.warning("credits wait: %s", error)
            rounds += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await stop.wait()

    async def busy(self) -> bool:
        """Whether something waits to be worked out (development clock)."""
        async with self._db.autocommit() as tx:
            return bool(await self._credits.due_workspaces(tx))

    async def refresh(self) -> None:
        """Looks at the goals of every workspace, and at the past where they changed."""
        async with self._db.autocommit() as tx:
            workspaces = await self._credits.workspaces(tx)
        for workspace in workspaces:
            await self._look_at(workspace)

    async def work(self) -> int:
        """Works out the credits of some marked people; returns how many there were."""
        async with self._db.autocommit() as tx:
            waiting = await self._credits.due_workspaces(tx)
        for workspace in waiting:
            if not self._watch.knows(workspace):
                await self._look_at(workspace)
        if not waiting:
            return 0
        async with self._db.worker() as tx:
            due = await self._credits.take(tx, PEOPLE_MAX)
            if due:
                families = await self._credits.families(tx, due)
                await self._credits.replace(tx, families, await self._find(tx, families))
                await self._experiments.move(tx, families)
        return len(due)

    async def _look_at(self, workspace: str) -> None:
        goals = await self._goals.at(workspace, 0)
        async with self._db.worker() as tx:
            names = {goal.event for goal in goals}
            await self._credits.search_past(tx, workspace, _fingerprint(goals), names)
        self._watch.learn(workspace, goals)

    async def _find(self, tx: Tx, families: Mapping[PersonKey, UUID]) -> dict[PersonKey, Found]:
        """What each living profile reached, and whose merit it was."""
        sent = await self._credits.messages(tx, families)
        revisions = {(each.workspace, each.catalog_revision) for each in sent}
        revisions |= {(key.workspace, 0) for key in families}
        goals = {each: await self._goals.at(*each) for each in sorted(revisions)}
        names = {goal.event for each in goals.values() for goal in each}
        if not names:
            return {}
        contacts: dict[PersonKey, list[Contact]] = defaultdict(list)
        for each in sent:
            head = PersonKey(each.workspace, families[PersonKey(each.workspace, each.person)])
            contacts[head].append(_contact(each, goals[each.workspace, each.catalog_revision]))
        happened: dict[PersonKey, list[Happening]] = defaultdict(list)
        for key, event in await self._credits.events(tx, families, names):
            happened[PersonKey(key.workspace, families[key])].append(event)
        return {
            head: (reached(goals[head.workspace, 0], events), attribute(contacts[head], events))
            for head, events in happened.items()
        }


def _contact(sent: SentMessage, goals: Sequence[Goal]) -> Contact:
    return Contact(
        message=sent.message,
        at=sent.at,
        goals=goals,
        channel=sent.channel,
        message_class=sent.message_class,
        template=sent.template,
        variant=sent.variant,
        journey=sent.journey,
        campaign=sent.campaign,
    )


def _fingerprint(goals: Sequence[Goal]) -> str:
    return sha256(msgspec.json.encode(goals)).hexdigest()
