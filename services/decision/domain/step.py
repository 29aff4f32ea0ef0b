"""The step: one person, what happened, the catalog and the time in; what follows out.

Pure and deterministic: no I/O, no clock, no randomness. Everything with an identity derives it
from the input that caused it, so that the same arguments give the same result, to the bit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.decision.domain import segments
from services.decision.domain.campaigns import launching
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s
from services.decision.domain.decide import decide
from services.decision.domain.decisions import Decision, Effect, MessageOrder, StepNote
from services.decision.domain.events import on_emitted, on_event
from services.decision.domain.inputs import (
    ContactInput,
    EnterInput,
    EventInput,
    Input,
    LaunchInput,
    MergeInput,
    MessageInput,
    MoveInput,
    NextInput,
    PermissionInput,
    PermitRefusedInput,
    ReceiptInput,
    SettleInput,
    WakeupInput,
)
from services.decision.domain.journeys import engine as journeys
from services.decision.domain.journeys import entering, moving
from services.decision.domain.merging import on_merge
from services.decision.domain.model import NO_CONTROLS, TRANSACTIONAL, Controls
from services.decision.domain.receipts import on_permission, on_permit_refused, on_receipt
from services.decision.domain.reported import on_contact
from services.decision.domain.requests import on_message, on_next
from services.decision.domain.response_model import NO_MODEL, ResponseModel
from services.decision.domain.state import Contact, PersonState, copy
from services.decision.domain.turn import Turn


class StepResult(msgspec.Struct, frozen=True):
    """What follows from a step: the new state and everything to record and do.

    `notes` say what became of each input, in their order. `next_wakeup` is the earliest time at
    which something changes by itself, None where nothing will. `changed` is False where the state
    is as it was: nothing needs to be written.
    """

    state: PersonState
    decisions: tuple[Decision, ...]
    effects: tuple[Effect, ...]
    notes: tuple[StepNote, ...]
    next_wakeup: datetime | None
    changed: bool = True

    @property
    def orders(self) -> tuple[MessageOrder, ...]:
        """The messages that shall go out."""
        return tuple(one.order for one in self.decisions if one.order is not None)


def on_wakeup(turn: Turn, wakeup: WakeupInput) -> str:
    """Let what is due happen; with `reconsider`, let everything that is held compete now."""
    if wakeup.reconsider:
        for i, pending in enumerate(turn.state.pending):
            if pending.due_s > turn.now_s:
                turn.state.pending[i] = msgspec.structs.replace(pending, due_s=turn.now_s)
    return "applied"


_HANDLERS: dict[type, Callable[[Turn, Any], str]] = {
    EventInput: on_event,
    WakeupInput: on_wakeup,
    ReceiptInput: on_receipt,
    PermissionInput: on_permission,
    PermitRefusedInput: on_permit_refused,
    MergeInput: on_merge,
    EnterInput: entering.by_request,
    MoveInput: moving.on_move,
    MessageInput: on_message,
    NextInput: on_next,
    LaunchInput: launching.on_launch,
    ContactInput: on_contact,
    SettleInput: segments.on_settle,
}


def step(
    state: PersonState,
    inputs: Sequence[Input],
    catalog: Catalog,
    now: datetime,
    controls: Controls = NO_CONTROLS,
    model: ResponseModel = NO_MODEL,
) -> StepResult:
    """Return what follows from `inputs`, applied in their order at `now`; `state` stays as it is.

    Repeats of numbered events change nothing. All inputs are one arbitration moment: at most one
    marketing message goes out, and its slot is taken in the state returned. `now` must be aware.
    """
    turn = Turn(copy(state), catalog, now, controls, model)
    notes, effective = [], None
    for one in inputs:
        turn.cause = one
        segments.begin(turn)
        result = _HANDLERS[type(one)](turn, one)
        segments.settle(turn)
        notes.append(StepNote(one.id, result))
        if result not in ("duplicate", "unchanged"):
            effective = one
    if effective is None:
        return StepResult(state, (), (), tuple(notes), next_wakeup(state), changed=False)
    turn.cause = effective
    segments.catch_up(turn, turn.now_s)
    _move_on(turn)
    turn.cause = turn.wanting or effective
    decide(turn)
    if catalog.follows:
        journeys.follow_up(turn)
    entering.chain(turn, on_emitted)
    launching.forget(turn)
    _forget(turn.state, catalog, turn.now_s)
    return StepResult(
        turn.state,
        tuple(turn.decisions),
        tuple(turn.effects),
        tuple(notes),
        next_wakeup(turn.state),
    )


def _move_on(turn: Turn) -> None:
    """Let everything happen that time, dates, outcomes and journeys themselves bring about."""
    journeys.fire_timers(turn, turn.now_s)
    if turn.catalog.entered_by_date or turn.state.dates:
        entering.by_date(turn)
    if turn.catalog.follows:
        journeys.follow_up(turn)
    entering.chain(turn, on_emitted)


def next_wakeup(state: PersonState) -> datetime | None:
    """Return when something will be due by itself, None where nothing waits."""
    due = [position.due_s for position in state.positions if position.due_s]
    due += [pending.due_s for pending in state.pending]
    due += state.dues.values()
    due += state.dates.values()
    return from_s(min(due)) if due else None


def _forget(state: PersonState, catalog: Catalog, now_s: int) -> None:
    """Drop contacts no rule looks at any more."""
    if state.contacts:
        kept = [one for one in state.contacts if _matters(one, catalog, now_s)]
        if len(kept) != len(state.contacts):
            state.contacts = kept


def _matters(contact: Contact, catalog: Catalog, now_s: int) -> bool:
    if contact.flight is not None:
        # Its fate comes within its validity and a little; a slot never outlives the horizon.
        return contact.flight.pending.valid_until_s + catalog.horizon_s > now_s
    if contact.message_class == TRANSACTIONAL and not catalog.keeps_transactional:
        return False
    return contact.at_s + catalog.horizon_s > now_s
