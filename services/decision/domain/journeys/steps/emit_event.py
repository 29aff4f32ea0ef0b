"""Lets an event happen: other journeys may begin or go on by it, and other services hear of it."""

from typing import TYPE_CHECKING, Any

import msgspec

from services.decision.domain.decisions import EventEmitted
from services.decision.domain.documents import EventName, FieldName
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


Plain = str | int | float | bool | None


class EmitEventDocument(StepDocument, frozen=True, kw_only=True, tag="emit_event"):
    """Emits `event` with `properties`, and those of the entering event listed in `carry`."""

    event: EventName
    properties: dict[FieldName, Plain] = msgspec.field(default_factory=dict)
    carry: tuple[FieldName, ...] = ()
    next: str = ""


class EmitEventStep(Step, frozen=True):
    """Emits an event; it is applied to this person within the same step."""

    event: str
    properties: dict[str, Any]
    carry: tuple[str, ...]
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        context = position.context
        properties = self.properties | {n: context[n] for n in self.carry if n in context}
        seq = turn.say()
        emitted = EventEmitted(
            turn.derive("event", seq), seq, turn.now, position.journey, self.key, self.event,
            properties,
        )  # fmt: skip
        turn.effects.append(emitted)
        turn.emitted.append(emitted)
        return Go(self.next, position)


def compile_step(document: EmitEventDocument, spot: "Spot") -> EmitEventStep:
    spot.carry(document.carry)
    return EmitEventStep(
        document.key,
        document.event,
        dict(document.properties),
        document.carry,
        spot.target(document.next, "next"),
    )
