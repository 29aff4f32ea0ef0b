"""Hands a person to a human: a task with its context for the help desk, by webhook.

The answer comes back as an event with the task's `task_id`; a `wait_for_event` with
`match: [task_id]` after this step waits for it.
"""

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from services.decision.domain.civil import from_s
from services.decision.domain.documents import FieldName, Key
from services.decision.domain.journeys.steps.base import Go, Next, Step, StepDocument
from services.decision.domain.journeys.steps.webhook import order_call
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

#: So many last messages show a human what was said already.
MESSAGES_SHOWN = 5
TASK_ID = "task_id"


class HandOverDocument(StepDocument, frozen=True, kw_only=True, tag="hand_over"):
    """Opens a task at the help desk behind `webhook`."""

    webhook: Key
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    queue: Annotated[str, Meta(max_length=100)] = ""
    traits: tuple[FieldName, ...] = ()
    carry: tuple[FieldName, ...] = ()
    next: str = ""


class HandOverStep(Step, frozen=True):
    """Orders the call and remembers the task's id among what the run knows."""

    webhook: str
    title: str
    queue: str
    traits: tuple[str, ...]
    carry: tuple[str, ...]
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        last = [
            {"template": one.template, "channel": one.channel, "at": from_s(one.at_s).isoformat()}
            for one in turn.state.contacts[-MESSAGES_SHOWN:]
        ]
        told = {"title": self.title, "queue": self.queue, "last_messages": last}
        call = order_call(turn, position, self, "journey.task", told)
        context = position.context | {TASK_ID: str(call.id)}
        return Go(self.next, msgspec.structs.replace(position, context=context))


def compile_step(document: HandOverDocument, spot: "Spot") -> HandOverStep:
    spot.needs("webhook", document.webhook, "webhook")
    spot.carry(document.carry)
    for trait in document.traits:
        spot.keep_trait(trait)
    return HandOverStep(
        document.key,
        document.webhook,
        document.title,
        document.queue,
        document.traits,
        document.carry,
        spot.target(document.next, "next"),
    )
