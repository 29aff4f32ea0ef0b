"""What is asked for from outside: one message for one person, or the next best one right now."""

import msgspec

from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import MessageInput, NextInput
from services.decision.domain.model import Template
from services.decision.domain.state import Pending
from services.decision.domain.turn import Turn


def on_message(turn: Turn, asked: MessageInput) -> str:
    """Put a message that was asked for among those that want to go out.

    It passes the same rules as any other: permission and address always, the contact policy as far
    as its class is bound by it.
    """
    state, template = turn.state, turn.catalog.templates.get(asked.template)
    if template is None:
        return "unchanged"
    flights = [one.flight.pending for one in state.contacts if one.flight is not None]
    if any(one.entry == asked.id for one in (*state.pending, *flights)):
        return "duplicate"
    names = template.event_variables
    context = {name: asked.data[name] for name in names if name in asked.data}
    turn.wanting = turn.cause
    state.pending.append(
        Pending(
            derive_id(asked.id, "candidate", turn.person_hex), "", 0, template.key, asked.id,
            turn.now_s, turn.now_s + asked.valid_for_s, turn.now_s, context, "api",
        )
    )  # fmt: skip
    return "applied"


def on_next(turn: Turn, asked: NextInput) -> str:
    """Let everything that waits for these channels and this placement compete now."""
    found = False
    for i, pending in enumerate(turn.state.pending):
        templates = turn.catalog.templates_for(turn.state, pending)
        if any(is_asked_for(one, asked.channels, asked.placement) for one in templates):
            found = True
            turn.state.pending[i] = msgspec.structs.replace(pending, due_s=turn.now_s)
    if not found:
        return "unchanged"
    turn.showable = (asked.channels, asked.placement)
    turn.changed()
    return "applied"


def is_asked_for(template: Template, channels: tuple[str, ...], placement: str) -> bool:
    """Return whether a client that asks so can show it."""
    return template.channel in channels and placement in ("", template.placement)
