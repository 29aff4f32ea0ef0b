"""The segments of a catalog, compiled: in an order in which none comes before one it refers to."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from services.decision.domain import documents
from services.decision.domain.conditions.context import Uses
from services.decision.domain.conditions.rule import Flip, Rule
from services.decision.domain.model import Test
from services.decision.domain.segment_numbers import number_of
from services.decision.domain.state import PersonState
from services.decision.domain.tallying import TallySpec

#: What the catalog needs of a state: ("trait", name), ("tally", number), ("segment", "key print").
Need = tuple[str, str]


class Segment(msgspec.Struct, frozen=True):
    """A segment's rule. `number` stands for it in a person's state, `place` is its own in the
    order.

    `revision` is the first with this rule: people settled before it have yet to be counted in.
    `flip` is None where time alone changes nothing.
    """

    key: str
    number: int
    place: int
    revision: int
    test: Test
    flip: Flip | None


class Segmentation(msgspec.Struct, frozen=True):
    """All segments, each after those it refers to, and who is concerned by what, as places in it.

    A person settled at `settle_at` or later has been counted into every one of them, and has all
    that the catalog needs: `needs` says since which revision it does. `tallies`, by event, are to
    be counted for whom they are complete.
    """

    ordered: tuple[Segment, ...] = ()
    numbers: dict[int, Segment] = {}
    by_event: dict[str, tuple[int, ...]] = {}
    by_trait: dict[str, tuple[int, ...]] = {}
    by_segment: dict[int, tuple[int, ...]] = {}
    by_zone: tuple[int, ...] = ()
    by_permission: tuple[int, ...] = ()
    by_messages: tuple[int, ...] = ()
    tallies: dict[str, tuple[TallySpec, ...]] = {}
    needs: dict[Need, int] = {}
    trait_since: dict[str, int] = {}
    tally_since: dict[int, int] = {}
    settle_at: int = 0


CompileRule = Callable[[documents.Condition, str, str, Uses], Rule]
Problem = Callable[[str, str, str, str], None]


class SegmentCompiler:
    """Compiles segments as they are asked for; what is wrong is told to `problem`."""

    def __init__(
        self, given: Iterable[documents.Segment], compile_rule: CompileRule, problem: Problem
    ) -> None:
        self._documents = {each.key: each for each in given}
        self._compile_rule = compile_rule
        self._problem = problem
        self._rules: dict[str, Rule] = {}
        self._uses: dict[str, Uses] = {}
        self._under_way: list[str] = []

    def compile_all(self) -> None:
        """Compile every segment, those first that others refer to."""
        for key in sorted(self._documents):
            self._compile(key)
        by_number: dict[int, str] = {}
        for key in self._rules:
            other = by_number.setdefault(number_of(key), key)
            if other != key:
                self._problem(f"segment {key}", "key", f"another key (too like `{other}`)", key)

    def find(self, key: str, where: str, path: str) -> Rule | None:
        """Return the rule "is in this segment"; None, with a problem, if unknown or circular."""
        if key not in self._documents:
            self._problem(where, path, "the key of a segment in the catalog", f"`{key}`")
            return None
        if key in self._under_way:
            circle = [*self._under_way[self._under_way.index(key) :], key]
            self._problem(
                where, path, "segments that do not contain themselves", " → ".join(circle)
            )
            return None
        self._compile(key)
        return _reference(number_of(key))

    def segmentation(
        self, whole: Uses, timezone: str, since: Callable[[Need], int]
    ) -> Segmentation:
        """Return what was compiled. `whole` is what all of the catalog uses; `since` tells from
        which revision on it needs something.
        """
        prints = {key: f"{key} {self._print(key, timezone)}" for key in self._rules}
        ordered = tuple(
            Segment(
                key, number_of(key), place, since(("segment", prints[key])), rule.test, rule.flip
            )
            for place, (key, rule) in enumerate(self._rules.items())
        )
        needs = {("segment", each): since(("segment", each)) for each in prints.values()}
        needs |= {("trait", name): since(("trait", name)) for name in whole.traits}
        needs |= {("tally", str(number)): since(("tally", str(number))) for number in whole.tallies}
        tallies: dict[str, list[TallySpec]] = {}
        for spec in whole.tallies.values():
            tallies.setdefault(spec.event, []).append(spec)
        places = {segment.key: segment.place for segment in ordered}
        of = {places[key]: uses for key, uses in self._uses.items() if key in places}
        return Segmentation(
            ordered,
            {segment.number: segment for segment in ordered},
            _places(of, lambda uses: uses.events),
            _places(of, lambda uses: uses.traits),
            _places(of, lambda uses: {places[key] for key in uses.segments if key in places}),
            tuple(place for place, uses in of.items() if uses.zone),
            tuple(place for place, uses in of.items() if uses.permission),
            tuple(place for place, uses in of.items() if uses.message_window_s),
            {event: tuple(specs) for event, specs in tallies.items()},
            needs,
            {name: since(("trait", name)) for name in whole.traits},
            {number: since(("tally", str(number))) for number in whole.tallies},
            max(needs.values(), default=0),
        )

    def _print(self, key: str, timezone: str) -> str:
        """Return what changes with a segment's rule, and with nothing else of its document."""
        zone = timezone if self._uses[key].zone else ""
        said = msgspec.json.encode([self._documents[key].rule, zone], order="deterministic")
        return blake2b(said, digest_size=8).hexdigest()

    def _compile(self, key: str) -> None:
        if key in self._rules:
            return
        self._under_way.append(key)
        uses = self._uses[key] = Uses()
        where = f"segment {key}"
        rule = self._compile_rule(self._documents[key].rule, where, "rule", uses)
        if uses.properties:
            got = f"`{min(uses.properties)}`"
            self._problem(where, "rule", "no `property`: a segment looks at no event", got)
        self._under_way.pop()
        self._rules[key] = rule


def _reference(number: int) -> Rule:
    """A segment in a rule is the membership itself: who refers to it is asked after it changed."""

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return number in state.segments

    return Rule(test)


def _places(of: Mapping[int, Uses], used: Callable[[Uses], Iterable[Any]]) -> dict[Any, Any]:
    """Return from what is used to the places of the segments that do."""
    found: dict[Any, tuple[int, ...]] = {}
    for place, uses in of.items():
        for each in used(uses):
            found[each] = (*found.get(each, ()), place)
    return found
