"""What is kept about permission beside the state: the ledger as a record, and double opt-ins."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.ledger import OptIn, Suppressed
from services.decision.ports.permission import LedgerEntry

_OPT_IN = (
    "workspace, token_sha256, person, channel, topic, purpose, address, evidence::text,"
    " requested_at, expires_at, confirmed_at"
)


async def save_opt_in(tx: Tx, opt_in: OptIn) -> None:
    """Keeps what a token stands for; of the token only its hash."""
    await tx.execute(
        "INSERT INTO opt_ins (workspace, token_sha256, person, channel, topic, purpose, address,"
        " evidence, requested_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10)",
        *opt_in[:-1],
    )


async def open_opt_in(tx: Tx, like: OptIn) -> OptIn | None:
    """One for the same person, channel, topic, purpose and address that can still be confirmed."""
    row = await tx.fetchrow(
        f"SELECT {_OPT_IN} FROM opt_ins WHERE workspace = $1 AND person = $2 AND channel = $3"
        " AND topic = $4 AND purpose = $5 AND address = $6 AND expires_at > $7"
        " AND confirmed_at IS NULL LIMIT 1",
        like.workspace,
        like.person,
        like.channel,
        like.topic,
        like.purpose,
        like.address,
        like.requested_at,
    )
    return None if row is None else OptIn(*row.values())


async def find_opt_in(tx: Tx, workspace: str, token_sha256: bytes) -> OptIn | None:
    """What a token stands for."""
    row = await tx.fetchrow(
        f"SELECT {_OPT_IN} FROM opt_ins WHERE workspace = $1 AND token_sha256 = $2",
        workspace,
        token_sha256,
    )
    return None if row is None else OptIn(*row.values())


async def lock_opt_in(tx: Tx, workspace: str, token_sha256: bytes) -> OptIn | None:
    """What a token stands for, locked: it is used once."""
    row = await tx.fetchrow(
        f"SELECT {_OPT_IN} FROM opt_ins WHERE workspace = $1 AND token_sha256 = $2 FOR UPDATE",
        workspace,
        token_sha256,
    )
    return None if row is None else OptIn(*row.values())


async def confirm_opt_in(tx: Tx, opt_in: OptIn, now: datetime) -> None:
    """Uses up the token."""
    await tx.execute(
        "UPDATE opt_ins SET confirmed_at = $3 WHERE workspace = $1 AND token_sha256 = $2",
        opt_in.workspace,
        opt_in.token_sha256,
        now,
    )


async def entries_until(
    tx: Tx, workspace: str, persons: Sequence[UUID], at: datetime
) -> list[LedgerEntry]:
    """What took effect for these people up to `at`, oldest first."""
    rows = await tx.fetch(
        "SELECT workspace, person, id, seq, at, part, status, purpose, channel, topic, basis,"
        " reason, until, message, evidence::text FROM permission_ledger"
        " WHERE workspace = $1 AND person = ANY($2::uuid[]) AND at <= $3 ORDER BY at, seq, id",
        workspace,
        list(persons),
        at,
    )
    return [LedgerEntry(*row.values()) for row in rows]


async def suppressions(
    tx: Tx, workspace: str, channel: str, after: tuple[UUID, str] | None, limit: int
) -> list[Suppressed]:
    """Those in force, by person and channel."""
    rows = await tx.fetch(
        "SELECT person, channel, reason, at FROM ("
        "  SELECT DISTINCT ON (person, channel) person, channel, reason, at, status"
        "  FROM permission_ledger WHERE workspace = $1 AND part = 'suppression'"
        "  AND ($2 = '' OR channel = $2)"
        "  AND ($3::uuid IS NULL OR (person, channel) > ($3, $4))"
        "  ORDER BY person, channel, at DESC, seq DESC) newest"
        " WHERE status = 'set' ORDER BY person, channel LIMIT $5",
        workspace,
        channel,
        after[0] if after else None,
        after[1] if after else "",
        limit,
    )
    return [Suppressed(*row.values()) for row in rows]
