"""Ends the journey."""

from typing import TYPE_CHECKING

from services.decision.domain.journeys.steps.base import Leave, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class ExitDocument(StepDocument, frozen=True, kw_only=True, tag="exit"):
    """Ends the journey."""


class ExitStep(Step, frozen=True):
    """Ends the journey."""

    @property
    def ways(self) -> tuple[str, ...]:
        return ()

    def arrive(self, turn: "Turn", position: Position) -> Next:
        return Leave()


def compile_step(document: ExitDocument, spot: "Spot") -> ExitStep:
    return ExitStep(document.key)
