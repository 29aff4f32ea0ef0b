"""Erasing people everywhere: every service first, then the streams that still carry their facts.

An erasure is a row in Postgres until it is done, so a gateway that dies leaves it to the next one.
Each round asks every service again: a fact that was on its way may have left something, and asking
twice does no harm. Once no outbox names these people any more, the streams are deleted: their
owners make them anew and publish again what is not consumed. That is the only way nothing of a
message stays in the files (ADR 0010).
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.topology import STREAMS
from gateway.store import erasures as store
from kit.bus import erasure
from kit.bus.connection import Connection
from kit.bus.jetstream import STREAM_NOT_FOUND, ApiError, ask, stream_state
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import KairosError

log = logging.getLogger("kairos.gateway")

SERVICES = ("ingest", "decision", "delivery", "history")
"""In the order of the facts: who makes them first."""
AT_ONCE = 500
ROUND_S = 0.5
IDLE_S = 5.0
WIPE_EVERY_S = 10.0
"""Streams are replaced at most this often, however many people ask: each time the facts on their
way come a second or two later."""
BACK_S = 10.0


@dataclass(frozen=True)
class Exported:
    """What each service has about somebody."""

    by_service: dict[str, Any]


class Erasures:
    """Carries out what was asked for."""

    def __init__(self, db: Database, caller: Caller, bus: Connection, clock: Clock) -> None:
        self._db = db
        self._caller = caller
        self._bus = bus
        self._clock = clock
        self._news = asyncio.Event()
        self._wiped_at = float("-inf")

    async def begin(self, wanted: store.Erasure) -> None:
        """Commits the wish; from then on it is carried out, whoever is left to do it."""
        async with self._db.api(wanted.workspace) as tx:
            await store.begin(tx, wanted)
        self._news.set()

    async def export(self, workspace: str, persons: Sequence[UUID]) -> Exported:
        """All that the services have about somebody."""
        body = erasure.asked(workspace, persons)
        answers = await asyncio.gather(
            *(self._caller.call(erasure.export_spec(name), workspace, body) for name in SERVICES)
        )
        return Exported(dict(zip(SERVICES, map(json.loads, answers), strict=True)))

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop: goes on with what is not done."""
        while not stop.is_set():
            pause_s = IDLE_S
            self._news.clear()
            try:
                if await self._round():
                    pause_s = ROUND_S
            except KairosError as error:
                log.warning("erasures wait: %s", error)
                pause_s = ROUND_S
            waits = [asyncio.create_task(each.wait()) for each in (stop, self._news)]
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()

    async def _round(self) -> bool:
        """Asks every service once; whether anything is left to do."""
        async with self._db.worker(readonly=True) as tx:
            running = await store.running(tx, AT_ONCE)
        if not running:
            return False
        clean: list[store.Erasure] = []
        for workspace in sorted({each.workspace for each in running}):
            mine = [each for each in running if each.workspace == workspace]
            if not await self._erase(workspace, mine):
                clean += mine
        if clean and self._clock.monotonic() - self._wiped_at >= WIPE_EVERY_S:
            self._wiped_at = self._clock.monotonic()
            await self._replace_streams()
            async with self._db.worker() as tx:
                await store.done(tx, clean, self._clock.now())
        return True

    async def _erase(self, workspace: str, erasures: Sequence[store.Erasure]) -> int:
        """How much of these people's facts is still on its way."""
        persons = [person for each in erasures for person in each.persons]
        body = erasure.asked(workspace, persons)
        waiting = 0
        for name in SERVICES:
            answer = await self._caller.call(erasure.erase_spec(name), workspace, body)
            waiting += json.loads(answer)["waiting"]
        async with self._db.worker() as tx:
            await store.forget_optouts(tx, workspace, persons)
        return waiting

    async def _replace_streams(self) -> None:
        for spec in STREAMS:
            try:
                await ask(self._bus, f"STREAM.DELETE.{spec.name}")
            except ApiError as error:
                if error.code != STREAM_NOT_FOUND:
                    raise
        for spec in STREAMS:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BACK_S):
                    while await stream_state(self._bus, spec.name) is None:
                        await asyncio.sleep(0.05)
