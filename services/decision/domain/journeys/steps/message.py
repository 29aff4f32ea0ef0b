"""Wants a message to go out: on the first of its channels that is free.

The contact policy decides whether and when; while it holds a message the step says what to do.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from services.decision.domain.documents import DurationText, Key
from services.decision.domain.journeys.steps.base import Next, Stay, Step, StepDocument
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn


class MessageDocument(StepDocument, frozen=True, kw_only=True, tag="message"):
    """Wants a message to go out, within `valid_for`; a higher `priority` goes first.

    `when_blocked` says what to do while the contact policy holds it: wait for its turn, go on
    without it, leave the journey, or try the templates of `or_else` in their order (each on its
    own channel). Where all are blocked, they are tried anew when the first of them may go. With
    `choose: best` there is no order: of `template` and `or_else` one that may go is drawn, what was
    answered more the more often.
    """

    template: Key
    or_else: Annotated[tuple[Key, ...], Meta(max_length=6)] = ()
    choose: Literal["first", "best"] = "first"
    priority: Annotated[int, Meta(ge=0, le=100)] = 50
    valid_for: DurationText = "P3D"
    when_blocked: Literal["hold", "skip", "exit", "reroute"] = "hold"
    next: str = ""


class MessageStep(Step, frozen=True):
    """Wants the first of `templates` to go out; the others where it is blocked.

    Where it `draws`, any of them may go.
    """

    templates: tuple[str, ...]
    priority: int
    valid_for_s: int
    when_blocked: str
    next: str
    draws: bool = False

    @property
    def ways(self) -> tuple[str, ...]:
        return (self.next,)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        return Stay(position)


def compile_step(document: MessageDocument, spot: "Spot") -> MessageStep:
    templates = (document.template, *document.or_else)
    spot.wants(templates)
    for i, key in enumerate(templates):
        if key in templates[:i]:
            spot.problem("or_else", "another template", f"`{key}` again")
    when_blocked: str = document.when_blocked
    draws = document.choose == "best"
    if draws:
        spot.draws(templates)
        if not document.or_else:
            spot.problem("or_else", "templates to choose from", "none")
        if when_blocked == "reroute":
            spot.problem("when_blocked", "`hold`, `skip` or `exit` with `choose`", "`reroute`")
    elif document.or_else:
        if when_blocked not in ("hold", "reroute"):
            spot.problem("when_blocked", "`reroute`, where there is `or_else`", f"`{when_blocked}`")
        when_blocked = "reroute"
    elif when_blocked == "reroute":
        spot.problem("or_else", "templates to try instead", "none")
    return MessageStep(
        document.key,
        templates,
        document.priority,
        spot.seconds(document.valid_for, "valid_for"),
        when_blocked,
        spot.target(document.next, "next"),
        draws,
    )
