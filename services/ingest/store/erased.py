"""Queries on who was erased: the ids that lead to somebody, and the hashes that are left."""

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.bus.erasure import Personal
from kit.db.database import Tx
from services.ingest.domain.identity import Identity

# A profile's lock keeps whoever stores something about the person waiting; then it is gone.
_NAMES_OF = """
WITH locked AS (
    SELECT id FROM profiles WHERE workspace = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
)
SELECT kind, value FROM identities JOIN locked ON identities.profile = locked.id
WHERE identities.workspace = $1
UNION SELECT 'email', email FROM traits JOIN locked ON traits.profile = locked.id
WHERE traits.workspace = $1 AND email IS NOT NULL
UNION SELECT 'phone', phone FROM traits JOIN locked ON traits.profile = locked.id
WHERE traits.workspace = $1 AND phone IS NOT NULL
"""
_REMEMBER_ERASED = """
INSERT INTO erased_ids (workspace, digest) SELECT $1, unnest($2::bytea[]) ON CONFLICT DO NOTHING
"""
_ERASED_AMONG = """
SELECT erased_ids.workspace, erased_ids.digest FROM erased_ids
JOIN unnest($1::text[], $2::bytea[]) AS asked (workspace, digest)
    ON erased_ids.workspace = asked.workspace AND erased_ids.digest = asked.digest
"""

PERSONAL = (
    Personal("message_ids", "message_id", "events.message_id", "profile", shown=False),
    Personal("events", "profile"),
    Personal("traits", "profile"),
    Personal("quarantine", "user_id", "identities.value", "profile"),
    Personal("quarantine", "anonymous_id", "identities.value", "profile", shown=False),
    Personal("identities", "profile"),
    Personal("merges", "loser"),
    Personal("merges", "winner", shown=False),
    Personal("profiles", "id"),
)
"""The tables with rows of people, what depends on others first."""


class ErasedStore:
    """Keyed hashes in Postgres; implements `ports.ErasedIds`."""

    async def names_of(self, tx: Tx, workspace: str, persons: Sequence[UUID]) -> list[Identity]:
        rows = await tx.fetch(_NAMES_OF, workspace, sorted(persons))
        return [Identity(workspace, kind, value) for kind, value in rows]

    async def remember_erased(self, tx: Tx, workspace: str, digests: Sequence[bytes]) -> None:
        await tx.execute(_REMEMBER_ERASED, workspace, sorted(digests))

    async def erased_among(
        self, tx: Tx, asked: Collection[tuple[str, bytes]]
    ) -> set[tuple[str, bytes]]:
        rows = await tx.fetch(_ERASED_AMONG, *zip(*sorted(asked), strict=True))
        return {(workspace, digest) for workspace, digest in rows}
