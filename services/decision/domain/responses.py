"""What counts as a response to a message, and what it teaches about the person's week.

A click or reply of a human, the ask answered, the goal reached of a journey that uses the template.
Here each message is reported at most once; whether the response came within the window pinned when
the message was ordered is told where its trial is kept.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from services.decision.domain import rhythm
from services.decision.domain.civil import local, to_s
from services.decision.domain.decisions import Responded
from services.decision.domain.habits import ANSWERED, may_profile
from services.decision.domain.inputs import EventInput, EventKind, ReceiptInput, ReceiptKind
from services.decision.domain.state import RESERVED, Contact
from services.decision.domain.turn import Turn

#: The bit of `Contact.seen` for an answer that was no receipt.
RESPONDED = 128
_RECEIPTS = frozenset({ReceiptKind.CLICKED, ReceiptKind.REPLIED})
#: Calls that show the person is there; a `track` may come from a server at any hour.
_PRESENT = frozenset({EventKind.PAGE, EventKind.SCREEN})


def on_receipt(turn: Turn, receipt: ReceiptInput, before: Contact) -> None:
    """Report the first human click or reply to a message."""
    if receipt.outcome not in _RECEIPTS or receipt.machine or before.seen & ANSWERED:
        return
    hour = _hour(turn, receipt.at)
    _seen(turn, hour)
    turn.effects.append(Responded(receipt.at, before.id, receipt.outcome.value, hour))


def on_event(turn: Turn, event: EventInput, name: str, properties: Mapping[str, Any]) -> None:
    """Note that the person is there, and report every message whose ask or goal this fulfils."""
    if event.kind in _PRESENT:
        _seen(turn, _hour(turn, event.occurred_at))
    rewards = turn.catalog.rewards.get(name)
    if rewards is None or not turn.state.contacts:
        return
    state, at_s = turn.state, to_s(event.occurred_at)
    for trigger, templates in rewards:
        if not trigger.fits(state, turn.now_s, properties, {}):
            continue
        for i, contact in enumerate(state.contacts):
            if (
                contact.template not in templates
                or contact.seen & ANSWERED
                or contact.state == RESERVED
                or contact.at_s > at_s
            ):
                continue
            state.contacts[i] = msgspec.structs.replace(contact, seen=contact.seen | RESPONDED)
            hour = _hour(turn, event.occurred_at)
            turn.effects.append(Responded(event.occurred_at, contact.id, name, hour))
            turn.changed()


def _hour(turn: Turn, at: datetime) -> int:
    return rhythm.hour_of_week(local(to_s(at), turn.zone))


def _seen(turn: Turn, hour: int) -> None:
    if may_profile(turn.state):
        turn.state.rhythm = rhythm.add(turn.state.rhythm, hour)
