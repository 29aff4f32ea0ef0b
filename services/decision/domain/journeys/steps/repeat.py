"""Goes back to an earlier step, at most so many times: the only way back there is."""

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from services.decision.domain.documents import Key
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

#: A journey that has not moved somebody after so many rounds will not.
TIMES_MAX = 100


class RepeatDocument(StepDocument, frozen=True, kw_only=True, tag="repeat"):
    """Goes back to the step `to`, at most `times` times in one run, then on."""

    to: Key
    times: Annotated[int, Meta(ge=1, le=TIMES_MAX)]
    next: str = ""


class RepeatStep(Step, frozen=True):
    """Goes back to `back` until it did so `times` times, then to `next`."""

    back: str
    times: int
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        done = position.rounds.get(self.key, 0)
        if done >= self.times:
            return Go(self.next, position)
        rounds = position.rounds | {self.key: done + 1}
        return Go(self.back, msgspec.structs.replace(position, rounds=rounds))


def compile_step(document: RepeatDocument, spot: "Spot") -> RepeatStep:
    return RepeatStep(
        document.key,
        spot.target(document.to, "to"),
        document.times,
        spot.target(document.next, "next"),
    )
