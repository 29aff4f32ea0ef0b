"""Which messages get the credit for a goal that was reached: five models, each adding up to one.

Pure and the same for the same person's messages and events, in whatever order these became known;
so it may be worked out again at any time.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.history.domain.goals import Goal

HALF_LIFE = timedelta(days=7)
"""After so long a message gets half the credit of one just sent (time decay)."""
CHAIN_MAX = 20
"""Channels told of one chain, the last ones."""
ENDS = 0.4
"""Share of the first and of the last message each, where there are more than two (position)."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A message a person got, with the goals that held when it was sent."""

    message: UUID
    at: datetime
    goals: Sequence[Goal]
    channel: str = ""
    message_class: str = ""
    template: str = ""
    variant: str = ""
    journey: str = ""
    campaign: str = ""


class Reached(msgspec.Struct, frozen=True, kw_only=True):
    """An event that reached a goal, whoever is to thank for it."""

    goal: str
    event: UUID
    at: datetime
    value: float


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """One message's share in one reached goal, by each model. Over all messages of that goal and
    event, each model's shares add up to one. The last of them tells the `chain` of channels.
    """

    reached: Reached
    contact: Contact
    last: float
    first: float
    linear: float
    position: float
    decay: float
    chain: str = ""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a person."""

    id: UUID
    at: datetime
    name: str
    properties: Mapping[str, object] = {}


def reached(goals: Sequence[Goal], events: Sequence[Happening]) -> list[Reached]:
    """Every event that reaches one of these goals, once for each."""
    return [
        Reached(goal=goal.key, event=event.id, at=event.at, value=goal.worth(event.properties))
        for event in events
        for goal in goals
        if goal.is_reached_by(event.name, event.properties)
    ]


def attribute(contacts: Sequence[Contact], events: Sequence[Happening]) -> list[Credit]:
    """The credit of messages for what followed within the window of the goal as it was when they
    were sent. An event that followed no message gives none.
    """
    ordered = sorted(contacts, key=lambda each: (each.at, each.message))
    return [credit for event in events for credit in _credit(ordered, event)]


def _credit(contacts: Sequence[Contact], event: Happening) -> list[Credit]:
    by_goal: dict[str, list[tuple[Contact, Goal]]] = {}
    for contact in contacts:
        for goal in contact.goals:
            is_in_time = contact.at < event.at <= contact.at + goal.window
            if is_in_time and goal.is_reached_by(event.name, event.properties):
                by_goal.setdefault(goal.key, []).append((contact, goal))
    return [
        credit
        for key, touched in sorted(by_goal.items())
        for credit in _shares(key, touched, event)
    ]


def _shares(key: str, touched: Sequence[tuple[Contact, Goal]], event: Happening) -> list[Credit]:
    # The value is told by the goal of the last message: the most recent definition.
    value = touched[-1][1].worth(event.properties)
    found = Reached(goal=key, event=event.id, at=event.at, value=value)
    contacts = [contact for contact, _ in touched]
    models = {name: model(contacts, event.at) for name, model in MODELS.items()}
    chain = " > ".join(contact.channel for contact in contacts[-CHAIN_MAX:])
    return [
        Credit(
            reached=found,
            contact=contact,
            last=models["last"][place],
            first=models["first"][place],
            linear=models["linear"][place],
            position=models["position"][place],
            decay=models["decay"][place],
            chain=chain if contact is contacts[-1] else "",
        )
        for place, contact in enumerate(contacts)
    ]


def _last(contacts: Sequence[Contact], at: datetime) -> list[float]:
    return [0.0] * (len(contacts) - 1) + [1.0]


def _first(contacts: Sequence[Contact], at: datetime) -> list[float]:
    return [1.0] + [0.0] * (len(contacts) - 1)


def _linear(contacts: Sequence[Contact], at: datetime) -> list[float]:
    return [1 / len(contacts)] * len(contacts)


def _position(contacts: Sequence[Contact], at: datetime) -> list[float]:
    if len(contacts) <= 2:
        return _linear(contacts, at)
    middle = (1 - 2 * ENDS) / (len(contacts) - 2)
    return [ENDS] + [middle] * (len(contacts) - 2) + [ENDS]


def _decay(contacts: Sequence[Contact], at: datetime) -> list[float]:
    weights = [0.5 ** ((at - contact.at) / HALF_LIFE) for contact in contacts]
    return [weight / sum(weights) for weight in weights]


MODELS: dict[str, Callable[[Sequence[Contact], datetime], list[float]]] = {
    "last": _last,
    "first": _first,
    "linear": _linear,
    "position": _position,
    "decay": _decay,
}
"""Every model of credit: contacts in the order of sending, and the time of the event → shares."""
