"""What the handlers of permission need of the store beside the state."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.ledger import OptIn, Suppressed
from services.decision.ports.permission import LedgerEntry


class Ledger(Protocol):
    """What is kept about permission beside the state; `store/permission.py` keeps the promises."""

    async def save_opt_in(self, tx: Tx, opt_in: OptIn) -> None: ...

    async def open_opt_in(self, tx: Tx, like: OptIn) -> OptIn | None: ...

    async def find_opt_in(self, tx: Tx, workspace: str, token_sha256: bytes) -> OptIn | None: ...

    async def lock_opt_in(self, tx: Tx, workspace: str, token_sha256: bytes) -> OptIn | None: ...

    async def confirm_opt_in(self, tx: Tx, opt_in: OptIn, now: datetime) -> None: ...

    async def entries_until(
        self, tx: Tx, workspace: str, persons: Sequence[UUID], at: datetime
    ) -> list[LedgerEntry]: ...

    async def suppressions(
        self, tx: Tx, workspace: str, channel: str, after: tuple[UUID, str] | None, limit: int
    ) -> list[Suppressed]: ...
