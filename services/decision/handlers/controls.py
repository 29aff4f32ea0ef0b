"""Switches that work at once: all marketing of a workspace stopped, journeys paused."""

import msgspec

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from services.decision.domain.model import NO_CONTROLS, Controls
from services.decision.ports.queries import Store
from services.decision.wire import catalog as wire


class ControlsDesk:
    """Answers `controls`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def on_controls(self, tx: Tx, request: Request) -> bytes:
        """Turns switches and answers how they stand; asking for no change only reads.

        From the commit on no permit is granted against them. What waited for one that is turned
        back competes again, also if nothing else would have woken it.
        """
        asked = wire.controls_request(request.body)
        before = await self._read(tx, request.workspace)
        if asked.is_question:
            return wire.controls_reply(before, changed=False)
        now = self._clock.now()
        await self._store.lock_head(tx, request.workspace, now)
        before = await self._read(tx, request.workspace)
        after = _turned(before, asked)
        if after != before:
            await self._store.save_controls(tx, request.workspace, after)
            if _frees(before, after):
                await self._store.ask_to_reconsider(tx, request.workspace, now)
        return wire.controls_reply(after, changed=after != before)

    async def pause(self, tx: Tx, workspace: str, journey: str, *, paused: bool) -> None:
        """Pauses a journey, or lets it go on; what waited for it competes again."""
        now = self._clock.now()
        await self._store.lock_head(tx, workspace, now)
        before = await self._read(tx, workspace)
        keys = set(before.paused_journeys) - {journey} | ({journey} if paused else set())
        after = msgspec.structs.replace(before, paused_journeys=tuple(sorted(keys)))
        if after != before:
            await self._store.save_controls(tx, workspace, after)
            if not paused:
                await self._store.ask_to_reconsider(tx, workspace, now)

    async def _read(self, tx: Tx, workspace: str) -> Controls:
        head = (await self._store.heads(tx, {workspace})).get(workspace)
        return head.controls if head else NO_CONTROLS


def _turned(before: Controls, asked: wire.ControlsAsked) -> Controls:
    paused = (set(before.paused_journeys) | asked.pause) - asked.resume
    stopped = before.marketing_stopped if asked.stop is None else asked.stop
    return msgspec.structs.replace(
        before, marketing_stopped=stopped, paused_journeys=tuple(sorted(paused))
    )


def _frees(before: Controls, after: Controls) -> bool:
    resumed = set(before.paused_journeys) - set(after.paused_journeys)
    return bool(resumed) or (before.marketing_stopped and not after.marketing_stopped)
