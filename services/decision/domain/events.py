"""What an event of a client app does to a person: counts, answers, ends, moves on, begins."""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.decision.domain import decide, learning, responses, segments
from services.decision.domain.case import refused
from services.decision.domain.civil import to_s
from services.decision.domain.decisions import EventEmitted, Fact, Move
from services.decision.domain.inputs import EventInput, EventKind
from services.decision.domain.journeys import engine as journeys
from services.decision.domain.journeys import entering
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Ask, Pending
from services.decision.domain.turn import Turn


def on_event(turn: Turn, event: EventInput) -> str:
    """Apply an event once; return what became of it: applied, duplicate, history, low_signal.

    Waits that ended before the event happened end first. An event ends what it ends before it
    begins anything; segments follow in between, so that who begins is already where they belong.
    History counts, answers and ends, but moves and begins nothing.
    """
    state = turn.state
    source = (event.source or state.person).bytes
    if event.seq > 0 and not learning.apply_once(state.applied, source, event.seq):
        return "duplicate"
    at_s = min(to_s(event.occurred_at), turn.now_s)
    segments.catch_up(turn, at_s)
    journeys.fire_timers(turn, at_s)
    if event.traits or event.locale or event.timezone or event.endpoints:
        learning.learn_traits(state, event, turn.catalog)
        journeys.wait_anew(turn)
        turn.changed()
        for trait, _ in learning.flat(event.traits):
            turn.learnt(trait)
        turn.touched.update(turn.catalog.segments.by_zone)
    name = learning.event_name(event)
    quiet = event.history or event.low_signal or name in turn.catalog.low_signal_events
    if not name:
        segments.settle(turn, silent=quiet)
        return "applied"
    learning.count(state, name, event, turn.catalog, turn.now_s)
    learning.tally(state, name, event, turn.catalog, turn.now_s)
    turn.counted(name)
    segments.settle(turn, silent=quiet)
    properties = learning.event_properties(event)
    responses.on_event(turn, event, name, properties)
    _answer_asks(turn, event, name, properties)
    if name in turn.catalog.ending_events:
        _end_journeys(turn, event, name, properties)
    if event.history:
        entering.by_event(turn, event, name, properties)
    if quiet:
        return "history" if event.history else "low_signal"
    journeys.resume_waits(turn, name, properties)
    entering.by_event(turn, event, name, properties)
    return "applied"


def on_emitted(turn: Turn, emitted: EventEmitted) -> None:
    """Apply an event a journey emitted, as if a client app had sent it at this moment."""
    event = EventInput(
        emitted.id, 0, EventKind.TRACK, emitted.at, emitted.at, emitted.name, emitted.properties
    )
    on_event(turn, event)


def _answer_asks(turn: Turn, event: EventInput, name: str, properties: Mapping[str, Any]) -> None:
    """Close every ask the event answers, and with it all messages that wait to ask.

    One already on its way is refused its permit by the rule `ask_done`.
    """
    state = turn.state
    for ask in turn.catalog.asks_by_event.get(name, ()):
        if not ask.trigger.fits(state, turn.now_s, properties, {}):
            continue
        at_s = min(to_s(event.occurred_at), turn.now_s)
        known = state.asks.get(ask.key)
        if known is None or known.status != "answered":
            turn.asked(ask.key, "answered")
        elif known.at_s >= at_s:
            continue
        state.asks[ask.key] = Ask("answered", at_s)
        if ask.holds_s and at_s + ask.holds_s <= turn.now_s:
            continue
        facts: dict[str, Fact] = {"ask": ask.key}
        for pending in list(state.pending):
            if turn.catalog.ask_of(pending) == ask.key:
                decide.end(turn, pending, refused("ask_done", Reason.ASK_DONE, facts))


def _end_journeys(turn: Turn, event: EventInput, name: str, properties: Mapping[str, Any]) -> None:
    """End runs by exit rule or goal, with all that waits or is on its way because of them.

    Imported history ends only what began before it happened.
    """
    state, history_s = turn.state, to_s(event.occurred_at) if event.history else None

    def why(one: Pending, began_s: int) -> Reason | None:
        if history_s is not None and history_s < began_s:
            return None
        return journeys.ending(turn, one.journey, one.version, name, properties, one.context)

    for position in list(state.positions):
        if history_s is not None and history_s < position.entered_s:
            continue
        reason = journeys.ending(
            turn, position.journey, position.version, name, properties, position.context
        )
        if reason is not None:
            move = Move.COMPLETED if reason is Reason.GOAL_REACHED else Move.EXITED
            journeys.leave(turn, position, reason, move)
    for pending in list(state.pending):
        reason = why(pending, pending.since_s)
        if reason is not None:
            facts: dict[str, Fact] = {"journey": pending.journey, "event": name}
            decide.end(turn, pending, refused(reason.value, reason, facts))
    for i, contact in enumerate(state.contacts):
        flight = contact.flight
        reason = why(flight.pending, flight.pending.since_s) if flight else None
        if flight is not None and reason is not None and not flight.cancelled:
            flight = msgspec.structs.replace(flight, cancelled=reason.value)
            state.contacts[i] = msgspec.structs.replace(contact, flight=flight)
