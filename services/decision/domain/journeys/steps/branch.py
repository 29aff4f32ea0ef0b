"""Goes one way or the other, by a question asked when it is reached."""

from typing import TYPE_CHECKING

from services.decision.domain.documents import Condition
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.model import Test
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class BranchDocument(
    StepDocument, frozen=True, kw_only=True, tag="branch", rename={"otherwise": "else"}
):
    """Goes one way or the other."""

    condition: Condition
    then: str
    otherwise: str


class BranchStep(Step, frozen=True):
    """Goes to `then` where `test` holds, else to `otherwise`."""

    test: Test
    then: str
    otherwise: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.then, self.otherwise)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        holds = self.test(turn.state, turn.now_s, position.context)
        return Go(self.then if holds else self.otherwise, position)


def compile_step(document: BranchDocument, spot: "Spot") -> BranchStep:
    return BranchStep(
        document.key,
        spot.condition(document.condition, "condition"),
        spot.target(document.then, "then"),
        spot.target(document.otherwise, "else"),
    )
