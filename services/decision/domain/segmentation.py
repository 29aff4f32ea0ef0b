"""The segments of a catalog, compiled: in an order in which none comes before one it refers to."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from services.decision.domain import documents
from services.decision.domain.conditions.compile import Uses
from services.decision.domain.conditions.rule import Flip, Rule
from services.decision.domain.model import Test
from services.decision.domain.state import PersonState


class Segment(msgspec.Struct, frozen=True):
    """A segment's rule. `number` stands for it in a person's state, `place` is
    its own in the order.

    `revision` is that of the text: people settled at an earlier one have yet to be counted in.
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

    A person settled at `settle_at` or later has been counted into every one of them.
    """

    ordered: tuple[Segment, ...] = ()
    numbers: dict[int, Segment] = {}
    by_event: dict[str, tuple[int, ...]] = {}
    by_trait: dict[str, tuple[int, ...]] = {}
    by_segment: dict[int, tuple[int, ...]] = {}
    settle_at: int = 0


def number_of(key: str) -> int:
    """Return the 32 bits that stand for a segment in a state: five bytes, whatever its name."""
    return int.from_bytes(blake2b(key.encode(), digest_size=4, person=b"kairos-segment").digest())


CompileRule = Callable[[documents.Condition, str, str, Uses], Rule]
Problem = Callable[[str, str, str, str], None]


class SegmentCompiler:
    """Compiles segments as they are asked for; what is wrong is told to `problem`."""

    def __init__(
        self,
        given: Iterable[documents.Segment],
        revision_of: Callable[[str, str], int],
        compile_rule: CompileRule,
        problem: Problem,
    ) -> None:
        self._documents = {each.key: each for each in given}
        self._revision_of = revision_of
        self._compile_rule = compile_rule
        self._problem = problem
        self._segments: dict[str, Segment] = {}
        self._uses: dict[str, Uses] = {}
        self._under_way: list[str] = []

    def compile_all(self) -> None:
        """Compile every segment, those first that others refer to."""
        for key in sorted(self._documents):
            self._compile(key)
        by_number: dict[int, str] = {}
        for segment in self._segments.values():
            other = by_number.setdefault(segment.number, segment.key)
            if other != segment.key:
                where = f"segment {segment.key}"
                self._problem(where, "key", f"another key (too like `{other}`)", segment.key)

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

    def segmentation(self, settle_at: int) -> Segmentation:
        """Return what was compiled; `settle_at` as far as other documents demand it."""
        ordered = tuple(self._segments.values())
        place = {segment.key: i for i, segment in enumerate(ordered)}
        by_event: dict[str, list[int]] = {}
        by_trait: dict[str, list[int]] = {}
        by_segment: dict[int, list[int]] = {}
        for i, segment in enumerate(ordered):
            uses = self._uses[segment.key]
            for event in uses.events:
                by_event.setdefault(event, []).append(i)
            for trait in uses.traits:
                by_trait.setdefault(trait, []).append(i)
            for key in uses.segments:
                by_segment.setdefault(place[key], []).append(i)
        return Segmentation(
            ordered,
            {segment.number: segment for segment in ordered},
            _frozen(by_event),
            _frozen(by_trait),
            _frozen(by_segment),
            max([settle_at, *(segment.revision for segment in ordered)]) if ordered else 0,
        )

    def _compile(self, key: str) -> None:
        if key in self._segments:
            return
        self._under_way.append(key)
        uses = self._uses[key] = Uses()
        where = f"segment {key}"
        rule = self._compile_rule(self._documents[key].rule, where, "rule", uses)
        if uses.properties:
            name = min(uses.properties)
            self._problem(where, "rule", "no `property`: a segment looks at no event", f"`{name}`")
        self._under_way.pop()
        revision = self._revision_of("segment", key)
        self._segments[key] = Segment(
            key, number_of(key), len(self._segments), revision, rule.test, rule.flip
        )


def _reference(number: int) -> Rule:
    """A segment in a rule is the membership itself: who refers to it is asked after it changed."""

    def test(state: PersonState, now_s: int, properties: Mapping[str, Any]) -> bool:
        return number in state.segments

    return Rule(test)


def _frozen(places: Mapping[Any, list[int]]) -> dict[Any, tuple[int, ...]]:
    return {name: tuple(found) for name, found in places.items()}
