"""Made-up people, and people as events tell of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.decision.domain import state as states
from services.decision.domain.civil import to_us
from services.decision.domain.inputs import EventInput
from services.decision.domain.simulation.lots import Lots
from services.decision.domain.simulation.spec import PeopleSpec
from services.decision.domain.state import Consent, Endpoint, Permission, PersonState


class Temper(NamedTuple):
    """What a person is like: how busy, how responsive, and on which channels, 1 being average."""

    pace: float
    response: float
    channels: dict[str, float]


def person_id(index: int, start: datetime) -> UUID:
    """Return an id that sorts by number, made at the start."""
    at_ms = to_us(start) // 1000
    return UUID(int=at_ms << 80 | 0x7 << 76 | (index >> 62) << 64 | 0b10 << 62 | index)


def made_up(index: int, start: datetime, spec: PeopleSpec, lots: Lots) -> PersonState:
    """Return somebody who was known before the start, with addresses, zone and consent."""
    state = states.new(person_id(index, start))
    for channel, reach in spec.reach.items():
        if lots.happens(reach):
            state.endpoints[channel] = Endpoint(f"{channel}-{index}@example.com")
    state.timezone, state.timezone_source = lots.weighted(spec.timezones), "trait"
    state.locale = lots.weighted(spec.locales)
    state.traits = {name: lots.one_of(values) for name, values in spec.traits.items() if values}
    if lots.happens(spec.consent):
        granted = Consent("granted", to_us(start), "opt_in", "simulation")
        state.permission = Permission({"contact/*/*": granted})
    return state


def temper(spec: PeopleSpec, lots: Lots) -> Temper:
    """Return what a person is like: mostly near 1, a few far above (a square of an even share)."""
    return Temper(
        0.25 + 2.25 * lots.share() ** 2,
        0.2 + 2.4 * lots.share() ** 2,
        {channel: 0.5 + lots.share() for channel in spec.reach},
    )


class Recorded(NamedTuple):
    """A person whose events really happened, in order of time."""

    user: str
    events: Sequence[EventInput]


def recorded(
    index: int, start: datetime, who: Recorded, spec: PeopleSpec, lots: Lots
) -> PersonState:
    """Return somebody as known at the start; their events bring what they bring.

    Addresses come from their identify calls, where none brings one a made-up one stands in:
    imports often leave them out.
    """
    state = made_up(index, start, spec, lots)
    told: dict[str, Any] = {}
    for event in who.events:
        told |= event.traits
    for trait, channel in (("email", "email"), ("phone", "sms")):
        if trait in told:
            state.endpoints.pop(channel, None)
    return state
