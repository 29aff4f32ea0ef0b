"""What ingest's handlers need from their store. Every call works inside the given transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx
from services.ingest.domain.identity import Demand, Identity, Merge, Placed, Plan, Profile
from services.ingest.domain.items import Item, Refusal
from services.ingest.domain.refs import Ref
from services.ingest.domain.rules import Violation
from services.ingest.domain.traits import Traits

MessageKey = tuple[str, str]
"""Workspace and the client's own message id."""


ProfileKey = tuple[str, UUID]
"""Workspace and profile."""


class Stale(Exception):
    """What was read before the locks no longer holds; the transaction has to be run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A step of a plan on its way into the record, with the id of its fact. `superseded` are traits
    about which something newer was known.
    """

    id: UUID
    at: datetime
    step: Placed
    superseded: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMerge:
    """A merge on its way into the record; `event` is the one that brought the two together, the
    merge itself where somebody asked for it.
    """

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
    external_ids: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Known:
    """The traits of a profile, with the addresses it is looked up by."""

    traits: Traits
    email: str | None
    phone: str | None


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Which profiles: reachable at these addresses (empty: any), older than `before`."""

    email: str = ""
    phone: str = ""
    before: UUID | None = None
    limit: int = 50


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of one request of the tracking API."""

    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0
    refused: Sequence[Refusal] = ()


@dataclass(frozen=True)
class PastAsked:
    """Which events of whom: track events by name, others by kind; after a number."""

    profiles: Sequence[UUID]
    names: Sequence[str]
    kinds: Sequence[str]
    with_traits: bool
    after: tuple[UUID, int] | None


class PastEvent(NamedTuple):
    """An event as rules count it."""

    profile: UUID
    seq: int
    kind: str
    name: str
    occurred_at: datetime
    properties: str | None


REPLAYED_MAX = 500
"""Events taken out of quarantine by one call: one commit."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """An item in quarantine, and how it broke the plan when it was last looked at."""

    id: UUID
    item: Item
    violation: Violation


@dataclass(frozen=True, kw_only=True)
class Looking:
    """Which part of the quarantine: of one event (empty: of all), after this entry."""

    event: str
    after: UUID
    limit: int


@dataclass(frozen=True, kw_only=True)
class Replaying:
    """What shall leave the quarantine: these entries (none: all) of one event (empty: of all)."""

    event: str
    ids: Sequence[UUID]


class Store(Protocol):
    """The record of events and people."""

    async def make_room(self, tx: Tx, at: datetime) -> None:
        """Makes the partitions that what is written at this time goes into, where they are
        missing.
        """
        ...

    async def forget(self, tx: Tx, at: datetime) -> int:
        """Forgets message ids taken 14 days before and earlier; returns how many weeks of them."""
        ...

    async def claim(self, tx: Tx, items: Collection[Item], at: datetime) -> set[MessageKey]:
        """Takes the message ids; returns those nobody had taken in this week or the one before.
        Waits for a commit that takes the same one.
        """
        ...

    async def unclaim(self, tx: Tx, items: Collection[Item], at: datetime) -> None:
        """Gives back ids that `claim` took in this transaction, of items that are not stored."""
        ...

    async def owners(self, tx: Tx, asked: Collection[Identity]) -> dict[Identity, UUID]:
        """The profile of each identity that has one."""
        ...

    async def lock(self, tx: Tx, asked: Collection[ProfileKey]) -> dict[UUID, Profile]:
        """Locks these profiles in key order; raises Stale if one of them was merged away
        meanwhile.
        """
        ...

    async def take(self, tx: Tx, wanted: Mapping[ProfileKey, Demand]) -> dict[UUID, Profile]:
        """Locks these profiles in key order and writes the numbers they will surely take; what is
        returned stands before those. Raises Stale if one of them was merged away meanwhile.
        """
        ...

    async def save_people(self, tx: Tx, plan: Plan) -> None:
        """Writes profiles (as far as `take` has not), identities and merged identities; raises
        Stale if an identity was taken meanwhile.
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
        changed: Mapping[ProfileKey, Known],
        gone: Collection[ProfileKey],
    ) -> None:
        """Writes the traits of `changed`; those of `gone` belong to somebody else now."""
        ...

    async def last_seqs(
        self, tx: Tx, workspace: str, profiles: Collection[UUID]
    ) -> dict[UUID, int]:
        """The highest number given to each of these profiles, tombstones too."""
        ...

    async def past_events(
        self, tx: Tx, workspace: str, asked: "PastAsked", limit: int
    ) -> list[PastEvent]:
        """Events of profiles by name, in order of profile and number, those after `asked.after`."""
        ...

    async def find_person(self, tx: Tx, workspace: str, ref: Ref) -> Person | None:
        """The living profile a reference leads to."""
        ...

    async def find_people(self, tx: Tx, workspace: str, asking: Asking) -> list[Person]:
        """Living profiles, newest first."""
        ...

    async def quarantine(self, tx: Tx, held: Sequence[Held]) -> None:
        """Keeps items that break the tracking plan."""
        ...

    async def quarantined(self, tx: Tx, workspace: str, looking: Looking) -> list[Held]:
        """What waits, oldest first."""
        ...

    async def take_quarantined(self, tx: Tx, workspace: str, wanted: Replaying) -> list[Held]:
        """Locks entries, oldest first, REPLAYED_MAX at most; passes over those others hold."""
        ...

    async def release_quarantined(self, tx: Tx, workspace: str, ids: Sequence[UUID]) -> None:
        """Removes entries that were taken in."""
        ...

    async def blame_quarantined(
        self, tx: Tx, workspace: str, broken: Sequence[tuple[UUID, Violation]]
    ) -> None:
        """Writes how entries break the plan as it is now."""
        ...

    async def keep_plan(self, tx: Tx, workspace: str, revision: int, documents: bytes) -> None:
        """Keeps the tracking plan for the time decision is away; an older one changes nothing."""
        ...

    async def kept_plan(self, tx: Tx, workspace: str) -> tuple[int, bytes] | None:
        """Revision and documents of the plan kept last."""
        ...

    def blames_data(self, error: Exception) -> bool:
        """Whether the error says that the data cannot be stored, now or later."""
        ...


class ErasedIds(Protocol):
    """Keyed hashes of the ids of people who were erased."""

    async def names_of(self, tx: Tx, workspace: str, persons: Sequence[UUID]) -> list[Identity]:
        """Every id and address that leads to these profiles, which are locked."""
        ...

    async def remember_erased(self, tx: Tx, workspace: str, digests: Sequence[bytes]) -> None:
        """Keeps hashes; one that is kept stays."""
        ...

    async def erased_among(
        self, tx: Tx, asked: Collection[tuple[str, bytes]]
    ) -> set[tuple[str, bytes]]:
        """Those of these hashes, each with its workspace, that are kept."""
        ...
