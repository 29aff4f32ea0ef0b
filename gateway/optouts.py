"""An opt-out is never refused.

It goes to decision. Where decision cannot answer, it is committed here, the caller is told that it
counts, and it is relayed until decision has it. Nothing goes out in between: while decision is away
it grants no permit, when it comes back it has us drain first, and where it is there but did not
answer us it is told to stop granting before the caller gets their answer.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from contracts.topology import CHANGE_PERMISSION, OPTOUTS_KEPT
from gateway.store import optouts as store
from gateway.wire import permission as wire
from kit import telemetry
from kit.bus.connection import Connection
from kit.bus.rpc import Caller, Request
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import KairosError, Rejected, Unavailable
from kit.ids import new_id

log = logging.getLogger("kairos.gateway")

RELAY_EVERY_S = 1.0
"""How soon what could not be relayed is tried again."""


class OptOuts:
    """Takes withdrawals and brings them to decision."""

    def __init__(self, db: Database, caller: Caller, bus: Connection, clock: Clock) -> None:
        self._db = db
        self._bus = bus
        self._kept = asyncio.Event()
        self._caller = caller
        self._clock = clock

    async def take(self, workspace: str, person: UUID, change: wire.PermissionChange) -> bool:
        """Returns once the withdrawal is committed, by decision or here.

        False where it was in force already. Raises only what says that this person or channel does
        not exist (the caller is wrong), and Unavailable where Postgres is away too.
        """
        request = wire.change_request(person, change, self._clock.now())
        try:
            return wire.changed(await self._caller.call(CHANGE_PERMISSION, workspace, request))
        except Rejected:
            raise
        except KairosError as error:
            log.warning("an opt-out is kept for decision: %s", error)
            await self._keep(workspace, request)
            return True

    async def take_signed(
        self, workspace: str, person: UUID, change: wire.PermissionChange
    ) -> None:
        """As `take` for a link that we signed ourselves: whatever decision says, it is kept."""
        try:
            await self.take(workspace, person, change)
        except Rejected as error:
            log.error("decision refuses an opt-out: %s", error)
            request = wire.change_request(person, change, self._clock.now())
            await self._keep(workspace, request)

    async def relay(self, stop: asyncio.Event) -> None:
        """Until told to stop: brings what is kept to decision."""
        while not stop.is_set():
            try:
                await self.drain()
            except KairosError as error:
                log.info("opt-outs still wait for decision: %s", error)
            self._kept.clear()
            await _pause((stop, self._kept), RELAY_EVERY_S)

    async def on_drain(self, request: Request) -> bytes:
        """Answers decision once it has been told everything that is kept."""
        await self.drain()
        return b""

    async def drain(self) -> None:
        """Relays all that is kept, oldest first; raises the error that stops it."""
        while pending := await self._pending():
            for optout in pending:
                with telemetry.span("optout.relay", parent=optout.traceparent or None):
                    await self._relay_one(optout)

    async def _pending(self) -> list[store.PendingOptOut]:
        async with self._db.autocommit() as tx:
            return await store.pending_optouts(tx)

    async def _relay_one(self, optout: store.PendingOptOut) -> None:
        """Repeating it is harmless, so it is forgotten only after decision has it."""
        refused = ""
        try:
            await self._caller.call(CHANGE_PERMISSION, optout.workspace, optout.request)
        except Rejected as error:
            refused = error.detail
            log.error("opt-out %s needs a person: decision says %s", optout.id, refused)
        async with self._db.worker() as tx:
            if refused:
                await store.set_optout_aside(tx, optout, refused)
            else:
                await store.forget_optout(tx, optout)

    async def _keep(self, workspace: str, request: bytes) -> None:
        optout = store.PendingOptOut(
            workspace, new_id(self._clock), request, telemetry.current_traceparent()
        )
        async with self._db.api(workspace) as tx:
            await store.keep_optout(tx, optout, self._clock.now())
        await self._tell()
        self._kept.set()

    async def _tell(self) -> None:
        """Has every decision process stop granting permits until it has this opt-out.

        Returns when NATS has it: a permit asked for later is asked after it.
        """
        try:
            await self._bus.publish(OPTOUTS_KEPT)
            await self._bus.round_trip()
        except Unavailable as error:
            log.warning("decision is told of an opt-out only by the relay: %s", error)


async def _pause(ends: Sequence[asyncio.Event], seconds: float) -> None:
    """Returns after so long, or when one of these happens."""
    waits = [asyncio.create_task(event.wait()) for event in ends]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
