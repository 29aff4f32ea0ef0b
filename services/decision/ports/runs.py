"""Runs of journeys and the calls they order."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx

RunKey = tuple[str, UUID, str, UUID]
"""Workspace, person, journey and the run."""


class Run(NamedTuple):
    """Where somebody stands in one run of a journey, since when, and until when."""

    workspace: str
    person: UUID
    journey: str
    run: UUID
    version: int
    step: str
    entered_at: datetime
    since: datetime
    due_at: datetime | None


class Call(NamedTuple):
    """A call of another system that a journey ordered; `body` is JSON text."""

    workspace: str
    id: UUID
    person: UUID
    journey: str
    step: str
    webhook: str
    kind: str
    body: str
    ordered_at: datetime


class RunStore(Protocol):
    """Queries about runs of journeys and the calls they ordered; `store/runs.py`."""

    async def save_runs(self, tx: Tx, runs: Sequence[Run], ended: Sequence[RunKey]) -> None: ...

    async def forget_runs(self, tx: Tx, workspace: str, person: UUID) -> None: ...

    async def count_runs(
        self, tx: Tx, workspace: str, journey: str
    ) -> list[tuple[int, str, int, datetime | None, datetime]]: ...

    async def list_runs(
        self, tx: Tx, workspace: str, journey: str, step: str, after: RunKey | None, limit: int
    ) -> list[Run]: ...

    async def people_in_version(
        self, tx: Tx, workspace: str, journey: str, version: int, limit: int
    ) -> list[UUID]: ...

    async def insert_calls(self, tx: Tx, calls: Sequence[Call]) -> None: ...

    async def claim_calls(
        self, tx: Tx, now: datetime, until: datetime, limit: int
    ) -> list[tuple[Call, int]]: ...

    async def settle_call(
        self, tx: Tx, workspace: str, call: UUID, state: str, due_at: datetime, detail: str
    ) -> None: ...

    async def next_call(self, tx: Tx) -> datetime | None: ...
