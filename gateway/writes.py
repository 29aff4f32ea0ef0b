"""What surrounds every write with a secret key: the audit trail and the Idempotency-Key.

The attempt is recorded before anything happens, its end after it. With an Idempotency-Key the
answer is kept for 24 h: the same request gets it again, another request under the same key is
refused (422), and so is one that comes while the first is under way (409). A request whose gateway
died may be taken over after `STALE_AFTER`; what it did is repeated, which every service takes
without harm. Answers that say "try again" (429, 5xx) are not kept.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Response

from gateway.auth import Key
from gateway.store import audit as audit_store
from gateway.store import idempotency as idempotency_store
from gateway.store.common import Row
from kit import telemetry
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Conflict, Invalid, KairosError
from kit.ids import new_id

log = logging.getLogger("kairos.gateway")

KEPT_FOR = timedelta(hours=24)
STALE_AFTER = timedelta(seconds=60)
"""Longer than any write may take."""
FORGET_EVERY_S = 600.0
REPLAYED = "idempotency-replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Held:
    """A write under way."""

    entry: audit_store.AuditEntry
    claim: idempotency_store.Claim | None


class Writes:
    """Keeps the records of writes."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def begin(self, key: Key, action: str) -> Held:
        """Records the attempt; `action` is method and route template."""
        held = Held(self._entry(key, action), None)
        async with self._db.api(key.workspace) as tx:
            await audit_store.begin_audit(tx, held.entry, self._clock.now())
        return held

    async def begin_once(
        self, key: Key, action: str, idempotency_key: str, request_sha256: bytes
    ) -> Held | Response:
        """As `begin`; the kept answer where the request was answered before."""
        if not _KEY.fullmatch(idempotency_key):
            raise Invalid("An Idempotency-Key has 1 to 255 visible ASCII characters")
        now = self._clock.now()
        entry = self._entry(key, action)
        claim = idempotency_store.Claim(key.workspace, idempotency_key, request_sha256, entry.id)
        async with self._db.api(key.workspace) as tx:
            row = await idempotency_store.claim(tx, claim, now, now - KEPT_FOR, now - STALE_AFTER)
            if row["holder"] != entry.id:
                return _kept(row, request_sha256)
            await audit_store.begin_audit(tx, entry, now)
        return Held(entry, claim)

    async def end(
        self,
        held: Held,
        status: int,
        answer: Response | None = None,
        *,
        reason: str | None = None,
    ) -> None:
        """Records how it ended, why it was done, and the answer for those who ask again."""
        async with self._db.api(held.entry.workspace) as tx:
            await audit_store.end_audit(tx, held.entry, status, reason)
            if held.claim is None:
                return
            if answer is None or status >= 500 or status == 429:
                await idempotency_store.release(tx, held.claim)
                return
            kind = answer.headers.get("content-type")
            await idempotency_store.keep_answer(tx, held.claim, status, kind, bytes(answer.body))

    async def forget(self, stop: asyncio.Event) -> None:
        """Until told to stop: deletes what has expired."""
        while not stop.is_set():
            try:
                while await self._forget_some():
                    await asyncio.sleep(0)
            except KairosError as error:
                log.info("expired idempotency records stay for now: %s", error)
            try:
                await asyncio.wait_for(stop.wait(), FORGET_EVERY_S)
            except TimeoutError:
                continue

    def _entry(self, key: Key, action: str) -> audit_store.AuditEntry:
        trace_id = telemetry.trace_id_of(telemetry.current_traceparent())
        return audit_store.AuditEntry(key.workspace, new_id(self._clock), key.id, action, trace_id)

    async def _forget_some(self) -> int:
        async with self._db.worker() as tx:
            return await idempotency_store.forget_expired(tx, self._clock.now() - KEPT_FOR)


def _kept(row: Row, request_sha256: bytes) -> Response:
    if row["request_sha256"] != request_sha256:
        raise Invalid("This Idempotency-Key was used for another request; take a new one")
    if row["status"] is None:
        raise Conflict("The first request with this Idempotency-Key is still under way")
    return Response(
        row["body"],
        status_code=row["status"],
        headers={"content-type": row["content_type"] or "", REPLAYED: "true"},
    )
