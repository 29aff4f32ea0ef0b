"""The journey engine: who enters, who moves on, who leaves, and when they are looked at again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain import model
from services.decision.domain.civil import add, next_local_time, to_s
from services.decision.domain.decisions import Move
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import EventInput
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Passage, Pending, Position
from services.decision.domain.turn import Turn, index_of

#: A person is in at most so many runs of one journey at a time; state must stay small.
RUNS_MAX = 16
#: Properties of the entering event are carried up to this size (as JSON) each; larger are left out.
CONTEXT_VALUE_BYTES_MAX = 2_000


def enter(turn: Turn, event: EventInput, name: str, properties: Mapping[str, Any]) -> None:
    """Start every live journey the event is an entry to, as far as re-entry allows."""
    state, now_s = turn.state, turn.now_s
    for journey in turn.catalog.live.get(name, ()):
        if not journey.entry.fits(state, now_s, properties, {}) or not _may_enter(turn, journey):
            continue
        if journey.audience is not None and not journey.audience(state, now_s, properties):
            continue
        passage = state.passages.get(journey.key)
        state.passages[journey.key] = Passage(passage.entered + 1 if passage else 1, now_s)
        position = Position(
            journey.key, journey.version, "", event.id, min(to_s(event.occurred_at), now_s), 0,
            _context(journey, properties), name,
        )  # fmt: skip
        state.positions.append(position)
        _walk(turn, position, journey, journey.first, Move.ENTERED)


def _may_enter(turn: Turn, journey: model.Journey) -> bool:
    if journey.reentry == "once":
        return journey.key not in turn.state.passages
    runs = sum(position.journey == journey.key for position in turn.state.positions)
    return not runs if journey.reentry == "after_exit" else runs < RUNS_MAX


def _context(journey: model.Journey, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: properties[name]
        for name in journey.context
        if name in properties
        and len(msgspec.json.encode(properties[name])) <= CONTEXT_VALUE_BYTES_MAX
    }


def resume_waits(turn: Turn, name: str, properties: Mapping[str, Any]) -> None:
    """Move on whoever waits for this event."""
    for position in list(turn.state.positions):
        journey = turn.catalog.journey_of(position)
        step = journey.steps.get(position.step) if journey else None
        if (
            journey is not None
            and isinstance(step, model.WaitForEventStep)
            and step.trigger.event == name
            and step.trigger.fits(turn.state, turn.now_s, properties, position.context)
        ):
            _walk(turn, position, journey, step.on_event, Move.ADVANCED)


def fire_timers(turn: Turn, until_s: int) -> None:
    """Move on whoever's wait ended at or before `until_s`, the earliest first."""
    while True:
        due = [p for p in turn.state.positions if 0 < p.due_s <= until_s]
        if not due:
            return
        position = min(due, key=lambda p: (p.due_s, p.journey, p.entry))
        journey = turn.catalog.journey_of(position)
        step = journey.steps.get(position.step) if journey else None
        if journey is None or step is None:
            leave(turn, position, Reason.JOURNEY_REMOVED)
        elif isinstance(step, model.WaitForEventStep):
            _walk(turn, position, journey, step.on_timeout, Move.ADVANCED)
        elif isinstance(step, model.WaitStep):
            _walk(turn, position, journey, step.next, Move.ADVANCED)
        else:
            raise AssertionError(f"a timer at a step that does not wait: {position}")


def go_on(turn: Turn, pending: Pending, target: str) -> None:
    """Move on from a message step, unless the person has moved on already."""
    position = find(turn, pending.journey, pending.entry)
    journey = turn.catalog.journey_of(pending)
    if position is not None and journey is not None and position.step == pending.step:
        _walk(turn, position, journey, target, Move.ADVANCED)


def find(turn: Turn, journey: str, entry: UUID) -> Position | None:
    """Return where the person is in a run, None if the run is over."""
    for position in turn.state.positions:
        if position.entry == entry and position.journey == journey:
            return position
    return None


def leave(turn: Turn, position: Position, reason: Reason | None, move: Move = Move.EXITED) -> None:
    """End a run."""
    del turn.state.positions[index_of(turn.state.positions, position)]
    turn.moved(msgspec.structs.replace(position, due_s=0), move, reason)


def ending(
    turn: Turn, journey: str, version: int, name: str, properties: Mapping[str, Any],
    context: Mapping[str, Any],
) -> Reason | None:  # fmt: skip
    """Return why an event ends a run of a journey, None if it does not."""
    found = turn.catalog.journeys.get((journey, version))
    for reason, trigger in found.endings.get(name, ()) if found else ():
        if trigger.fits(turn.state, turn.now_s, properties, context):
            return reason
    return None


def _walk(turn: Turn, position: Position, journey: model.Journey, key: str, move: Move) -> None:
    """Go from step to step until one that takes time, or the end. Journeys have no loops."""
    before = position
    while key:
        step = journey.steps[key]
        if isinstance(step, model.BranchStep):
            chosen = step.test(turn.state, turn.now_s, position.context)
            key = step.then if chosen else step.otherwise
            continue
        if isinstance(step, model.ExitStep):
            break
        due_s = 0
        if isinstance(step, model.MessageStep):
            _want(turn, position, step)
        else:
            due_s = _due_s(turn, step)
        position = msgspec.structs.replace(position, step=key, due_s=due_s)
        turn.state.positions[index_of(turn.state.positions, before)] = position
        turn.moved(position, move)
        return
    if move is Move.ENTERED:
        turn.moved(position, move)
    leave(turn, before, None, Move.COMPLETED)


def _due_s(turn: Turn, step: model.WaitStep | model.WaitForEventStep) -> int:
    zone = turn.zone
    if isinstance(step, model.WaitForEventStep):
        return add(turn.now_s, step.timeout, zone)
    due_s = add(turn.now_s, step.duration, zone)
    return due_s if step.until is None else next_local_time(due_s, step.until, zone)


def _want(turn: Turn, position: Position, step: model.MessageStep) -> None:
    """Put a message among those that want to go out.

    Right after a marketing message another one stands back for a while.
    """
    template = turn.catalog.templates.get(step.template)
    is_marketing = template is None or template.message_class == model.MARKETING
    stand_back_s = turn.catalog.compete_again_s if is_marketing and turn.marketing_sent else 0
    turn.wanting = turn.cause
    turn.state.pending.append(
        Pending(
            derive_id(position.entry, "candidate", turn.person_hex, position.journey, step.key),
            position.journey,
            position.version,
            step.key,
            position.entry,
            turn.now_s,
            turn.now_s + step.valid_for_s,
            turn.now_s + stand_back_s,
            position.context,
            position.event,
        )
    )
