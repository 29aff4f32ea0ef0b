"""Calls that journeys ordered: made, signed, tried again with jitter, for a day."""

import asyncio
import json
import logging
import random
from datetime import datetime, timedelta

from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unavailable
from services.decision.handlers.catalogs import Catalogs
from services.decision.ports.hooks import Answered, Hooks
from services.decision.ports.runs import Call, RunStore

log = logging.getLogger("kairos.decision.calls")

BATCH = 20
"""Calls made side by side."""
LEASE = timedelta(seconds=60)
"""A call taken by a process that died is made again after this; twice the longest timeout."""
RETRY_FIRST_S, RETRY_MAX_S = 5.0, 3_600.0
GIVE_UP_AFTER = timedelta(hours=24)
IDLE_S = 1.0
_TRY_AGAIN = frozenset({0, 408, 425, 429})


class Calls:
    """Makes what is due."""

    def __init__(
        self, store: RunStore, catalogs: Catalogs, hooks: Hooks, db: Database, clock: Clock
    ) -> None:
        self._store = store
        self._catalogs = catalogs
        self._hooks = hooks
        self._db = db
        self._clock = clock
        self._under_way = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Until stopped; a lost Postgres is waited for."""
        while not stop.is_set():
            try:
                busy = await self.call_due()
            except Unavailable as error:
                log.warning("calls wait: %s", error)
                busy = False
            if not busy:
                waits = [asyncio.create_task(stop.wait())]
                _, pending = await asyncio.wait(waits, timeout=IDLE_S)
                for wait in pending:
                    wait.cancel()
        await self._hooks.close()

    async def busy(self) -> bool:
        """Whether a call is under way."""
        return self._under_way > 0

    async def next_due(self) -> datetime | None:
        """When the next call is to be made."""
        async with self._db.autocommit() as tx:
            return await self._store.next_call(tx)

    async def call_due(self) -> bool:
        """Makes one batch of due calls; False when there was none."""
        now = self._clock.now()
        self._under_way += 1
        try:
            async with self._db.worker() as tx:
                claimed = await self._store.claim_calls(tx, now, now + LEASE, BATCH)
            await asyncio.gather(*(self._make(call, attempt) for call, attempt in claimed))
        finally:
            self._under_way -= 1
        return bool(claimed)

    async def _make(self, call: Call, attempt: int) -> None:
        async with self._db.autocommit() as tx:
            catalogs = await self._catalogs.current(tx, {call.workspace})
        hook = catalogs[call.workspace].webhooks.get(call.webhook)
        if hook is None:
            answered = Answered(404, "the webhook is no longer in the catalog")
        else:
            answered = await self._hooks.call(
                hook.url, hook.secret, str(call.id), int(self._clock.now().timestamp()),
                body_of(call), hook.timeout_s,
            )  # fmt: skip
        state, due_at = self._settled(call, attempt, answered)
        if state != "done":
            log.warning("call %s of %s: %s, %s", call.id, call.webhook, answered.detail, state)
        async with self._db.worker() as tx:
            await self._store.settle_call(
                tx, call.workspace, call.id, state, due_at, answered.detail
            )

    def _settled(self, call: Call, attempt: int, answered: Answered) -> tuple[str, datetime]:
        now = self._clock.now()
        if 200 <= answered.status < 300:
            return "done", now
        final = 400 <= answered.status < 500 and answered.status not in _TRY_AGAIN
        if final or now >= call.ordered_at + GIVE_UP_AFTER:
            return "failed", now
        wait_s = min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(attempt - 1, 12))
        return "pending", now + timedelta(seconds=wait_s * random.uniform(0.5, 1))  # noqa: S311 -- jitter


def body_of(call: Call) -> bytes:
    """The body of a call: the same at every try, so that its receiver knows a repeat."""
    data = {
        "person": str(call.person),
        "journey": call.journey,
        "step": call.step,
        **json.loads(call.body),
    }
    if call.kind == "journey.task":
        data["task_id"] = str(call.id)
    told = {"type": call.kind, "timestamp": call.ordered_at.isoformat(), "data": data}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
