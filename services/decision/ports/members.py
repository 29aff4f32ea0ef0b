"""Who is in which segment, and what counting people rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.recounting import Past
from services.decision.ports.states import StoredState


class Membership(NamedTuple):
    """A person in a segment since `entered_at`; None where they are not in it any more."""

    workspace: str
    segment: str
    person: UUID
    entered_at: datetime | None


class Member(NamedTuple):
    """One line of a segment's list."""

    person: UUID
    entered_at: datetime


@dataclass(frozen=True)
class Settlement:
    """How far a workspace's people have been counted into its segments.

    `settled_at_revision` is the last revision at which all had been; `after` the last person done.
    `clear` says that nobody works with an older catalog any more.
    """

    workspace: str
    revision: int
    settled_at_revision: int
    people: int
    done: int
    after: UUID | None
    started_at: datetime
    finished_at: datetime | None
    clear: bool


class PastSource(Protocol):
    """What ingest has on record; `adapters/past.py` keeps these promises."""

    async def read(
        self, workspace: str, profiles: Sequence[UUID], events: Sequence[str], *, traits: bool
    ) -> Past:
        """Events of these names of these profiles, and their traits if asked for."""
        ...


class MemberStore(Protocol):
    """Queries about segments; `store/members.py` keeps these promises."""

    async def list_behind(self, tx: Tx, limit: int) -> list[tuple[str, int]]: ...

    async def start_settlement(
        self, tx: Tx, workspace: str, revision: int, now: datetime
    ) -> None: ...

    async def skip_settlement(
        self, tx: Tx, workspace: str, revision: int, now: datetime
    ) -> None: ...

    async def restart_settlement(self, tx: Tx, workspace: str) -> None: ...

    async def lock_settlement(self, tx: Tx) -> Settlement | None: ...

    async def get_settlement(self, tx: Tx, workspace: str) -> Settlement | None: ...

    async def save_settlement(
        self, tx: Tx, workspace: str, after: UUID | None, done: int, finished_at: datetime | None
    ) -> None: ...

    async def unsettled(self, tx: Tx) -> bool: ...

    async def page_of_people(
        self, tx: Tx, workspace: str, after: UUID | None, limit: int
    ) -> list[tuple[UUID, StoredState]]: ...

    async def forget_segments(self, tx: Tx, workspace: str, kept: list[str], limit: int) -> int: ...

    async def range_of_people(
        self, tx: Tx, workspace: str
    ) -> tuple[int, UUID | None, UUID | None]: ...

    async def count_members(self, tx: Tx, workspace: str, segment: str) -> int: ...

    async def list_members(
        self, tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
    ) -> list[Member]: ...
