"""What was done with messages and learnt from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.response_model import Cell, Count


class Trial(NamedTuple):
    """A marketing message that was ordered: what was done, and what else could have been."""

    workspace: str
    message: UUID
    decision: UUID
    sent_at: datetime
    until: datetime
    channel: str
    template: str
    variant: str
    bucket: str
    model_revision: int
    actions: bytes


class Response(NamedTuple):
    """The first response to a message, with the local hour of the week."""

    workspace: str
    message: UUID
    at: datetime
    kind: str
    hour: int


class LoggedTrial(NamedTuple):
    """A decision with a choice: what was done, what could have been, was it answered."""

    message: UUID
    sent_at: datetime
    channel: str
    template: str
    variant: str
    bucket: str
    actions: bytes
    answered: bool


class Settled(NamedTuple):
    """What is to be counted: a message (`trials` 1) or only its late response (0).

    `hour` is that of the response, None where none has come yet.
    """

    workspace: str
    cell: Cell
    hour: int | None
    trials: int


class Snapshot(NamedTuple):
    """The counts that changed with a snapshot, whole, and everyone's hours."""

    workspace: str
    revision: int
    counts: dict[Cell, Count]
    hours: list[int]


class TrialStore(Protocol):
    """What was done with messages and learnt from it; `store/trials.py` keeps these promises."""

    async def insert_trials(self, tx: Tx, trials: Sequence[Trial]) -> None: ...

    async def note_responses(self, tx: Tx, responses: Sequence[Response]) -> None: ...

    async def delete_trials(self, tx: Tx, messages: Sequence[tuple[str, UUID]]) -> None: ...

    async def settle_trials(self, tx: Tx, now: datetime, limit: int) -> list[Settled]: ...

    async def lock_model(self, tx: Tx, workspace: str, now: datetime) -> int: ...

    async def model_heads(self, tx: Tx) -> dict[str, int]: ...

    async def model_snapshot(
        self, tx: Tx, workspace: str, after: int, revision: int
    ) -> Snapshot: ...

    async def insert_snapshot(self, tx: Tx, snapshot: Snapshot, now: datetime) -> None: ...

    async def list_choices(
        self,
        tx: Tx,
        workspace: str,
        span: tuple[datetime | None, datetime, datetime],
        template: str,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[LoggedTrial]: ...
