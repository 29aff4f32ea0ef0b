"""People in flight change to another version of their journey, or leave it: a deliberate act."""

import msgspec

from services.decision.domain import decide
from services.decision.domain.case import refused
from services.decision.domain.decisions import Move
from services.decision.domain.inputs import MoveInput
from services.decision.domain.journeys import engine
from services.decision.domain.model import Journey
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Position
from services.decision.domain.turn import Turn, index_of


def on_move(turn: Turn, move: MoveInput) -> str:
    """Take every run of the journey's old version to the new one; without one, end it.

    Who stays at the same step goes on waiting, with what waits to go out for them; who comes to
    another step arrives there anew, and what waited is dropped. Again changes nothing.
    """
    moved = False
    journey = turn.catalog.journeys.get((move.journey, move.to_version))
    for position in list(turn.state.positions):
        if position.journey != move.journey or position.version != move.from_version:
            continue
        if journey is None:
            if move.to_version:
                continue
            _drop_wanted(turn, position)
            if position in turn.state.positions:
                engine.leave(turn, position, Reason.JOURNEY_REMOVED)
            moved = True
            continue
        target = target_of(journey, position.step, move.steps)
        if target is not None:
            _take(turn, position, journey, target)
            moved = True
    return "applied" if moved else "unchanged"


def target_of(journey: Journey, step: str, steps: dict[str, str]) -> str | None:
    """Return where somebody at `step` goes; None where the new version has no such step."""
    target = steps.get(step, step)
    return target if target in journey.steps else None


def _take(turn: Turn, position: Position, journey: Journey, target: str) -> None:
    at = index_of(turn.state.positions, position)
    moved = msgspec.structs.replace(position, version=journey.version)
    if target == position.step:
        turn.state.positions[at] = moved
        for i, pending in enumerate(turn.state.pending):
            if (pending.journey, pending.entry) == (position.journey, position.entry):
                turn.state.pending[i] = msgspec.structs.replace(
                    pending, version=journey.version, choice=0
                )
        turn.moved(moved, Move.ADVANCED, note="moved")
        return
    # At no step, so that what is dropped moves nobody on.
    moved = msgspec.structs.replace(moved, step="", due_s=0)
    turn.state.positions[at] = moved
    _drop_wanted(turn, position)
    engine.walk(turn, moved, journey, target)


def _drop_wanted(turn: Turn, position: Position) -> None:
    for pending in list(turn.state.pending):
        if (pending.journey, pending.entry) == (position.journey, position.entry):
            facts = {"journey": pending.journey}
            decide.end(turn, pending, refused("journey", Reason.JOURNEY_REMOVED, facts))
