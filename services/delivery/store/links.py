"""Where links lead, and whom they were sent to."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from services.delivery.ports import Sent


class LinkStore:
    """Targets and short links in Postgres."""

    async def keep_targets(
        self, tx: Tx, workspace: str, targets: Mapping[UUID, str], now: datetime
    ) -> None:
        ordered = sorted(targets.items())
        await tx.execute(
            "INSERT INTO link_targets (workspace, target, url, stored_at)"
            " SELECT $1, given.target, given.url, $4::timestamptz"
            " FROM unnest($2::uuid[], $3::text[]) AS given (target, url)"
            " ON CONFLICT (workspace, target) DO NOTHING",
            workspace,
            [target for target, _ in ordered],
            [url for _, url in ordered],
            now,
        )

    async def keep_short(
        self, tx: Tx, workspace: str, message_id: UUID, codes: Mapping[str, UUID]
    ) -> None:
        ordered = sorted(codes.items())
        await tx.execute(
            "INSERT INTO short_links (workspace, code, message_id, target)"
            " SELECT $1, given.code, $2::uuid, given.target"
            " FROM unnest($3::text[], $4::uuid[]) AS given (code, target)"
            " ON CONFLICT (workspace, code) DO NOTHING",
            workspace,
            message_id,
            [code for code, _ in ordered],
            [target for _, target in ordered],
        )

    async def find_target(self, tx: Tx, workspace: str, target: UUID) -> str | None:
        url: str | None = await tx.fetchval(
            "SELECT url FROM link_targets WHERE workspace = $1 AND target = $2", workspace, target
        )
        return url

    async def find_short(self, tx: Tx, code: str) -> tuple[str, UUID, UUID] | None:
        row = await tx.fetchrow(
            "SELECT workspace, message_id, target FROM short_links WHERE code = $1", code
        )
        return (row["workspace"], row["message_id"], row["target"]) if row else None

    async def find_sent(self, tx: Tx, workspace: str, message_id: UUID) -> Sent | None:
        row = await tx.fetchrow(
            "SELECT workspace, message_id, decision_id, person, channel, lane, traceparent,"
            " (SELECT max(at) FROM attempts AS a WHERE a.workspace = m.workspace"
            "  AND a.message_id = m.message_id AND a.outcome = 'accepted') AS accepted_at"
            " FROM messages AS m WHERE workspace = $1 AND message_id = $2",
            workspace,
            message_id,
        )
        return Sent(**row) if row else None
