"""Lets a person enter another journey, if they may; this one goes on."""

from typing import TYPE_CHECKING

from services.decision.domain.documents import Key
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class StartJourneyDocument(StepDocument, frozen=True, kw_only=True, tag="enter_journey"):
    """Enters `journey` with what this run knows of its entering event."""

    journey: Key
    next: str = ""


class StartJourneyStep(Step, frozen=True):
    """Enters another journey; its re-entry rule and audience decide."""

    journey: str
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        turn.starting.append((self.journey, position))
        return Go(self.next, position)


def compile_step(document: StartJourneyDocument, spot: "Spot") -> StartJourneyStep:
    spot.needs("journey", document.journey, "journey")
    return StartJourneyStep(document.key, document.journey, spot.target(document.next, "next"))
