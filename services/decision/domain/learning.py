"""What an event teaches: which sequence numbers are applied, counters, traits, endpoints."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.decision.domain import counting, tallying
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import find_zone, to_s
from services.decision.domain.inputs import EventInput, EventKind
from services.decision.domain.state import Endpoint, PersonState, TraitValue

#: Names of page and screen events in the catalog; their own name is the property `name`.
PAGE = "$page"
SCREEN = "$screen"

#: Traits that are addresses, and the channel they serve.
ENDPOINT_TRAITS = {"email": "email", "phone": "sms"}

#: So many event names are counted per person; further ones only where the catalog lists them.
COUNTERS_MAX = 100
#: Longer texts are no use to a rule and would bloat the state.
TRAIT_CHARS_MAX = 256
TRAIT_ITEMS_MAX = 32


def apply_once(applied: dict[bytes, list[int]], source: bytes, seq: int) -> bool:
    """Note that `seq` of `source` is applied; return False where it was already.

    Numbers are kept as closed ranges [from, to, from, to, ...]: one range as long as nothing is
    missing, more while one lane is ahead of the other.
    """
    ranges = applied.get(source)
    if ranges is None:
        applied[source] = [seq, seq]
        return True
    if seq == ranges[-1] + 1:
        ranges[-1] = seq
        return True
    if seq > ranges[-1]:
        ranges += (seq, seq)
        return True
    for i in range(0, len(ranges), 2):
        if seq <= ranges[i + 1]:
            if seq >= ranges[i]:
                return False
            ranges[i:i] = (seq, seq)
            _join(ranges)
            return True
    raise AssertionError(f"ranges out of order: {ranges}")


def unite(one: list[int], other: list[int]) -> list[int]:
    """Return the ranges that hold what either holds."""
    pairs = sorted(zip(one[::2] + other[::2], one[1::2] + other[1::2], strict=True))
    united: list[int] = []
    for low, high in pairs:
        if united and low <= united[-1] + 1:
            united[-1] = max(united[-1], high)
        else:
            united += (low, high)
    return united


def _join(ranges: list[int]) -> None:
    ranges[:] = unite(ranges, [])


def event_name(event: EventInput) -> str:
    """Return the name rules know an event by; empty for calls that are no events."""
    if event.kind is EventKind.TRACK:
        return event.name
    if event.kind is EventKind.PAGE:
        return PAGE
    return SCREEN if event.kind is EventKind.SCREEN else ""


def event_properties(event: EventInput) -> Mapping[str, Any]:
    """Return the properties rules see; a page's or screen's name is one of them."""
    if event.kind in (EventKind.PAGE, EventKind.SCREEN) and event.name:
        return {"name": event.name, **event.properties}
    return event.properties


def count(state: PersonState, name: str, event: EventInput, catalog: Catalog, now_s: int) -> None:
    """Count an event. An event from the future counts as now."""
    counters = state.counters
    known = counters.get(name)
    if known is None and len(counters) >= COUNTERS_MAX and name not in catalog.counted_events:
        return
    counters[name] = counting.add(known, min(to_s(event.occurred_at), now_s))


def tally(state: PersonState, name: str, event: EventInput, catalog: Catalog, now_s: int) -> None:
    """Count what rules ask beyond the counters, where the past is counted already."""
    properties = event_properties(event)
    for spec in catalog.segments.tallies.get(name, ()):
        if catalog.segments.tally_since[spec.number] <= state.settled and tallying.counts(
            spec, now_s, properties
        ):
            known = state.tallies.get(spec.number)
            at_s = min(to_s(event.occurred_at), now_s)
            state.tallies[spec.number] = tallying.add(known, spec, at_s, properties)


def learn_traits(state: PersonState, event: EventInput, catalog: Catalog) -> None:
    """Take over traits that rules use, addresses, language and time zone.

    Imported history only fills gaps: it never replaces what is known.
    """
    traits = event.traits
    if event.kind is EventKind.IDENTIFY:
        for name, value in flat(traits):
            if name.partition(".")[0] in event.superseded:
                continue
            if name in catalog.traits and not (event.history and name in state.traits):
                learn_trait(state.traits, name, value)
            if name in ENDPOINT_TRAITS and ENDPOINT_TRAITS[name] not in event.endpoints:
                _learn_endpoint(state, ENDPOINT_TRAITS[name], value, event)
    for channel, address in event.endpoints.items():
        if address is not None:
            _learn_endpoint(state, channel, address, event)
    locale = traits.get("locale") or event.locale
    if isinstance(locale, str) and locale and not (event.history and state.locale):
        state.locale = locale[:35]  # The longest tag RFC 5646 asks software to hold.
    for zone, source in ((traits.get("timezone"), "trait"), (event.timezone, "context")):
        if isinstance(zone, str) and zone and find_zone(zone) is not None:
            _learn_zone(state, zone, source, history=event.history)
            break


def flat(traits: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield traits by name, and those inside another as `address.city`, one level deep."""
    for name, value in traits.items():
        yield name, value
        if isinstance(value, dict):
            for inner, each in value.items():
                yield f"{name}.{inner}", each


def _learn_zone(state: PersonState, zone: str, source: str, *, history: bool) -> None:
    """A zone the customer data names beats the one a device was last seen in."""
    weaker = source == "context" and state.timezone_source == "trait"
    if not weaker and not (history and state.timezone):
        state.timezone, state.timezone_source = zone, source


def learn_trait(traits: dict[str, TraitValue], name: str, value: Any) -> None:
    """Take over one trait: a text, number, boolean or list of texts, cut to size; null forgets."""
    if value is None:
        traits.pop(name, None)
    elif isinstance(value, str):
        traits[name] = value[:TRAIT_CHARS_MAX]
    elif isinstance(value, bool | int | float):
        traits[name] = value
    elif isinstance(value, list):
        texts = [item[:TRAIT_CHARS_MAX] for item in value if isinstance(item, str)]
        traits[name] = texts[:TRAIT_ITEMS_MAX]


def _learn_endpoint(state: PersonState, channel: str, value: Any, event: EventInput) -> None:
    """Set or remove an address. What is only claimed never replaces what is proven."""
    known = state.endpoints.get(channel)
    if known is not None and (event.history or (known.proven and not event.trusted)):
        return
    if isinstance(value, str) and value.strip():
        address = value.strip()
        if known is None or known.address != address or event.trusted:
            state.endpoints[channel] = Endpoint(address, event.trusted)
    elif value is None or value == "":
        state.endpoints.pop(channel, None)
