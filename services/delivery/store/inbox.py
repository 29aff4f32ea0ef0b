"""The messages in apps."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from services.delivery.domain.outgoing import Note
from services.delivery.ports import InboxQuestion, InboxRow

_COLUMNS = (
    "item, position, placement, title, text, url, action, image, at, expires_at, seen_at,"
    " clicked_at"
)
_ACTS = {"seen": "seen_at", "clicked": "clicked_at", "dismissed": "dismissed_at"}


class InboxStore:
    """Inboxes in Postgres."""

    async def put(self, tx: Tx, note: Note) -> bool:
        order, content = note.order, note.content
        # Positions of one person become visible in their order, so a stream misses none.
        await tx.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1 || $2::uuid::text, 36))",
            order.workspace,
            order.person,
        )
        status = await tx.execute(
            "INSERT INTO inbox_items (workspace, item, person, placement, title, text, url, action,"
            " image, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            " ON CONFLICT (workspace, item) DO NOTHING",
            order.workspace,
            order.message_id,
            order.person,
            content.placement,
            content.subject,
            content.text,
            content.url,
            content.action,
            content.image,
            note.at,
            note.expires_at,
        )
        return status.endswith(" 1")

    async def items(
        self, tx: Tx, workspace: str, asked: InboxQuestion, now: datetime
    ) -> list[InboxRow]:
        rows = await tx.fetch(
            f"SELECT {_COLUMNS} FROM inbox_items WHERE workspace = $1 AND person = ANY($2::uuid[])"
            " AND dismissed_at IS NULL AND expires_at > $3 AND ($4 = '' OR placement = $4)"
            " AND ($5 = 0 OR position < $5) AND position > $6"
            f" ORDER BY position {'ASC' if asked.after else 'DESC'} LIMIT $7",
            workspace,
            list(asked.persons),
            now,
            asked.placement,
            asked.before,
            asked.after,
            asked.limit,
        )
        return [InboxRow(**row) for row in rows]

    async def act(
        self, tx: Tx, workspace: str, persons: Sequence[UUID], item: UUID, act: str, now: datetime
    ) -> bool | None:
        column = _ACTS[act]
        before = await tx.fetchrow(
            f"SELECT {column} AS at FROM inbox_items WHERE workspace = $1 AND item = $2"
            " AND person = ANY($3::uuid[]) FOR UPDATE",
            workspace,
            item,
            list(persons),
        )
        if before is None:
            return None
        if before["at"] is not None:
            return False
        await tx.execute(
            f"UPDATE inbox_items SET {column} = $3 WHERE workspace = $1 AND item = $2",
            workspace,
            item,
            now,
        )
        return True
