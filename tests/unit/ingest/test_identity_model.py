"""2,000 steps of identify, alias and track against a model that only knows sets of ids."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.ingest.domain.identity import Placed
from tests.unit.ingest.test_identity import World, item

USERS, VISITORS, CARDS = ["u1", "u2", "u3"], ["v1", "v2", "v3", "v4"], ["c1", "c2"]
Name = tuple[str, str]


class Group:
    """One person of the model: their ids, and how many calls and merges they have had."""

    def __init__(self) -> None:
        self.names: set[Name] = set()
        self.calls = 0
        self.merges = 0

    @property
    def is_known(self) -> bool:
        return any(kind == "user" for kind, _ in self.names)


class Identities(RuleBasedStateMachine):
    """The plan of every commit carried out on a world, and the same told to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.owner: dict[Name, Group] = {}

    @rule(
        calls=st.lists(
            st.tuples(
                st.sampled_from(["", *USERS]),
                st.sampled_from(VISITORS),
                st.sampled_from(["", *CARDS]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def track(self, calls: Any) -> None:
        """A batch: one commit."""
        self.world.commit(
            *(item(user, visitor, others=[card] if card else []) for user, visitor, card in calls)
        )
        for user, visitor, card in calls:
            others = [("anonymous", visitor), *([("external:crm", card)] if card else [])]
            self._tell(user, others)

    @rule(user=st.sampled_from(USERS), previous=st.sampled_from([*VISITORS, *USERS]))
    def alias(self, user: str, previous: str) -> None:
        """A previous id that is a user id joins nobody."""
        self.world.commit(item(user, previous=previous))
        as_visitor = ("anonymous", previous)
        is_visitor = as_visitor in self.owner or ("user", previous) not in self.owner
        # A call about the user comes first: alias of oneself finds the user known already.
        self._tell(user, [as_visitor] if is_visitor else [])

    @rule(one=st.sampled_from(USERS), other=st.sampled_from(USERS))
    def merge(self, one: str, other: str) -> None:
        """Somebody says that two customers are one."""
        stays, goes = self.owner.get(("user", one)), self.owner.get(("user", other))
        if stays is None or goes is None or stays is goes:
            return
        self.world.merge(self.world.user(one), self.world.user(other))
        self._unite(stays, goes)

    def _tell(self, user: str, others: list[Name]) -> None:
        found = [self.owner[each] for each in others if each in self.owner]
        if user:
            group = self.owner.get(("user", user))
            if group is None:
                group = next((each for each in found if not each.is_known), Group())
                self._give(("user", user), group)
        else:
            group = next((each for each in found if each.is_known), None) or (
                found[0] if found else Group()
            )
        for each in others:
            owner = self.owner.get(each)
            if owner is None:
                self._give(each, group)
            elif owner is not group and not owner.is_known:
                self._unite(group, owner)
        group.calls += 1

    def _give(self, name: Name, group: Group) -> None:
        group.names.add(name)
        self.owner[name] = group

    def _unite(self, stays: Group, goes: Group) -> None:
        for name in goes.names:
            self._give(name, stays)
        stays.merges += 1

    @invariant()
    def same_people(self) -> None:
        """The same ids belong together, and each living profile has the calls of its own."""
        groups = {id(each): each for each in self.owner.values()}.values()
        assert self.world.groups() == {frozenset(each.names) for each in groups}

    @invariant()
    def sequences_are_dense(self) -> None:
        numbers: dict[Any, list[int]] = {}
        for step in self.world.steps:
            home = step.profile if isinstance(step, Placed) else step.winner
            numbers.setdefault(home, []).append(step.person_seq)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())

    @invariant()
    def living_people_have_what_happened_to_them(self) -> None:
        for name, group in self.owner.items():
            profile = next(
                self.world.profiles[owner]
                for identity, owner in self.world.owners.items()
                if (identity.kind, identity.value) == name
            )
            assert profile.merged_into is None
            assert profile.last_seq == group.calls + group.merges


TestIdentities = Identities.TestCase
TestIdentities.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
