"""The journey engine: who moves on, who leaves, and when they are looked at again."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain import model
from services.decision.domain.decisions import Move
from services.decision.domain.ids import derive_id
from services.decision.domain.journeys.steps.base import Go, Leave, Next
from services.decision.domain.journeys.steps.follow_up import FollowUpStep
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.journeys.steps.wait import WaitStep
from services.decision.domain.journeys.steps.wait_for_event import WaitForEventStep
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Pending, Position
from services.decision.domain.turn import Turn, index_of


def resume_waits(turn: Turn, name: str, properties: Mapping[str, Any]) -> None:
    """Move on whoever waits for this event."""
    for position in list(turn.state.positions):
        journey = turn.catalog.journey_of(position)
        step = journey.steps.get(position.step) if journey else None
        if (
            journey is not None
            and isinstance(step, WaitForEventStep)
            and step.trigger.event == name
            and step.trigger.fits(turn.state, turn.now_s, properties, position.context)
        ):
            walk(turn, position, journey, step.on_event)


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
        else:
            _settle(turn, position, journey, position.step, step.on_time(turn, position))


def follow_up(turn: Turn) -> None:
    """Move on whoever waits for the outcome of a message, as far as it is known."""
    for position in list(turn.state.positions):
        journey = turn.catalog.journey_of(position)
        step = journey.steps.get(position.step) if journey else None
        if journey is not None and isinstance(step, FollowUpStep):
            way = step.look(turn, position)
            if way is not None:
                _settle(turn, position, journey, position.step, way)


def wait_anew(turn: Turn) -> None:
    """Move the ends of waits for a date of the person, which may have changed."""
    for i, position in enumerate(turn.state.positions):
        journey = turn.catalog.journey_of(position)
        step = journey.steps.get(position.step) if journey else None
        if isinstance(step, WaitStep) and step.date is not None:
            # Where it is gone or past, nobody waits any longer.
            due_s = step.due_s(turn, turn.now_s) or turn.now_s
            turn.state.positions[i] = msgspec.structs.replace(position, due_s=due_s)


def go_on(turn: Turn, pending: Pending, target: str) -> None:
    """Move on from a message step, unless the person has moved on already."""
    position = find(turn, pending.journey, pending.entry)
    journey = turn.catalog.journey_of(pending)
    if position is not None and journey is not None and position.step == pending.step:
        walk(turn, position, journey, target)


def remember_sent(turn: Turn, pending: Pending, message_id: UUID) -> None:
    """Remember which message a step sent, where a later step asks what became of it."""
    position = find(turn, pending.journey, pending.entry)
    journey = turn.catalog.journey_of(pending)
    if position is None or journey is None or pending.step not in journey.followed:
        return
    sent = position.sent | {pending.step: message_id}
    at = index_of(turn.state.positions, position)
    turn.state.positions[at] = msgspec.structs.replace(position, sent=sent)


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


def walk(
    turn: Turn, position: Position, journey: model.Journey, key: str, move: Move = Move.ADVANCED
) -> None:
    """Go from step to step until one that takes time, or the end.

    Only `repeat` goes back, and only so often (journeys/compiling.py); so this ends.
    """
    before, note = position, ""
    while key:
        step = journey.steps[key]
        after = step.arrive(turn, position)
        if isinstance(after, Leave):
            break
        if isinstance(after, Go):
            key, position, note = after.target, after.position, after.note or note
            continue
        position = msgspec.structs.replace(after.position, step=key, due_s=after.due_s)
        turn.state.positions[index_of(turn.state.positions, before)] = position
        turn.moved(position, move, note=note)
        if isinstance(step, MessageStep):
            _want(turn, position, step)
        return
    if move is Move.ENTERED:
        turn.moved(position, move)
    leave(turn, before, None, Move.COMPLETED)


def _settle(turn: Turn, position: Position, journey: model.Journey, key: str, way: Next) -> None:
    """Do what a step said once its time had come."""
    if isinstance(way, Go):
        at = index_of(turn.state.positions, position)
        turn.state.positions[at] = way.position
        walk(turn, way.position, journey, way.target)
    elif isinstance(way, Leave):
        leave(turn, position, way.reason)
    else:
        at = index_of(turn.state.positions, position)
        turn.state.positions[at] = msgspec.structs.replace(way.position, step=key, due_s=way.due_s)


def _want(turn: Turn, position: Position, step: MessageStep) -> None:
    """Put a message among those that want to go out.

    Right after a marketing message another one stands back for a while.
    """
    template = turn.catalog.templates.get(step.templates[0])
    is_marketing = template is None or template.message_class == model.MARKETING
    stand_back_s = turn.catalog.compete_again_s if is_marketing and turn.marketing_sent else 0
    turn.wanting = turn.cause
    parts: list[object] = ["candidate", turn.person_hex, position.journey, step.key]
    if position.rounds:
        parts.append(sum(position.rounds.values()))
    turn.state.pending.append(
        Pending(
            derive_id(position.entry, *parts),
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
