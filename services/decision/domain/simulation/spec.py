"""Who the made-up people are, what they do, and how they respond; all with defaults.

A pack says it in `simulation.yaml`. Rates are means per 30 days and person; each person has a pace
of their own around them.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from services.decision.domain.catalog import Catalog
from services.decision.domain.documents import EventName, FieldName

Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(ge=0, le=1000)]


class EventSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often something happens, only `after` another event if named.

    `properties` names for each property the values it takes.
    """

    per_30_days: Factor = 1.0
    after: str = ""
    properties: dict[FieldName, list[Any]] = {}


class PeopleSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of people: reach and consent by channel, zones, languages, traits."""

    reach: dict[str, Share] = msgspec.field(
        default_factory=lambda: {"email": 0.95, "sms": 0.6, "push": 0.4, "in_app": 0.5}
    )
    consent: Share = 0.7
    timezones: dict[str, Factor] = msgspec.field(default_factory=lambda: {"Europe/Berlin": 1.0})
    locales: dict[str, Factor] = msgspec.field(default_factory=lambda: {"de": 0.8, "en": 0.2})
    traits: dict[FieldName, list[Any]] = msgspec.field(
        default_factory=lambda: {"first_name": ["Anna", "Ben", "Clara", "David"]}
    )
    pages_per_30_days: Factor = 0.0


class ResponseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a message is taken.

    A click has the probability `click` times the person's own factor, `fatigue` for each marketing
    message of the past seven days, half outside of the hours they are awake (8 to 22), and the
    factor of its template, variant (`template/variant`) or channel in `factors`. After a click the
    ask is done, or the goal reached, with `answer`. `unsubscribe` and `complain` are per message,
    times the number of messages of the past seven days.
    """

    click: Share = 0.06
    answer: Share = 0.3
    fatigue: Share = 0.85
    unsubscribe: Share = 0.002
    complain: Share = 0.0001
    factors: dict[str, Factor] = {}


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of it."""

    people: PeopleSpec = PeopleSpec()
    events: dict[EventName, EventSpec] = {}
    responses: ResponseSpec = ResponseSpec()


def read_spec(raw: dict[str, Any] | None) -> Spec:
    """Return the spec a document says; ValueError naming the place where it is none."""
    return msgspec.convert(raw or {}, Spec)


def heard_events(catalog: Catalog) -> frozenset[str]:
    """Return every event somebody listens to: it begins, ends, answers, moves on or is counted."""
    heard = set(catalog.live) | set(catalog.asks_by_event) | catalog.ending_events
    heard |= catalog.counted_events
    for journey in catalog.current.values():
        for step in journey.steps.values():
            trigger = getattr(step, "trigger", None)
            if trigger is not None:
                heard.add(trigger.event)
    return frozenset(heard)


def with_defaults(spec: Spec, catalog: Catalog) -> Spec:
    """Return the spec with an event of default frequency for each that the catalog listens to."""
    missing = {name: EventSpec() for name in sorted(heard_events(catalog) - set(spec.events))}
    return msgspec.structs.replace(spec, events=spec.events | missing)
