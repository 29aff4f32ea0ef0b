"""Waits for an event, at most so long.

The event that comes while a person is being moved here is not missed: both happen under the
person's lock, in the order ingest numbered them; one that happened before the timeout beats it,
even if it arrives later.
"""

from typing import TYPE_CHECKING

from services.decision.domain.civil import Duration, add
from services.decision.domain.documents import (
    Condition,
    DurationText,
    EventName,
    EventRule,
    FieldName,
)
from services.decision.domain.journeys.steps.base import Go, Next, Stay, Step, StepDocument
from services.decision.domain.model import Trigger
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class WaitForEventDocument(StepDocument, frozen=True, kw_only=True, tag="wait_for_event"):
    """Waits for an event, at most `timeout`.

    `match` lists properties that must equal those of the event that started the journey.
    """

    event: EventName
    where: Condition | None = None
    match: tuple[FieldName, ...] = ()
    timeout: DurationText
    on_event: str = ""
    on_timeout: str = ""


class WaitForEventStep(Step, frozen=True):
    """Goes to `on_event` when `trigger` fits an event, to `on_timeout` when the time is over."""

    trigger: Trigger
    timeout: Duration
    on_event: str
    on_timeout: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.on_event, self.on_timeout)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        return Stay(position, add(turn.now_s, self.timeout, turn.zone))

    def on_time(self, turn: "Turn", position: Position) -> Next:
        return Go(self.on_timeout, position)


def compile_step(document: WaitForEventDocument, spot: "Spot") -> WaitForEventStep:
    spot.refuse_low_signal(document.event, "event")
    spot.carry(document.match)
    rule = EventRule(document.event, document.where, document.match)
    return WaitForEventStep(
        document.key,
        spot.trigger(rule),
        spot.duration(document.timeout, "timeout"),
        spot.target(document.on_event, "on_event"),
        spot.target(document.on_timeout, "on_timeout"),
    )
