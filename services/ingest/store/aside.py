"""Queries on what stands beside the record: the quarantine and the tracking plan."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from kit.db.database import Tx
from services.ingest.domain.items import Item
from services.ingest.domain.rules import Violation
from services.ingest.ports import REPLAYED_MAX, Held, Looking, Replaying

_HOLD = """
INSERT INTO quarantine (workspace, id, event, user_id, anonymous_id, pointer, reason, item)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]
)
"""
_HELD = """
SELECT id, pointer, reason, item FROM quarantine
WHERE workspace = $1 AND id > $2 AND ($3 = '' OR event = $3) ORDER BY id LIMIT $4
"""
_TAKE = """
SELECT id, pointer, reason, item FROM quarantine
WHERE workspace = $1 AND ($2 = '' OR event = $2)
    AND (cardinality($3::uuid[]) = 0 OR id = ANY($3::uuid[]))
ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED
"""
_RELEASE = "DELETE FROM quarantine WHERE workspace = $1 AND id = ANY($2::uuid[])"
_BLAME = """
UPDATE quarantine SET pointer = broken.pointer, reason = broken.reason
FROM unnest($2::uuid[], $3::text[], $4::text[]) AS broken (id, pointer, reason)
WHERE quarantine.workspace = $1 AND quarantine.id = broken.id
"""
_KEEP_PLAN = """
INSERT INTO plans (workspace, revision, documents) VALUES ($1, $2, $3)
ON CONFLICT (workspace) DO UPDATE SET revision = excluded.revision, documents = excluded.documents
WHERE plans.revision < excluded.revision
"""
_KEPT_PLAN = "SELECT revision, documents FROM plans WHERE workspace = $1"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Item).decode


class Aside:
    """Part of the store; see `ports.Store`."""

    async def quarantine(self, tx: Tx, held: Sequence[Held]) -> None:
        rows = [
            (
                each.item.workspace,
                each.id,
                each.item.name or f"${each.item.kind}",
                each.item.user_id,
                each.item.anonymous_id,
                each.violation.pointer,
                each.violation.reason,
                _encode(each.item),
            )
            for each in held
        ]
        await tx.execute(_HOLD, *zip(*rows, strict=True))

    async def quarantined(self, tx: Tx, workspace: str, looking: Looking) -> list[Held]:
        rows = await tx.fetch(_HELD, workspace, looking.after, looking.event, looking.limit)
        return [_held(*row) for row in rows]

    async def take_quarantined(self, tx: Tx, workspace: str, wanted: Replaying) -> list[Held]:
        rows = await tx.fetch(_TAKE, workspace, wanted.event, list(wanted.ids), REPLAYED_MAX)
        return [_held(*row) for row in rows]

    async def release_quarantined(self, tx: Tx, workspace: str, ids: Sequence[UUID]) -> None:
        await tx.execute(_RELEASE, workspace, list(ids))

    async def blame_quarantined(
        self, tx: Tx, workspace: str, broken: Sequence[tuple[UUID, Violation]]
    ) -> None:
        if broken:
            ids = [one for one, _ in broken]
            pointers = [found.pointer for _, found in broken]
            reasons = [found.reason for _, found in broken]
            await tx.execute(_BLAME, workspace, ids, pointers, reasons)

    async def keep_plan(self, tx: Tx, workspace: str, revision: int, documents: bytes) -> None:
        await tx.execute(_KEEP_PLAN, workspace, revision, documents)

    async def kept_plan(self, tx: Tx, workspace: str) -> tuple[int, bytes] | None:
        row = await tx.fetchrow(_KEPT_PLAN, workspace)
        return (row["revision"], row["documents"]) if row else None


def _held(entry: UUID, pointer: str, reason: str, item: bytes) -> Held:
    return Held(id=entry, item=_decode(item), violation=Violation(pointer, reason))
