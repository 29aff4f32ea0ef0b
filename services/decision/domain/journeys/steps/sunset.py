"""Ends all marketing to a person who no longer reacts; only their own act lifts it."""

from typing import TYPE_CHECKING

from services.decision.domain.inputs import PermissionInput, PermissionPart, PermissionStatus
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class SunsetDocument(StepDocument, frozen=True, kw_only=True, tag="sunset"):
    """Suppresses every channel with the reason `sunset`."""

    next: str = ""


class SunsetStep(Step, frozen=True):
    """Suppresses every channel."""

    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        turn.change_permission(
            PermissionInput(
                turn.cause.id, PermissionPart.SUPPRESSION, PermissionStatus.SET, turn.now,
                channel="*", topic="*", basis="journey",
                evidence=f"journey:{position.journey}/{self.key}", reason="sunset",
            )
        )  # fmt: skip
        return Go(self.next, position)


def compile_step(document: SunsetDocument, spot: "Spot") -> SunsetStep:
    return SunsetStep(document.key, spot.target(document.next, "next"))
