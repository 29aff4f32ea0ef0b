"""Who an event is about, and where it stands in that person's sequence.

A person is found by user id, by anonymous id, by the id of another system, and by address where the
workspace says so. An anonymous profile that turns out to be a known person is merged into the known
one; two profiles that both have a user id never merge, unless somebody asks for it by name
(`merge_known`). The plan is worked out in order, on what was read under the profiles' locks, and
then written as a whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.ingest.domain.items import Item, Kind


class IdKind(StrEnum):
    """The sorts of ids every client knows. Others are `external:<system>`, `email` and `phone`."""

    USER = "user"
    ANONYMOUS = "anonymous"


BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Identity(NamedTuple):
    """One id of a person within a workspace."""

    workspace: str
    kind: str
    value: str


@dataclass(slots=True, kw_only=True)
class Profile:
    """A living profile while a plan is made. `user_id` is empty while the person is anonymous."""

    id: UUID
    workspace: str
    user_id: str = ""
    last_seq: int = 0
    last_seen_at: datetime
    created_at: datetime
    merged_into: UUID | None = None
    written_seq: int = -1
    """The `last_seq` that the store holds already, if the plan needs no more numbers than that."""
    is_altered: bool = False
    """Whether more than the sequence changed."""

    @property
    def is_to_be_written(self) -> bool:
        return self.is_altered or self.last_seq != self.written_seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An item with the person it belongs to and its number in that person's sequence."""

    item: Item
    profile: UUID
    person_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody says that two profiles are one person, and why."""

    occurred_at: datetime
    traceparent: str
    reason: str
    bulk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """The loser's past goes to the winner; has a number in the winner's sequence."""

    workspace: str
    winner: UUID
    person_seq: int
    loser: UUID
    loser_last_seq: int
    cause: Item | Asked


@dataclass(kw_only=True)
class Plan:
    """What to write. `steps` holds items and merges in the order of the sequences."""

    steps: list[Placed | Merge] = field(default_factory=list)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    new_identities: dict[Identity, UUID] = field(default_factory=dict)

    @property
    def placed(self) -> list[Placed]:
        return [step for step in self.steps if isinstance(step, Placed)]

    @property
    def merges(self) -> list[Merge]:
        return [step for step in self.steps if isinstance(step, Merge)]

    def home_of(self, profile: UUID) -> UUID:
        """The profile that stands for `profile` once the plan is carried out."""
        while (winner := self.profiles[profile].merged_into) is not None:
            profile = winner
        return profile


def identities_of(items: Iterable[Item]) -> set[Identity]:
    """Every id a plan for these items may ask for."""
    return {identity for item in items for identity in named(item)}


@dataclass(slots=True)
class Demand:
    """How many numbers of a person's sequence the items probably take, and their latest time."""

    count: int = 0
    seen_at: datetime = BEGINNING


def demand(
    items: Iterable[Item], owners: Mapping[Identity, UUID]
) -> dict[tuple[str, UUID], Demand]:
    """What the plan will ask of each profile, as far as ids alone tell; every owner is named.

    Merges take numbers of their own: the plan corrects what is wrong here.
    """
    wanted = {(identity.workspace, owner): Demand() for identity, owner in owners.items()}
    for item in items:
        first = next(iter(named(item)))
        if (owner := owners.get(first)) is not None:
            taken = wanted[item.workspace, owner]
            taken.count += 1
            taken.seen_at = max(taken.seen_at, item.occurred_at)
    return wanted


def plan(
    items: Sequence[Item],
    owners: Mapping[Identity, UUID],
    profiles: Mapping[UUID, Profile],
    new_id: Callable[[], UUID],
    at: datetime,
) -> Plan:
    """Places every item, in order.

    Args:
        owners: the profile of each known identity.
        profiles: those profiles, locked, none of them merged away; changed by the plan.
    """
    planner = _Planner(owners, dict(profiles), new_id, at)
    for item in items:
        planner.place(item)
    return planner.plan


def merge_known(winner: Profile, loser: Profile, asked: Asked) -> Plan:
    """Makes two profiles one because somebody asked for it; both may have user ids, and the winner
    answers to all of them. Where only one is known, that one wins. Both are locked and living.
    """
    if loser.user_id and not winner.user_id:
        winner, loser = loser, winner
    planner = _Planner({}, {winner.id: winner, loser.id: loser}, _no_id, asked.occurred_at)
    planner.merge(loser, winner, asked)
    return planner.plan


def _no_id() -> UUID:
    raise AssertionError("a merge makes no profile")


class _Planner:
    def __init__(
        self,
        owners: Mapping[Identity, UUID],
        profiles: dict[UUID, Profile],
        new_id: Callable[[], UUID],
        at: datetime,
    ) -> None:
        self._owners = dict(owners)
        self._new_id = new_id
        self._at = at
        self.plan = Plan(profiles=profiles)

    def place(self, item: Item) -> None:
        profile = self._person(item)
        profile.last_seq += 1
        profile.last_seen_at = max(profile.last_seen_at, item.occurred_at)
        self.plan.steps.append(Placed(item=item, profile=profile.id, person_seq=profile.last_seq))

    def _person(self, item: Item) -> Profile:
        others = self._other_ids(item)
        if item.user_id:
            person = self._known(item, others)
        elif not item.further_ids:
            return self._owner(others[0]) or self._create(item, others[0])
        else:
            person = self._unnamed(item, others)
        for other in others:
            owner = self._owner(other)
            if owner is None:
                self._own(other, person)
            elif owner is not person and not owner.user_id:
                self.merge(owner, person, item)
        return person

    def _unnamed(self, item: Item, others: Sequence[Identity]) -> Profile:
        """The person of a call without a user id: the known one any of its ids leads to, else the
        first found, else a new one.
        """
        owners = [owner for other in others if (owner := self._owner(other))]
        known = next((owner for owner in owners if owner.user_id), None)
        return known or (owners[0] if owners else self._create(item, others[0]))

    def _known(self, item: Item, others: Sequence[Identity]) -> Profile:
        """The person with this user id: found, or the anonymous visitor who now says who they are,
        or new.
        """
        identity = Identity(item.workspace, IdKind.USER, item.user_id)
        if person := self._owner(identity):
            return person
        for other in others:
            owner = self._owner(other)
            if owner and not owner.user_id:
                owner.user_id = item.user_id
                owner.is_altered = True
                self._own(identity, owner)
                return owner
        return self._create(item, identity)

    def _other_ids(self, item: Item) -> list[Identity]:
        """What names the person beside the user id, most telling first. An alias's previous id
        counts as an anonymous one, unless it is a user id.
        """
        workspace = item.workspace
        ids = []
        if item.anonymous_id:
            ids.append(Identity(workspace, IdKind.ANONYMOUS, item.anonymous_id))
        if item.previous_id:
            as_visitor = Identity(workspace, IdKind.ANONYMOUS, item.previous_id)
            as_user = Identity(workspace, IdKind.USER, item.previous_id)
            if self._owner(as_visitor) or not self._owner(as_user):
                ids.append(as_visitor)
        for kind, value in item.further_ids:
            ids.append(Identity(workspace, kind, value))
        return ids

    def _owner(self, identity: Identity) -> Profile | None:
        owner = self._owners.get(identity)
        return self.plan.profiles[self.plan.home_of(owner)] if owner else None

    def _create(self, item: Item, identity: Identity) -> Profile:
        profile = Profile(
            id=self._new_id(),
            workspace=item.workspace,
            user_id=item.user_id,
            last_seen_at=item.occurred_at,
            created_at=self._at,
        )
        self.plan.profiles[profile.id] = profile
        self._own(identity, profile)
        return profile

    def _own(self, identity: Identity, profile: Profile) -> None:
        self._owners[identity] = profile.id
        self.plan.new_identities[identity] = profile.id

    def merge(self, loser: Profile, winner: Profile, cause: Item | Asked) -> None:
        """Makes the loser a tombstone of the winner."""
        loser.merged_into = winner.id
        loser.is_altered = winner.is_altered = True
        winner.last_seq += 1
        winner.created_at = min(winner.created_at, loser.created_at)
        winner.last_seen_at = max(winner.last_seen_at, loser.last_seen_at)
        self.plan.steps.append(
            Merge(
                workspace=winner.workspace,
                winner=winner.id,
                person_seq=winner.last_seq,
                loser=loser.id,
                loser_last_seq=loser.last_seq,
                cause=cause,
            )
        )


def named(item: Item) -> Iterable[Identity]:
    """Every id this item names a person by."""
    workspace = item.workspace
    if item.user_id:
        yield Identity(workspace, IdKind.USER, item.user_id)
    if item.anonymous_id:
        yield Identity(workspace, IdKind.ANONYMOUS, item.anonymous_id)
    if item.kind is Kind.ALIAS:
        yield Identity(workspace, IdKind.ANONYMOUS, item.previous_id)
        yield Identity(workspace, IdKind.USER, item.previous_id)
    for kind, value in item.further_ids:
        yield Identity(workspace, kind, value)
