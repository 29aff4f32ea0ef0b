"""Campaigns and whom they reach."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.campaigns.runs import CampaignRun, Fate


class CampaignStore(Protocol):
    """Queries about campaigns; `store/campaigns.py`."""

    async def note_fates(self, tx: Tx, fates: Sequence[Fate]) -> None: ...

    async def note_outcomes(
        self, tx: Tx, outcomes: Sequence[tuple[str, UUID, str, datetime]]
    ) -> None: ...

    async def insert_run(self, tx: Tx, run: CampaignRun) -> None: ...

    async def save_run(self, tx: Tx, run: CampaignRun) -> None: ...

    async def lock_runs(self, tx: Tx, workspace: str, campaign: str) -> list[CampaignRun]: ...

    async def lock_due_run(self, tx: Tx, now: datetime) -> CampaignRun | None: ...

    async def next_run_due(self, tx: Tx) -> datetime | None: ...

    async def page_of_audience(
        self, tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
    ) -> list[UUID]: ...

    async def count_people(self, tx: Tx, workspace: str, segment: str) -> int: ...

    async def take_recipients(
        self,
        tx: Tx,
        run: CampaignRun,
        people: Sequence[tuple[UUID, str]],
        now: datetime,
        *,
        again: bool,
    ) -> list[UUID]: ...

    async def leave_out(self, tx: Tx, run: CampaignRun, people: Sequence[UUID]) -> None: ...

    async def count_on_their_way(self, tx: Tx, workspace: str, campaign: str, run: UUID) -> int: ...

    async def count_recipients(
        self, tx: Tx, workspace: str, campaign: str, run: UUID
    ) -> list[tuple[str, str, str, int]]: ...

    async def count_since(
        self, tx: Tx, workspace: str, campaign: str, run: UUID, since: datetime
    ) -> int: ...

    async def sample_states(
        self, tx: Tx, workspace: str, segment: str, limit: int
    ) -> list[tuple[UUID, bytes]]: ...
