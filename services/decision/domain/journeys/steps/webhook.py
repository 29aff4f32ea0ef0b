"""Tells another system by a signed call, tried again until it answers."""

from typing import TYPE_CHECKING, Any

import msgspec

from services.decision.domain.decisions import CallOrdered
from services.decision.domain.documents import FieldName, Key
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

Plain = str | int | float | bool | None


class WebhookDocument(StepDocument, frozen=True, kw_only=True, tag="webhook"):
    """Calls `webhook` with `data`, these traits, and these properties of the entering event."""

    webhook: Key
    data: dict[FieldName, Plain] = msgspec.field(default_factory=dict)
    traits: tuple[FieldName, ...] = ()
    carry: tuple[FieldName, ...] = ()
    next: str = ""


class WebhookStep(Step, frozen=True):
    """Orders a call; the journey goes on at once."""

    webhook: str
    data: dict[str, Any]
    traits: tuple[str, ...]
    carry: tuple[str, ...]
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        order_call(turn, position, self, "journey.webhook", {"data": self.data})
        return Go(self.next, position)


def order_call(
    turn: "Turn", position: Position, step: Any, kind: str, told: dict[str, Any]
) -> CallOrdered:
    """Order a signed call of `step.webhook` with what the step names; return it."""
    traits, context = turn.state.traits, position.context
    seq = turn.say()
    call = CallOrdered(
        turn.derive("call", seq), seq, turn.now, position.journey, step.key, step.webhook, kind,
        told
        | {
            "traits": {name: traits[name] for name in step.traits if name in traits},
            "event": {name: context[name] for name in step.carry if name in context},
        },
    )  # fmt: skip
    turn.effects.append(call)
    return call


def compile_step(document: WebhookDocument, spot: "Spot") -> WebhookStep:
    spot.needs("webhook", document.webhook, "webhook")
    spot.carry(document.carry)
    for trait in document.traits:
        spot.keep_trait(trait)
    return WebhookStep(
        document.key,
        document.webhook,
        dict(document.data),
        document.traits,
        document.carry,
        spot.target(document.next, "next"),
    )
