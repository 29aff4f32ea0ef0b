"""Recorded events for `kairos simulate`: one Segment call per line, as they are imported."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from kit.clock import to_us
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import EventInput, EventKind
from services.decision.domain.simulation.people import Recorded, person_id


class Line(msgspec.Struct, rename="camel"):
    """The members of a call that the core hears of."""

    type: str
    timestamp: datetime
    user_id: str = ""
    anonymous_id: str = ""
    event: str = ""
    name: str = ""
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(Line)
_KINDS = {each.value: each for each in EventKind}


def read_events(path: Path) -> list[Recorded]:
    """The people of a file with their events in order of time.

    ValueError naming the line that is no call of somebody with a time and its zone.
    """
    by_user: dict[str, list[Line]] = {}
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if text.strip():
                line = _read(text, number)
                by_user.setdefault(line.user_id or line.anonymous_id, []).append(line)
    people = []
    for index, (user, lines) in enumerate(sorted(by_user.items())):
        lines.sort(key=lambda line: line.timestamp)
        base = person_id(index, lines[0].timestamp)
        people.append(Recorded(user, [_event(base, i, line) for i, line in enumerate(lines)]))
    return people


def _read(text: bytes, number: int) -> Line:
    try:
        line = _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise ValueError(f"line {number}: {error}") from error
    if line.type not in _KINDS:
        raise ValueError(f"line {number}: type is one of {', '.join(_KINDS)}")
    if line.timestamp.tzinfo is None:
        raise ValueError(f"line {number}: timestamp needs a zone, such as Z")
    if not (line.user_id or line.anonymous_id):
        raise ValueError(f"line {number}: userId or anonymousId is missing")
    return line


def _event(base: Any, ordinal: int, line: Line) -> EventInput:
    return EventInput(
        id=derive_id(base, "event", ordinal, to_us(line.timestamp)),
        seq=ordinal + 1,
        kind=_KINDS[line.type],
        occurred_at=line.timestamp,
        received_at=line.timestamp,
        name=line.event or line.name,
        properties=line.properties,
        traits=line.traits,
    )
