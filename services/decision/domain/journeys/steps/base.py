"""What every kind of step has: a document as people write it, and the step as it runs."""

from typing import TYPE_CHECKING

import msgspec

from services.decision.domain.documents import Key
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Position

if TYPE_CHECKING:
    from services.decision.domain.turn import Turn


class StepDocument(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="type"
):
    """What every step of a journey has."""

    key: Key


class Stay(msgspec.Struct, frozen=True):
    """The person stays at the step: until `due_s`, or with 0 until something else moves them on."""

    position: Position
    due_s: int = 0


class Leave(msgspec.Struct, frozen=True):
    """The run ends here: completed, or for `reason`."""

    reason: Reason | None = None


class Go(msgspec.Struct, frozen=True):
    """The person goes on to `target` ("": the end of the journey), with `position` as it is now."""

    target: str
    position: Position
    note: str = ""


Next = Go | Stay | Leave


class Step(msgspec.Struct, frozen=True):
    """A step as it runs.

    `arrive` is called once when a person comes to it; `on_time` when the time it named has come.
    Both are pure but for the turn, in which they record what they cause.
    """

    key: str

    @property
    def ways(self) -> tuple[str, ...]:
        """The steps that can follow, without ways back; "" is the end."""
        raise NotImplementedError

    def arrive(self, turn: "Turn", position: Position) -> Next:
        """Do what the step does, and say how it goes on."""
        raise NotImplementedError

    def on_time(self, turn: "Turn", position: Position) -> Next:
        """Say how it goes on once the time has come."""
        raise AssertionError(f"a timer at a step that does not wait: {position}")
