"""Who an event is about: told as stories, and checked as properties over any order of calls."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.identity import (
    Asked,
    Identity,
    IdKind,
    Merge,
    Placed,
    Plan,
    Profile,
    identities_of,
    merge_known,
    plan,
)
from services.ingest.domain.items import Item, KeyKind, Kind

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def item(
    user: str = "", visitor: str = "", *, previous: str = "", others: Sequence[str] = ()
) -> Item:
    return Item(
        workspace="shop",
        index=0,
        kind=Kind.ALIAS if previous else Kind.TRACK,
        message_id="m",
        name="Seen",
        user_id=user,
        anonymous_id=visitor,
        previous_id=previous,
        occurred_at=NOW,
        received_at=NOW,
        properties_json=b"",
        traits=None,
        traits_json=b"",
        context_json=b"",
        key_kind=KeyKind.SERVER,
        history=False,
        traceparent="",
        further_ids=tuple(("external:crm", each) for each in others),
    )


class World:
    """What the store would hold: plans are carried out on it, one commit each."""

    def __init__(self) -> None:
        self.profiles: dict[UUID, Profile] = {}
        self.owners: dict[Identity, UUID] = {}
        self.steps: list[Placed | Merge] = []
        self._ids = count(1)

    def commit(self, *items: Item) -> Plan:
        asked = {each: self.owners[each] for each in identities_of(items) if each in self.owners}
        locked = {profile: replace(self.profiles[profile]) for profile in asked.values()}
        made = plan(items, asked, locked, lambda: UUID(int=next(self._ids)), NOW)
        return self._keep(made)

    def merge(self, winner: UUID, loser: UUID) -> Plan:
        """Somebody says that the two are one."""
        stays, goes = (replace(self.profiles[each]) for each in (winner, loser))
        asked = Asked(occurred_at=NOW, traceparent="", reason="")
        return self._keep(merge_known(stays, goes, asked))

    def _keep(self, made: Plan) -> Plan:
        self.profiles |= made.profiles
        self.owners |= made.new_identities
        for identity, owner in self.owners.items():
            self.owners[identity] = self.home_of(owner)
        self.steps += made.steps
        return made

    def home_of(self, profile: UUID) -> UUID:
        while (winner := self.profiles[profile].merged_into) is not None:
            profile = winner
        return profile

    def user(self, value: str) -> UUID:
        return self.owners[Identity("shop", IdKind.USER, value)]

    def visitor(self, value: str) -> UUID:
        return self.owners[Identity("shop", IdKind.ANONYMOUS, value)]

    def groups(self) -> set[frozenset[tuple[str, str]]]:
        """Which ids belong together."""
        homes: dict[UUID, set[tuple[str, str]]] = {}
        for identity, owner in self.owners.items():
            homes.setdefault(owner, set()).add((identity.kind, identity.value))
        return {frozenset(each) for each in homes.values()}


def test_visitor_who_says_who_they_are_keeps_their_profile() -> None:
    """Nothing to merge: the anonymous profile becomes the known one."""
    world = World()
    world.commit(item(visitor="a"))
    made = world.commit(item("anna", "a"))

    assert made.merges == []
    assert world.user("anna") == world.visitor("a")


def test_visitor_who_turns_out_to_be_known_is_merged() -> None:
    """The known profile survives and gets the past; the merge has a number in its sequence."""
    world = World()
    world.commit(item(visitor="a"), item(visitor="a"))
    world.commit(item("anna"))
    anonymous, known = world.visitor("a"), world.user("anna")
    made = world.commit(item("anna", "a"))

    (merge,) = made.merges
    assert (merge.winner, merge.loser, merge.loser_last_seq) == (known, anonymous, 2)
    assert [step.person_seq for step in made.steps] == [2, 3]
    assert world.visitor("a") == known


def test_merging_again_changes_nothing() -> None:
    """The same call twice finds the work done."""
    world = World()
    world.commit(item(visitor="a"), item("anna"), item("anna", "a"))

    assert world.commit(item("anna", "a")).merges == []


def test_two_known_people_on_one_device_stay_two() -> None:
    """A shared browser must not hand one customer's data to another (Mautic #6947, #7532)."""
    world = World()
    world.commit(item("anna", "a"), item("bert", "a"))

    assert world.user("anna") != world.user("bert")
    assert world.visitor("a") == world.user("anna")


def test_alias_never_merges_two_user_ids() -> None:
    """Joining two customers takes an explicit, audited call, not a tracking key."""
    world = World()
    world.commit(item("anna"), item("bert"))
    made = world.commit(item("anna", previous="bert"))

    assert made.merges == []
    assert world.user("anna") != world.user("bert")


def test_alias_joins_a_visitor_to_a_known_person() -> None:
    """Whatever the order: seen first, or named first."""
    for first in (item(visitor="a"), item("anna")):
        world = World()
        world.commit(first)
        world.commit(item("anna", previous="a"))

        assert world.visitor("a") == world.user("anna")


def test_known_id_survives_a_merge() -> None:
    """An anonymous profile never wins and takes the known id away (Mautic #16425)."""
    world = World()
    world.commit(item(visitor="old"))
    world.commit(item("anna"))
    known = world.user("anna")
    world.commit(item("anna", "old"))

    assert world.user("anna") == known
    assert world.profiles[known].user_id == "anna"


def test_chain_of_merges_ends_at_one_person() -> None:
    """Twenty devices, one customer; also when all of it happens in one commit."""
    one_by_one, at_once = World(), World()
    calls = [item(visitor=f"v{number}") for number in range(20)]
    calls += [item("anna", f"v{number}") for number in range(20)]
    for each in calls:
        one_by_one.commit(each)
    at_once.commit(*calls)

    for world in (one_by_one, at_once):
        assert {world.visitor(f"v{number}") for number in range(20)} == {world.user("anna")}


def test_workspaces_share_nobody() -> None:
    """The same id in two workspaces is two people."""
    other = Item(**{name: getattr(item("anna"), name) for name in Item.__struct_fields__}
                 | {"workspace": "other"})  # fmt: skip
    world = World()
    made = world.commit(item("anna"), other)

    assert len(made.profiles) == 2


def test_id_of_another_system_leads_to_its_person() -> None:
    """The shop's till knows a card, the app an anonymous id; the card is known already."""
    world = World()
    world.commit(item("anna", others=["card-1"]))
    world.commit(item(visitor="till"))
    made = world.commit(item(visitor="till", others=["card-1"]))

    assert len(made.merges) == 1
    assert world.visitor("till") == world.user("anna")


def test_shared_card_never_glues_two_known_people() -> None:
    """Whoever named it first keeps it."""
    world = World()
    world.commit(item("anna", others=["card-1"]), item("bert", others=["card-1"]))

    assert world.user("anna") != world.user("bert")
    assert world.owners[Identity("shop", "external:crm", "card-1")] == world.user("anna")


def test_two_visitors_with_one_card_are_one_and_become_known_together() -> None:
    """The tombstone of the first merge follows when its winner is merged in turn."""
    world = World()
    world.commit(item(visitor="a", others=["card-1"]), item(visitor="b", others=["card-1"]))
    assert world.visitor("a") == world.visitor("b")
    world.commit(item("anna"))
    world.commit(item("anna", "b"))

    assert world.visitor("a") == world.visitor("b") == world.user("anna")


def test_two_known_people_merge_only_when_asked() -> None:
    """Then the one that stays answers to both user ids."""
    world = World()
    world.commit(item("anna"), item("bert"), item("bert", "b"))
    made = world.merge(world.user("anna"), world.user("bert"))

    assert (made.merges[0].person_seq, made.merges[0].loser_last_seq) == (2, 2)
    assert world.user("anna") == world.user("bert") == world.visitor("b")


def test_known_person_stays_whoever_was_named_first() -> None:
    """A known id is never hidden behind an anonymous profile (Mautic #16425)."""
    world = World()
    world.commit(item(visitor="a"), item("bert"))
    bert = world.user("bert")
    world.merge(world.visitor("a"), bert)

    assert world.user("bert") == world.visitor("a") == bert


IDS = st.sampled_from(["", "1", "2", "3"])
CALLS = st.builds(
    lambda user, visitor, previous, other: item(
        user and f"u{user}",
        visitor and f"v{visitor}",
        previous=previous and f"v{previous}",
        others=[other] if other else [],
    ),
    IDS,
    IDS,
    IDS,
    IDS,
).filter(lambda each: bool(each.user_id or (each.anonymous_id and not each.previous_id)))


@settings(deadline=None)
@given(st.lists(CALLS, max_size=30), st.integers(1, 5))
def test_any_calls_leave_people_whole(calls: Sequence[Item], size: int) -> None:
    """However calls are cut into commits: sequences dense, users apart, ids at living people."""
    together, alone = World(), World()
    for start in range(0, len(calls), size):
        together.commit(*calls[start : start + size])
    for each in calls:
        alone.commit(each)

    assert together.groups() == alone.groups()
    for world in (together, alone):
        numbers: dict[UUID, list[int]] = {}
        for step in world.steps:
            home = step.profile if isinstance(step, Placed) else step.winner
            numbers.setdefault(home, []).append(step.person_seq)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
        for group in world.groups():
            assert sum(kind == IdKind.USER for kind, _ in group) <= 1
        assert all(world.profiles[owner].merged_into is None for owner in world.owners.values())
