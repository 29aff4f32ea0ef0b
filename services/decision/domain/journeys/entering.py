"""Who enters a journey: by an event, the API, another journey, a segment, or a date of theirs."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain import model, segments
from services.decision.domain.civil import from_s, to_s
from services.decision.domain.decisions import Move, SegmentMove, SegmentMoved
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import EnterInput, EventInput
from services.decision.domain.journeys import engine
from services.decision.domain.state import Passage, Position
from services.decision.domain.turn import Turn

#: A person is in at most so many runs of one journey at a time; state must stay small.
RUNS_MAX = 16
#: Properties of the entering event are carried up to this size (as JSON) each; larger are left out.
CONTEXT_VALUE_BYTES_MAX = 2_000
#: "Once per order id" remembers so many ids of the last orders, as hashes of five bytes.
VALUES_MAX = 64
_VALUE_BYTES = 5
#: What one step's emitted events and started journeys may set off in turn; then it stops.
CHAIN_MAX = 16


def by_event(turn: Turn, event: EventInput, name: str, properties: Mapping[str, Any]) -> None:
    """Start every live journey the event is an entry to, as far as re-entry allows."""
    for journey in turn.catalog.live.get(name, ()):
        entry = journey.entry
        if event.history and not entry.imported:
            continue
        if entry.trigger is not None and entry.trigger.fits(turn.state, turn.now_s, properties, {}):
            at_s = min(to_s(event.occurred_at), turn.now_s)
            enter(turn, journey, event.id, name, properties, at_s)


def by_request(turn: Turn, request: EnterInput) -> str:
    """Let somebody in who was sent by the API; again with the same id changes nothing."""
    journey = turn.catalog.current.get(request.journey)
    if journey is None or not journey.entry.by_api:
        return "unchanged"
    if engine.find(turn, journey.key, request.id) is not None:
        return "duplicate"
    name, at_s = "api", turn.now_s
    entered = enter(turn, journey, request.id, name, request.properties, at_s)
    return "applied" if entered else "unchanged"


def by_segment(turn: Turn, moved: SegmentMoved) -> None:
    """Start every live journey that begins when somebody enters, or leaves, this segment."""
    for journey in turn.catalog.entered_by_segment.get(moved.segment, ()):
        if journey.entry.on_entered == (moved.move is SegmentMove.ENTERED):
            enter(turn, journey, moved.id, f"segment {moved.segment}", {}, to_s(moved.at))


def by_date(turn: Turn) -> None:
    """Start journeys whose date has come, and keep in mind when the next one comes.

    Only what comes after the journey was first seen counts: publishing one does not fire what is
    past (mautic#3340).
    """
    state, catalog = turn.state, turn.catalog
    for key in [key for key in state.dates if key not in catalog.entered_by_date]:
        del state.dates[key]
    for key, journey in catalog.entered_by_date.items():
        date = journey.entry.date
        if date is None:
            continue
        due_s = state.dates.get(key, 0)
        if 0 < due_s <= turn.now_s:
            run = derive_id(_id_at(due_s), "date", key, turn.person_hex)
            enter(turn, journey, run, f"date {date.trait}", {}, turn.now_s)
        next_s = date.next_s(state.traits.get(date.trait), turn.now_s, turn.zone)
        if next_s is None:
            state.dates.pop(key, None)
        else:
            state.dates[key] = next_s


def chain(turn: Turn, apply_event: Any) -> None:
    """Let segments, emitted events and sent people begin what they begin, and that in turn."""
    for _ in range(CHAIN_MAX):
        segments.settle(turn)
        if turn.crossings:
            by_segment(turn, turn.crossings.pop(0))
        elif turn.emitted:
            apply_event(turn, turn.emitted.pop(0))
        elif turn.starting:
            key, position = turn.starting.pop(0)
            journey = turn.catalog.current.get(key)
            if journey is not None:
                run = derive_id(position.entry, "enter", position.journey, key)
                name = f"journey {position.journey}"
                enter(turn, journey, run, name, position.context, turn.now_s)
        else:
            return
    turn.crossings.clear()
    turn.emitted.clear()
    turn.starting.clear()


def enter(
    turn: Turn, journey: model.Journey, run: UUID, name: str, properties: Mapping[str, Any],
    at_s: int,
) -> bool:  # fmt: skip
    """Start a run where the re-entry rule and the audience allow it; return whether it began."""
    state, now_s = turn.state, turn.now_s
    passage = state.passages.get(journey.key)
    value = _value_of(journey, properties)
    if not _may_enter(turn, journey, passage, value):
        return False
    if journey.audience is not None and not journey.audience(state, now_s, properties):
        return False
    values = (passage.values if passage else b"") + value
    state.passages[journey.key] = Passage(
        passage.entered + 1 if passage else 1, now_s, values[-VALUES_MAX * _VALUE_BYTES :]
    )
    position = Position(
        journey.key, journey.version, "", run, at_s, 0, _context(journey, properties), name
    )
    state.positions.append(position)
    engine.walk(turn, position, journey, journey.first, Move.ENTERED)
    return True


def _may_enter(turn: Turn, journey: model.Journey, passage: Passage | None, value: bytes) -> bool:
    if passage is None:
        return journey.reentry != "per_value" or bool(value)
    if journey.reentry == "once":
        return False
    if journey.cool_down_s and passage.last_s + journey.cool_down_s > turn.now_s:
        return False
    if journey.reentry == "per_value":
        if not value or value in _values(passage.values):
            return False
    runs = sum(position.journey == journey.key for position in turn.state.positions)
    return not runs if journey.reentry == "after_exit" else runs < RUNS_MAX


def _values(packed: bytes) -> Iterable[bytes]:
    return (packed[i : i + _VALUE_BYTES] for i in range(0, len(packed), _VALUE_BYTES))


def _value_of(journey: model.Journey, properties: Mapping[str, Any]) -> bytes:
    """Return the hash of the value that may enter once; empty where there is none."""
    if not journey.per or properties.get(journey.per) is None:
        return b""
    text = msgspec.json.encode(properties[journey.per])
    return blake2b(text, digest_size=_VALUE_BYTES, person=b"kairos-per").digest()


def _context(journey: model.Journey, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: properties[name]
        for name in journey.context
        if name in properties
        and len(msgspec.json.encode(properties[name])) <= CONTEXT_VALUE_BYTES_MAX
    }


def _id_at(at_s: int) -> UUID:
    """Return the UUIDv7 without chance of an instant, the base of what begins at it."""
    at: datetime = from_s(at_s)
    return UUID(int=(int(at.timestamp() * 1000) << 80) | 0x7 << 76 | 0b10 << 62)
