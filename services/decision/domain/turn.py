"""One step at work: the state being changed and what has been decided so far.

Nothing outside `step()` sees a turn; it is the only mutable thing in the core.
"""

from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from services.decision.domain import permission
from services.decision.domain.case import Moment
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s, to_s, to_us
from services.decision.domain.decisions import (
    AskChanged,
    Decision,
    Effect,
    EventEmitted,
    JourneyMoved,
    Move,
    PermissionChanged,
    SegmentMove,
    SegmentMoved,
    Trigger,
)
from services.decision.domain.ids import numbered_id
from services.decision.domain.inputs import EventInput, Input, PermissionInput
from services.decision.domain.model import Controls
from services.decision.domain.reasons import Reason
from services.decision.domain.response_model import NO_MODEL, ResponseModel
from services.decision.domain.state import PersonState, Position

_Item = TypeVar("_Item")

_KINDS = {
    "EventInput": "event",
    "WakeupInput": "wakeup",
    "ReceiptInput": "receipt",
    "PermissionInput": "permission",
    "PermitRefusedInput": "permit",
    "MergeInput": "merge",
    "EnterInput": "enter",
    "MoveInput": "move",
    "MessageInput": "message",
    "NextInput": "next",
    "LaunchInput": "launch",
    "ContactInput": "contact",
    "SettleInput": "settle",
}


class Turn:
    """The working copy of a state, what the inputs do to it, and the time they do it at.

    `showable` is what a client app that asks for the next message can show, channels and placement.
    `cause` is the input being applied; `wanting` the last one that made a message wanted.
    `crossings` of segments, `emitted` events and `starting` journeys are still to be applied;
    `soonest` is when a message that was blocked on every channel may be tried anew. `touched` are
    the segments, by their place, that what happened may have changed; `joined` says since when a
    merged profile was in segments, by their number. `settled` says that the person was settled.
    """

    __slots__ = (
        "_moment", "catalog", "cause", "controls", "crossings", "decisions", "effects", "emitted",
        "joined", "marketing_sent", "model", "now", "now_s", "now_us", "person_hex", "settled",
        "showable", "soonest", "starting", "state", "touched", "wanting",
    )  # fmt: skip

    cause: Input
    wanting: Input | None

    def __init__(
        self,
        state: PersonState,
        catalog: Catalog,
        now: datetime,
        controls: Controls,
        model: ResponseModel = NO_MODEL,
    ) -> None:
        self.state = state
        self.person_hex = state.person.hex
        self.catalog = catalog
        self.now = now
        self.now_s = to_s(now)
        self.now_us = to_us(now)
        self.controls = controls
        self.model = model
        self.decisions: list[Decision] = []
        self.effects: list[Effect] = []
        self.crossings: list[SegmentMoved] = []
        self.emitted: list[EventEmitted] = []
        self.starting: list[tuple[str, Position]] = []
        self.soonest: dict[tuple[UUID, str, str], int] = {}
        self.marketing_sent = False
        self.showable: tuple[tuple[str, ...], str] | None = None
        self.wanting = None
        self.settled = False
        self.touched: set[int] = set()
        self.joined: dict[int, int] = {}
        self._moment: Moment | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The person's zone, else the workspace's."""
        return self.catalog.zone_of(self.state)

    @property
    def moment(self) -> Moment:
        """The facts of now, worked out once until `changed`."""
        if self._moment is None:
            self._moment = Moment(
                self.state,
                self.now,
                self.zone,
                self.controls,
                plans=self.catalog,
                model=self.model,
            )
            self._moment.asked = self.showable is not None
        return self._moment

    def changed(self) -> None:
        """Forget what was worked out: contacts or permission are not what they were."""
        self._moment = None

    def say(self) -> int:
        """Return the next number of what is said about this person."""
        self.state.said += 1
        return self.state.said

    def derive(self, what: str, seq: int) -> UUID:
        """Return the id of the thing numbered `seq`."""
        return numbered_id(self.now_us, seq, self.cause.id, what, self.person_hex, seq)

    def trigger(self) -> Trigger:
        """Return what made the core decide."""
        cause = self.cause
        name = cause.name if isinstance(cause, EventInput) else ""
        return Trigger(_KINDS[type(cause).__name__], cause.id, name)

    def moved(
        self, position: Position, move: Move, reason: Reason | None = None, note: str = ""
    ) -> None:
        """Record that a person entered, moved in or left a journey; `note` says which way."""
        seq = self.say()
        due_at = from_s(position.due_s) if position.due_s else None
        self.effects.append(
            JourneyMoved(
                self.derive("journey", seq),
                seq,
                self.now,
                position.entry,
                position.journey,
                position.version,
                move,
                position.step,
                reason,
                due_at,
                note,
            )
        )

    def learnt(self, trait: str) -> None:
        """Note that a trait may have changed: segments that look at it are to be settled."""
        self.touched.update(self.catalog.segments.by_trait.get(trait, ()))

    def counted(self, event: str) -> None:
        """Note that an event was counted: segments that count it are to be settled."""
        self.touched.update(self.catalog.segments.by_event.get(event, ()))

    def segment_moved(
        self, segment: str, move: SegmentMove, at: datetime, *, silent: bool
    ) -> SegmentMoved:
        """Record that a person came into a segment or left it."""
        seq = self.say()
        moved = SegmentMoved(self.derive("segment", seq), seq, at, segment, move, silent)
        self.effects.append(moved)
        if not silent:
            self.crossings.append(moved)
        return moved

    def asked(self, ask: str, status: str, message_id: UUID | None = None) -> None:
        """Record that an ask was put to the person, or is done."""
        self.effects.append(AskChanged(self.now, ask, status, message_id))

    def change_permission(self, what: PermissionInput, message_id: UUID | None = None) -> bool:
        """Apply a change of permission and record it; return whether anything changed."""
        after = permission.change(self.state.permission, what, self.state.endpoints)
        if after is self.state.permission:
            return False
        self.state.permission = after
        self.changed()
        self.permitted(what, message_id)
        return True

    def permitted(self, what: PermissionInput, message_id: UUID | None = None) -> None:
        """Record a change of permission."""
        self.touched.update(self.catalog.segments.by_permission)
        seq = self.say()
        self.effects.append(
            PermissionChanged(
                self.derive("permission", seq),
                seq,
                what.at.astimezone(UTC),
                what.part,
                what.status,
                what.purpose,
                what.channel or "*",
                what.topic or "*",
                what.basis,
                what.evidence,
                what.reason,
                what.until,
                message_id,
            )
        )


def index_of(items: list[_Item], item: _Item) -> int:
    """Return where `item` itself stands; ValueError if it is not there."""
    for i, one in enumerate(items):
        if one is item:
            return i
    raise ValueError(f"not in the list: {item}")
