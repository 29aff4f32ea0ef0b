"""Who is in which segment: kept in the state, changed inside the step, told as facts.

Membership follows what happens to the person at once, and passing time at the right second: each
segment's next possible change is kept as due, and is part of the person's next wake-up.

A person is *settled* at a catalog revision: counted into every segment as it reads there. Settling
is silent, as is what imported history and low-signal events change: the membership is true and
told, but nothing begins because of it.

Each function returns the moves it made, in order, for whoever begins something on them: the facts
are recorded already, and a move that is `silent` is to begin nothing.
"""

from collections.abc import Sequence

from services.decision.domain import learning
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s
from services.decision.domain.conditions.rule import NEVER
from services.decision.domain.decisions import SegmentMove, SegmentMoved
from services.decision.domain.inputs import SettleInput
from services.decision.domain.segmentation import Segment
from services.decision.domain.state import PersonState
from services.decision.domain.turn import Turn

#: Flips caught up with one by one for a person nobody woke; beyond it, only the present counts.
FLIPS_MAX = 1_000


def begin(turn: Turn) -> Sequence[SegmentMoved]:
    """Settle the person, if the catalog has moved on; to be called before anything is applied.

    Who is seen for the first time has no past to settle: all that follows is news. Who lacks
    something the catalog needs is left to `on_settle`, which brings it.
    """
    state, segments = turn.state, turn.catalog.segments
    if state.settled >= segments.settle_at:
        return ()
    if not state.settled and not state.applied:
        turn.touched.update(range(len(segments.ordered)))
        state.settled, turn.settled = turn.catalog.revision, True
        return ()
    return () if lacks(state, turn.catalog) else _settled(turn)


def lacks(state: PersonState, catalog: Catalog) -> bool:
    """Return whether the catalog needs traits or tallies whose past the state may not hold."""
    segments = catalog.segments
    return any(since > state.settled for since in segments.trait_since.values()) or any(
        since > state.settled for since in segments.tally_since.values()
    )


def on_settle(turn: Turn, brought: SettleInput) -> str:
    """Settle the person with what ingest knew of their past; once is enough.

    Tallies replace what was counted, for they hold all the state has applied; traits only fill
    gaps.
    """
    state, segments = turn.state, turn.catalog.segments
    if turn.settled:
        return "applied"
    if state.settled >= segments.settle_at:
        return "unchanged"
    for name, value in brought.traits.items():
        if name in turn.catalog.traits and name not in state.traits:
            learning.learn_trait(state.traits, name, value)
    for number in [one for one in state.tallies if one not in segments.tally_since]:
        del state.tallies[number]
    for number, since in segments.tally_since.items():
        if since > state.settled:
            state.tallies.pop(number, None)
    state.tallies |= brought.tallies
    _settled(turn)
    return "applied"


def _settled(turn: Turn) -> Sequence[SegmentMoved]:
    state, segments = turn.state, turn.catalog.segments
    state.settled, turn.settled = turn.catalog.revision, True
    for kept in (state.segments, state.dues):
        for number in [one for one in kept if one not in segments.numbers]:
            del kept[number]
    turn.touched.update(range(len(segments.ordered)))
    return settle(turn, silent=True)


def catch_up(turn: Turn, until_s: int) -> Sequence[SegmentMoved]:
    """Let time change what it changed at or before `until_s`, the earliest first."""
    dues = turn.state.dues
    moves: list[SegmentMoved] = []
    for _ in range(FLIPS_MAX):
        if not dues:
            return moves
        at_s = min(dues.values())
        if at_s > until_s:
            return moves
        _touch_due(turn, at_s)
        moves += settle(turn, at_s=at_s)
    _touch_due(turn, until_s)
    return [*moves, *settle(turn, at_s=until_s)]


def settle(turn: Turn, *, silent: bool = False, at_s: int | None = None) -> Sequence[SegmentMoved]:
    """Look at every touched segment again, as of `at_s` (default now); return what changed.

    A segment comes after those it refers to, so one pass in order sees everything.
    """
    touched = turn.touched
    if not touched:
        return ()
    segments = turn.catalog.segments
    moves: list[SegmentMoved] = []
    while touched:
        place = min(touched)
        touched.discard(place)
        moved = _look(
            turn, segments.ordered[place], turn.now_s if at_s is None else at_s, silent=silent
        )
        if moved is not None:
            moves.append(moved)
            touched.update(segments.by_segment.get(place, ()))
    return moves


def _touch_due(turn: Turn, at_s: int) -> None:
    numbers = turn.catalog.segments.numbers
    for number in [number for number, due_s in turn.state.dues.items() if due_s <= at_s]:
        del turn.state.dues[number]
        segment = numbers.get(number)
        if segment is not None:
            turn.touched.add(segment.place)


def _look(turn: Turn, segment: Segment, at_s: int, *, silent: bool) -> SegmentMoved | None:
    state, number = turn.state, segment.number
    if segment.revision > state.settled:
        return None
    if segment.flip is not None:
        due_s = segment.flip(state, at_s)
        if due_s != NEVER:
            state.dues[number] = due_s
        else:
            state.dues.pop(number, None)
    inside = segment.test(state, at_s, {})
    if inside == (number in state.segments):
        return None
    at = turn.now if at_s == turn.now_s else from_s(at_s)
    if not inside:
        del state.segments[number]
        return turn.segment_moved(segment.key, SegmentMove.LEFT, at, silent=silent)
    joined_s = turn.joined.get(number)
    state.segments[number] = at_s if joined_s is None else joined_s
    silent = silent or joined_s is not None
    return turn.segment_moved(segment.key, SegmentMove.ENTERED, at, silent=silent)
