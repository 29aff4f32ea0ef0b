"""What became of messages: slots are kept or given back, and opt-outs count at once."""

from uuid import UUID

import msgspec

from services.decision.domain import decide, learning, permission, responses
from services.decision.domain import state as states
from services.decision.domain.arbitrate import holds_until_s
from services.decision.domain.case import held, refused
from services.decision.domain.civil import to_s_up
from services.decision.domain.decisions import Outcome, Released, Ruling, Verdict
from services.decision.domain.inputs import (
    PermissionInput,
    PermissionPart,
    PermissionStatus,
    PermitRefusedInput,
    ReceiptInput,
    ReceiptKind,
)
from services.decision.domain.journeys import engine as journeys
from services.decision.domain.model import TRANSACTIONAL
from services.decision.domain.permit import permit
from services.decision.domain.reasons import Reason
from services.decision.domain.state import ACCEPTED, RESERVED, UNKNOWN, Contact, Endpoint
from services.decision.domain.turn import Turn

_BITS = {
    ReceiptKind.DELIVERED: states.DELIVERED,
    ReceiptKind.OPENED: states.OPENED,
    ReceiptKind.CLICKED: states.CLICKED,
    ReceiptKind.REPLIED: states.REPLIED,
    ReceiptKind.BOUNCED: states.BOUNCED,
    ReceiptKind.COMPLAINED: states.COMPLAINED,
    ReceiptKind.UNSUBSCRIBED: states.UNSUBSCRIBED,
}
#: What a machine does before a person reads is no sign of that person.
_MAY_BE_MACHINE = {ReceiptKind.OPENED, ReceiptKind.CLICKED}
_REASONS = {reason.value: reason for reason in Reason}
_DEFINITELY_NOT_SENT = {ReceiptKind.REJECTED, ReceiptKind.EXPIRED, ReceiptKind.CANCELLED}


def on_receipt(turn: Turn, receipt: ReceiptInput) -> str:
    """Learn what became of a message. Repeats, and receipts of forgotten messages, change no slot.

    A definite "not sent" gives the slot back, but only of a reserved message: what may have been
    sent stays counted.
    """
    index = _find(turn, receipt.message_id)
    contact = None if index is None else turn.state.contacts[index]
    kind = receipt.outcome
    if contact is not None and kind in _DEFINITELY_NOT_SENT:
        if contact.state != RESERVED:
            return "unchanged"
        release(turn, contact, _why_not_sent(turn, contact, kind))
        return "applied"
    changed = False
    if contact is not None and index is not None:
        learned = _learned(contact, receipt)
        changed = learned != contact
        if changed:
            turn.state.contacts[index] = learned
            turn.changed()
            turn.touched.update(turn.catalog.segments.by_messages)
            responses.on_receipt(turn, receipt, contact)
    opted_out = _opt_out(turn, receipt, contact)
    return "applied" if changed or opted_out else "unchanged"


def on_permit_refused(turn: Turn, refusal: PermitRefusedInput) -> str:
    """Give back the slot of a message whose permit was refused; it waits, or ends."""
    index = _find(turn, refusal.message_id)
    contact = None if index is None else turn.state.contacts[index]
    if contact is None or contact.state != RESERVED:
        return "unchanged"
    reason = _REASONS.get(refusal.reason, Reason.PERMIT_REFUSED)
    asked_now = permit(turn.state, contact.id, turn.catalog, turn.now, turn.controls).verdict
    if asked_now is not None and asked_now.reason is reason:
        verdict = asked_now
    elif refusal.until is not None:
        verdict = held("permit", reason, to_s_up(refusal.until))
    else:
        verdict = refused("permit", reason)
    release(turn, contact, verdict)
    return "applied"


def release(turn: Turn, contact: Contact, verdict: Verdict) -> None:
    """Give back a slot. What is only held competes again; others that were held may go sooner."""
    state = turn.state
    state.contacts.remove(contact)
    turn.changed()
    turn.effects.append(Released(contact.id))
    if contact.flight is None:
        return
    pending = contact.flight.pending
    template = turn.catalog.templates.get(contact.template)
    ask = state.asks.get(template.ask) if template else None
    if template and ask and ask.status == "open" and ask.journey == pending.journey:
        del state.asks[template.ask]
    for i, waiting in enumerate(state.pending):
        if waiting.due_s > turn.now_s:
            state.pending[i] = msgspec.structs.replace(waiting, due_s=turn.now_s)
    decide.record(turn, pending, verdict, Outcome.RELEASED)
    wanted = turn.catalog.wanted_by(pending)
    when_blocked = verdict.action or (wanted[1].when_blocked if wanted else "skip")
    ends_s = holds_until_s(pending, verdict)
    waits = when_blocked in ("hold", "reroute") and turn.now_s < ends_s
    if verdict.ruling is Ruling.HELD and waits:
        until_s = ends_s if verdict.until is None else to_s_up(verdict.until)
        due_s = min(max(until_s, turn.now_s), ends_s)
        state.pending.append(msgspec.structs.replace(pending, due_s=due_s))
    elif when_blocked == "exit":
        position = journeys.find(turn, pending.journey, pending.entry)
        if position is not None:
            journeys.leave(turn, position, verdict.reason)


def _find(turn: Turn, message_id: UUID) -> int | None:
    for i, contact in enumerate(turn.state.contacts):
        if contact.id == message_id:
            return i
    return None


def _why_not_sent(turn: Turn, contact: Contact, kind: ReceiptKind) -> Verdict:
    if kind is ReceiptKind.EXPIRED:
        return refused("delivery", Reason.EXPIRED)
    if kind is ReceiptKind.CANCELLED:
        answer = permit(turn.state, contact.id, turn.catalog, turn.now, turn.controls)
        if answer.verdict is not None:
            return answer.verdict
    return refused("delivery", Reason.NOT_ACCEPTED, {"detail": kind.value})


def _learned(contact: Contact, receipt: ReceiptInput) -> Contact:
    """Return the contact with what the receipt says. A sign of life means it was accepted."""
    kind, state, at_s, flight = receipt.outcome, contact.state, contact.at_s, contact.flight
    bit = _BITS.get(kind, 0)
    if state != ACCEPTED and (kind is ReceiptKind.ACCEPTED or bit):
        state, flight = ACCEPTED, None
        at_s = max(at_s, to_s_up(receipt.at)) if kind is ReceiptKind.ACCEPTED else at_s
    elif state == RESERVED and kind is ReceiptKind.UNKNOWN:
        state, at_s = UNKNOWN, max(at_s, to_s_up(receipt.at))
        # Only what may be tried again after an unknown outcome needs another permit.
        flight = flight if contact.message_class == TRANSACTIONAL or receipt.repeats else None
    elif state == UNKNOWN and kind is ReceiptKind.UNKNOWN and not receipt.repeats:
        flight = None
    if receipt.machine and kind in _MAY_BE_MACHINE:
        bit = 0
    return msgspec.structs.replace(
        contact, state=state, at_s=at_s, seen=contact.seen | bit, flight=flight
    )


def _opt_out(turn: Turn, receipt: ReceiptInput, contact: Contact | None) -> bool:
    """Turn a bounce, a complaint, an unsubscribe, STOP or START into the change it means."""
    channel = receipt.channel or (contact.channel if contact else "")
    topic = receipt.topic or (contact.topic if contact else "*")
    part, status, address = PermissionPart.SUPPRESSION, PermissionStatus.SET, ""
    if receipt.word == "stop" and receipt.outcome is ReceiptKind.UNSUBSCRIBED:
        topic, reason = "*", "stop"
    elif receipt.word == "start" and receipt.outcome is ReceiptKind.REPLIED:
        block = turn.state.permission.suppressions.get(channel)
        if block is None or not block.on or block.reason != "stop":
            return False
        status, topic, reason = PermissionStatus.LIFTED, "*", "start"
    elif receipt.outcome is ReceiptKind.UNSUBSCRIBED:
        part, status, reason = PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, "unsubscribed"
    elif receipt.outcome is ReceiptKind.COMPLAINED:
        channel, topic, reason = "*", "*", "complaint"
    elif receipt.outcome is ReceiptKind.BOUNCED and receipt.hard_bounce and channel:
        topic, reason = "*", "hard_bounce"
        endpoint = turn.state.endpoints.get(channel)
        address = endpoint.address if endpoint else ""
    else:
        return False
    what = PermissionInput(
        receipt.id, part, status, receipt.at, "contact", channel or "*", topic, "receipt",
        f"receipt:{receipt.id}", address, reason,
    )  # fmt: skip
    return turn.change_permission(what, receipt.message_id)


def on_permission(turn: Turn, what: PermissionInput) -> str:
    """Apply a change of permission; what is older than what is known changes nothing."""
    if what.seq > 0:
        source = (what.source or turn.state.person).bytes
        if not learning.apply_once(turn.state.applied, source, what.seq):
            return "duplicate"
    changed = turn.change_permission(what)
    if changed and what.basis == permission.DOUBLE_OPT_IN and what.address:
        turn.state.endpoints[what.channel] = Endpoint(what.address, proven=True)
    return "applied" if changed or what.seq > 0 else "unchanged"
