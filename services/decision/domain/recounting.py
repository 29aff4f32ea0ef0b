"""Counts anew what rules ask for, from what ingest has on record of a person's past."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from services.decision.domain import tallying
from services.decision.domain.state import PersonState, Tally
from services.decision.domain.tallying import TallySpec


class PastEvent(NamedTuple):
    """An event on record, as rules name it, numbered by its profile."""

    profile: UUID
    seq: int
    name: str
    at_s: int
    properties: Mapping[str, Any]


class Past(NamedTuple):
    """What is on record: by profile all events up to `last_seqs`, and traits as they are now."""

    last_seqs: Mapping[UUID, int]
    traits: Mapping[UUID, Mapping[str, Any]]
    events: Mapping[UUID, Sequence[PastEvent]]


def sources(state: PersonState) -> list[UUID]:
    """Return the profiles whose events the person's state holds."""
    return [UUID(bytes=source) for source in state.applied]


def covers(past: Past, state: PersonState) -> bool:
    """Return whether the record was read late enough to hold all that the state has applied."""
    return all(
        ranges[-1] <= past.last_seqs.get(UUID(bytes=source), 0)
        for source, ranges in state.applied.items()
    )


def recount(past: Past, state: PersonState, specs: Iterable[TallySpec]) -> dict[int, Tally]:
    """Return each tally over exactly the events the state has applied.

    Those on record but not yet applied are counted when they arrive: nothing twice, nothing missed.
    """
    found: dict[int, Tally] = {}
    by_name: dict[str, list[TallySpec]] = {}
    for spec in specs:
        by_name.setdefault(spec.event, []).append(spec)
    for source, ranges in state.applied.items():
        for event in past.events.get(UUID(bytes=source), ()):
            if not _within(event.seq, ranges):
                continue
            for spec in by_name.get(event.name, ()):
                if tallying.counts(spec, event.at_s, event.properties):
                    known = found.get(spec.number)
                    found[spec.number] = tallying.add(known, spec, event.at_s, event.properties)
    return found


def _within(seq: int, ranges: Sequence[int]) -> bool:
    return any(low <= seq <= high for low, high in zip(ranges[::2], ranges[1::2], strict=True))
