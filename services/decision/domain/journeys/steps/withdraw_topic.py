"""Withdraws consent for a topic. There is no step that grants: only a person can."""

from typing import TYPE_CHECKING

from services.decision.domain.documents import Channel, Key
from services.decision.domain.inputs import PermissionInput, PermissionPart, PermissionStatus
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class WithdrawTopicDocument(StepDocument, frozen=True, kw_only=True, tag="withdraw_topic"):
    """Withdraws consent for `topic`, on one channel or on all."""

    topic: Key
    channel: Channel | None = None
    next: str = ""


class WithdrawTopicStep(Step, frozen=True):
    """Withdraws consent; `channel` "*" is all."""

    topic: str
    channel: str
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        turn.change_permission(
            PermissionInput(
                turn.cause.id, PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, turn.now,
                channel=self.channel, topic=self.topic, basis="journey",
                evidence=f"journey:{position.journey}/{self.key}", reason="journey",
            )
        )  # fmt: skip
        return Go(self.next, position)


def compile_step(document: WithdrawTopicDocument, spot: "Spot") -> WithdrawTopicStep:
    spot.needs("topic", document.topic, "topic")
    return WithdrawTopicStep(
        document.key, document.topic, document.channel or "*", spot.target(document.next, "next")
    )
