"""The queries that every step rests on."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.model import Controls
from services.decision.ports.members import Membership
from services.decision.ports.permission import LedgerEntry
from services.decision.ports.states import (
    ChangedState,
    Head,
    Key,
    Reconsideration,
    StoredDecision,
    StoredState,
    StoredStep,
)


class Store(Protocol):
    """The service's queries; `store/queries.py` keeps these promises."""

    async def lock_states(
        self, tx: Tx, keys: Iterable[Key], now: datetime
    ) -> dict[Key, StoredState]: ...

    async def read_states(self, tx: Tx, keys: Iterable[Key]) -> dict[Key, StoredState]: ...

    async def save_states(self, tx: Tx, states: Sequence[ChangedState], now: datetime) -> None: ...

    async def list_due(self, tx: Tx, now: datetime, limit: int) -> list[Key]: ...

    async def due_of(self, tx: Tx, keys: Sequence[Key]) -> dict[Key, datetime]: ...

    async def next_due(self, tx: Tx) -> datetime | None: ...

    async def insert_decisions(
        self, tx: Tx, steps: Sequence[StoredStep], decisions: Sequence[StoredDecision]
    ) -> None: ...

    async def get_decision(
        self, tx: Tx, workspace: str, decision: UUID
    ) -> tuple[StoredDecision, StoredStep]: ...

    async def list_decisions(
        self, tx: Tx, workspace: str, after: UUID, before: UUID | None, limit: int
    ) -> list[tuple[StoredDecision, StoredStep]]: ...

    async def insert_permission(self, tx: Tx, entries: Sequence[LedgerEntry]) -> None: ...

    async def save_members(self, tx: Tx, members: Sequence[Membership]) -> None: ...

    async def drop_member(
        self, tx: Tx, workspace: str, person: UUID, segments: Sequence[str]
    ) -> None: ...

    async def heads(self, tx: Tx, workspaces: Iterable[str]) -> dict[str, Head]: ...

    async def save_controls(self, tx: Tx, workspace: str, controls: Controls) -> None: ...

    async def ask_to_reconsider(self, tx: Tx, workspace: str, now: datetime) -> None: ...

    async def lock_reconsideration(self, tx: Tx) -> Reconsideration | None: ...

    async def list_waiting(
        self, tx: Tx, workspace: str, after: UUID | None, limit: int
    ) -> list[Key]: ...

    async def save_reconsideration(self, tx: Tx, workspace: str, after: UUID | None) -> None: ...

    async def lock_head(self, tx: Tx, workspace: str, now: datetime) -> int: ...

    async def documents(
        self, tx: Tx, workspace: str, revision: int, kind: str = "", key: str = ""
    ) -> list[tuple[str, str, int, str]]: ...

    async def former_journeys(
        self, tx: Tx, workspace: str, revision: int
    ) -> list[tuple[str, str, int, str]]: ...

    async def needs(self, tx: Tx, workspace: str, revision: int) -> dict[tuple[str, str], int]: ...

    async def save_needs(
        self,
        tx: Tx,
        workspace: str,
        revision: int,
        added: Sequence[tuple[str, str]],
        dropped: Sequence[tuple[str, str]],
    ) -> None: ...

    async def insert_documents(
        self,
        tx: Tx,
        workspace: str,
        revision: int,
        changed: Sequence[tuple[str, str, str]],
        now: datetime,
    ) -> None: ...
