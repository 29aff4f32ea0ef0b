"""What ingest's handlers need from their store. Every call works inside the given transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kit.db.database import Tx
from services.ingest.domain.identity import Identity, Merge, Placed, Plan, Profile
from services.ingest.domain.items import Item
from services.ingest.domain.refs import Ref
from services.ingest.domain.traits import Traits

MessageKey = tuple[str, str]
"""Workspace and the client's own message id."""


ProfileKey = tuple[str, UUID]
"""Workspace and profile."""


class Stale(Exception):
    """What was read before the locks no longer holds; the transaction has to be run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A step of a plan on its way into the record, with the id of its fact."""

    id: UUID
    at: datetime
    step: Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMerge:
    """A merge on its way into the record; `event` is the one that brought the two together."""

    id: UUID
    at: datetime
    step: Merge
    event: UUID


@dataclass(frozen=True, kw_only=True)
class Person:
    """A profile as it is shown."""

    profile: Profile
    user_ids: Sequence[str]
    anonymous_ids: Sequence[str]
    merged: Sequence[UUID]
    traits: Traits


class Store(Protocol):
    """The record of events and people."""

    async def claim(self, tx: Tx, items: Collection[Item]) -> set[MessageKey]:
        """Takes the message ids; returns those nobody had taken. Waits for a commit that takes the
        same one.
        """
        ...

    async def owners(self, tx: Tx, asked: Collection[Identity]) -> dict[Identity, UUID]:
        """The profile of each identity that has one."""
        ...

    async def lock(self, tx: Tx, asked: Collection[ProfileKey]) -> dict[UUID, Profile]:
        """Locks these profiles in key order; raises Stale if one of them was merged away
        meanwhile.
        """
        ...

    async def save_people(self, tx: Tx, plan: Plan) -> None:
        """Writes profiles, identities and merged identities; raises Stale if an identity was taken
        meanwhile.
        """
        ...

    async def save_record(
        self, tx: Tx, events: Sequence[Recorded], merges: Sequence[RecordedMerge]
    ) -> None:
        """Adds to the record of events and merges."""
        ...

    async def traits(self, tx: Tx, asked: Collection[ProfileKey]) -> dict[ProfileKey, Traits]:
        """The traits of these profiles; the caller holds the profiles' locks."""
        ...

    async def save_traits(
        self,
        tx: Tx,
        changed: Mapping[ProfileKey, Traits],
        gone: Collection[ProfileKey],
    ) -> None:
        """Writes the traits of `changed`; those of `gone` belong to somebody else now."""
        ...

    async def find_person(self, tx: Tx, workspace: str, ref: Ref) -> Person | None:
        """The living profile a reference leads to."""
        ...

    def blames_data(self, error: Exception) -> bool:
        """Whether the error says that the data cannot be stored, now or later."""
        ...
