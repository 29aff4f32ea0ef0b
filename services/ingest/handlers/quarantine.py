"""What breaks the tracking plan: shown, and taken in once plan or event is mended."""

from dataclasses import replace

import msgspec

from kit.bus.rpc import Request
from kit.db.database import RETRYABLE, Database, Tx
from kit.errors import Unavailable
from services.ingest import wire
from services.ingest.domain.items import Item
from services.ingest.domain.planned import planned_as, violation
from services.ingest.domain.rules import Rules, Unknown, Violation
from services.ingest.handlers.committing import Acceptance
from services.ingest.handlers.plans import Plans
from services.ingest.ports import Replaying, Stale, Store

TRIES_MAX = 8


class Quarantine:
    """Answers `quarantine` and `replay_quarantine`."""

    def __init__(self, db: Database, store: Store, plans: Plans, acceptance: Acceptance) -> None:
        self._db = db
        self._store = store
        self._plans = plans
        self._acceptance = acceptance

    async def on_quarantine(self, tx: Tx, request: Request) -> bytes:
        """A page of what waits, oldest first."""
        asked = wire.read_quarantine(request)
        one_more = replace(asked, limit=asked.limit + 1)
        found = await self._store.quarantined(tx, request.workspace, one_more)
        return wire.quarantine_reply(found[: asked.limit], more=len(found) > asked.limit)

    async def on_replay(self, request: Request) -> bytes:
        """Takes in what keeps the plan as it is now, in one commit; the rest waits on.

        Safe to repeat: what was taken in leaves the quarantine in the same commit.
        """
        workspace = wire.workspace_of(request)
        wanted = wire.read_replay(request)
        rules = await self._plans.refreshed(workspace)
        await self._acceptance.rooms.make()
        for _ in range(TRIES_MAX):
            try:
                async with self._db.worker() as tx:
                    return await self._replay(tx, workspace, wanted, rules)
            except (Stale, *RETRYABLE):
                continue
        raise Unavailable("Too many calls about the same people at once; try again")

    async def _replay(self, tx: Tx, workspace: str, wanted: Replaying, rules: Rules) -> bytes:
        found = await self._store.take_quarantined(tx, workspace, wanted)
        judged = [(each, _judged(each.item, rules)) for each in found]
        good = [(each.id, item) for each, item in judged if isinstance(item, Item)]
        broken = [(each.id, how) for each, how in judged if isinstance(how, Violation)]
        if good:
            await self._acceptance.place(tx, [item for _, item in good])
        await self._store.release_quarantined(tx, workspace, [one for one, _ in good])
        await self._store.blame_quarantined(tx, workspace, broken)
        return wire.replay_reply(len(good), len(broken))


def _judged(item: Item, rules: Rules) -> Item | Violation:
    """The item as the plan of today sees it, or how it breaks it. What was known when it came
    stays known, so an event no longer listed is free.
    """
    free = replace(rules, unknown_events=Unknown.ALLOW)
    planned = planned_as(item.kind, item.name, free)
    properties = msgspec.json.decode(item.properties_json) if item.properties_json else {}
    how = violation(planned, properties)
    low_signal = planned.low_signal if planned else False
    return how or msgspec.structs.replace(item, violation=None, low_signal=low_signal)
