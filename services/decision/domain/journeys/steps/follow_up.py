"""Goes on by what became of an earlier message of this run, and so continues the conversation.

Replied is stronger than clicked, clicked than opened; what is not listed counts as the next weaker
that is. A machine that opens is no person who read. Without any of it a message is ignored once
`within` has passed since it went out. SMS knows no opens, so an SMS can only be replied to,
clicked or ignored.
"""

from typing import TYPE_CHECKING

import msgspec

from services.decision.domain.civil import Duration, add
from services.decision.domain.documents import DurationText, Key
from services.decision.domain.journeys.steps.base import Go, Next, Stay, Step, StepDocument
from services.decision.domain.state import (
    BOUNCED,
    CLICKED,
    OPENED,
    REPLIED,
    RESERVED,
    Contact,
    Position,
)

if TYPE_CHECKING:
    from services.decision.domain.journeys.compiling import Spot
    from services.decision.domain.turn import Turn

_REACTIONS = (("replied", REPLIED), ("clicked", CLICKED), ("opened", OPENED))


class WaysDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where it goes on, by outcome. `sent` is at once when it is accepted; `held` at once when the
    contact policy holds it; `not_sent` when it ended without going out, or came back.
    """

    replied: str | None = None
    clicked: str | None = None
    opened: str | None = None
    sent: str | None = None
    held: str | None = None
    not_sent: str | None = None
    ignored: str | None = None


class FollowUpDocument(StepDocument, frozen=True, kw_only=True, tag="follow_up"):
    """Goes on by what became of the message of the step `message`."""

    message: Key
    on: WaysDocument
    within: DurationText = "P3D"
    next: str = ""


class FollowUpStep(Step, frozen=True):
    """`on` has a target for each outcome that has a way of its own; `next` is for all others."""

    message: str
    on: dict[str, str]
    within: Duration
    next: str

    @property
    def ways(self) -> tuple[str, ...]:
        return (*self.on.values(), self.next)

    def arrive(self, turn: "Turn", position: Position) -> Next:
        return self.look(turn, position) or Stay(position, self._due_s(turn, position))

    def on_time(self, turn: "Turn", position: Position) -> Next:
        way = self.look(turn, position)
        if way is not None:
            return way
        due_s = self._due_s(turn, position)
        if due_s > turn.now_s:
            return Stay(position, due_s)
        return Go(self.on.get("ignored", self.next), position, "ignored")

    def look(self, turn: "Turn", position: Position) -> Go | None:
        """Return the way what is known now leads to; None while there is none yet."""
        contact = self._contact(turn, position)
        if contact is None or contact.seen & BOUNCED:
            outcome = "held" if self._is_wanted(turn, position) else "not_sent"
            if outcome == "held" and "held" not in self.on:
                return None
            return Go(self.on.get(outcome, self.next), position, outcome)
        for i, (_, bit) in enumerate(_REACTIONS):
            if contact.seen & bit:
                for name, _ in _REACTIONS[i:]:
                    if name in self.on:
                        return Go(self.on[name], position, name)
        if contact.state != RESERVED and "sent" in self.on:
            return Go(self.on["sent"], position, "sent")
        return None

    def _due_s(self, turn: "Turn", position: Position) -> int:
        """When it counts as ignored: so long after it went out, or might go out."""
        contact = self._contact(turn, position)
        sent_s = turn.now_s if contact is None or contact.state == RESERVED else contact.at_s
        return add(sent_s, self.within, turn.zone)

    def _contact(self, turn: "Turn", position: Position) -> Contact | None:
        message_id = position.sent.get(self.message)
        for contact in turn.state.contacts if message_id else ():
            if contact.id == message_id:
                return contact
        return None

    def _is_wanted(self, turn: "Turn", position: Position) -> bool:
        return any(
            one.entry == position.entry and one.journey == position.journey
            and one.step == self.message
            for one in turn.state.pending
        )  # fmt: skip


def compile_step(document: FollowUpDocument, spot: "Spot") -> FollowUpStep:
    spot.follows(document.message, "message")
    told = msgspec.structs.asdict(document.on)
    on = {
        outcome: spot.target(target, f"on.{outcome}")
        for outcome, target in told.items()
        if target is not None
    }
    if not on:
        spot.problem("on", f"a way for one of {', '.join(told)}", "none")
    return FollowUpStep(
        document.key,
        document.message,
        on,
        spot.duration(document.within, "within"),
        spot.target(document.next, "next"),
    )
