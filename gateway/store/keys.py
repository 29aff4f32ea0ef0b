"""The gateway's queries on workspaces and their keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.store.common import Row
from kit.db.database import Tx


async def find_key(tx: Tx, key_sha256: bytes) -> Row | None:
    """The unrevoked key with this hash, of whatever workspace: a request does not know its own."""
    return await tx.fetchrow(
        "SELECT workspace, id, kind, scopes FROM api_keys"
        " WHERE key_sha256 = $1 AND revoked_at IS NULL",
        key_sha256,
    )


async def signing_keys(tx: Tx, workspace: str, prefix: str) -> list[bytes]:
    """The hashes of the secret keys in force that begin like this; user tokens are signed with
    them.
    """
    rows = await tx.fetch(
        "SELECT key_sha256 FROM api_keys WHERE workspace = $1 AND prefix = $2"
        " AND kind = 'secret' AND revoked_at IS NULL LIMIT 10",
        workspace,
        prefix,
    )
    return [row["key_sha256"] for row in rows]


async def ensure_workspace(tx: Tx, workspace: str, at: datetime) -> None:
    """Makes the workspace where there is none."""
    await tx.execute(
        "INSERT INTO workspaces (workspace, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        workspace,
        at,
    )


@dataclass(frozen=True)
class NewKey:
    """A key to be stored."""

    workspace: str
    id: UUID
    prefix: str
    kind: str
    scopes: list[str]
    key_sha256: bytes


async def ensure_key(tx: Tx, key: NewKey, at: datetime) -> None:
    """Stores a key unless it is stored already."""
    await tx.execute(
        "INSERT INTO api_keys (workspace, id, prefix, kind, scopes, key_sha256, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key_sha256) DO NOTHING",
        key.workspace,
        key.id,
        key.prefix,
        key.kind,
        key.scopes,
        key.key_sha256,
        at,
    )
