"""Two profiles turn out to be one person: the survivor takes over the other's past, once."""

from services.decision.domain import counting, decide, learning, permission, rhythm, tallying
from services.decision.domain.case import refused
from services.decision.domain.catalog import Catalog
from services.decision.domain.inputs import MergeInput
from services.decision.domain.journeys import engine as journeys
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Ask, Passage, PersonState, Position, decode
from services.decision.domain.turn import Turn


def on_merge(turn: Turn, merge: MergeInput) -> str:
    """Unite the loser's state with the survivor's. The stricter permission holds; safe to repeat.

    Ledgers, counters and once-keys unite. Where both are in a journey that allows one run, the
    earlier run goes on.
    """
    state = turn.state
    if merge.loser_person in state.merged or merge.loser_person == state.person:
        return "duplicate"
    loser = decode(merge.loser)
    state.merged += [merge.loser_person, *(m for m in loser.merged if m not in state.merged)]
    _unite_knowledge(state, loser, turn.catalog)
    state.permission = permission.merge(state.permission, loser.permission)
    for key, ask in loser.asks.items():
        known = state.asks.get(key)
        state.asks[key] = ask if known is None else max(known, ask, key=_firmness)
    known_contacts = {contact.id for contact in state.contacts}
    state.contacts += [one for one in loser.contacts if one.id not in known_contacts]
    state.contacts.sort(key=lambda contact: (contact.at_s, contact.id))
    for key, passage in loser.passages.items():
        mine = state.passages.get(key, Passage(0, 0))
        state.passages[key] = Passage(
            mine.entered + passage.entered,
            max(mine.last_s, passage.last_s),
            passage.values + mine.values,
        )
    known_pending = {pending.id for pending in state.pending}
    state.pending += [one for one in loser.pending if one.id not in known_pending]
    known_runs = {(position.journey, position.entry) for position in state.positions}
    state.positions += [
        one for one in loser.positions if (one.journey, one.entry) not in known_runs
    ]
    _end_double_runs(turn)
    turn.joined = loser.segments
    state.settled = min(state.settled, loser.settled) if loser.applied else state.settled
    turn.touched.update(range(len(turn.catalog.segments.ordered)))
    turn.changed()
    return "applied"


def _unite_knowledge(state: PersonState, loser: PersonState, catalog: Catalog) -> None:
    state.traits = loser.traits | state.traits
    for channel, endpoint in loser.endpoints.items():
        known = state.endpoints.get(channel)
        if known is None or (endpoint.proven and not known.proven):
            state.endpoints[channel] = endpoint
    if not state.timezone:
        state.timezone, state.timezone_source = loser.timezone, loser.timezone_source
    state.locale = state.locale or loser.locale
    state.rhythm = rhythm.merge(state.rhythm, loser.rhythm)
    for name, counter in loser.counters.items():
        mine = state.counters.get(name)
        state.counters[name] = counter if mine is None else counting.merge(mine, counter)
    specs = {one.number: one for specs in catalog.segments.tallies.values() for one in specs}
    for number, tally in loser.tallies.items():
        spec, kept = specs.get(number), state.tallies.get(number)
        if spec is not None:
            state.tallies[number] = (
                tally if kept is None else tallying.merge(kept, tally, spec.unit_s)
            )
    for source, ranges in loser.applied.items():
        state.applied[source] = learning.unite(state.applied.get(source, []), ranges)


def _firmness(ask: Ask) -> tuple[bool, int, int]:
    return (ask.status == "answered", ask.until_s, ask.at_s)


def _end_double_runs(turn: Turn) -> None:
    """End the later of two runs where the journey allows one at a time."""
    kept: dict[str, Position] = {}
    for position in sorted(turn.state.positions, key=lambda p: (p.entered_s, p.entry)):
        journey = turn.catalog.journey_of(position)
        if journey is None or journey.reentry in ("every", "per_value"):
            continue
        if position.journey not in kept:
            kept[position.journey] = position
            continue
        journeys.leave(turn, position, Reason.MERGED)
        for pending in list(turn.state.pending):
            if (pending.journey, pending.entry) == (position.journey, position.entry):
                facts = {"journey": pending.journey}
                decide.end(turn, pending, refused("merge", Reason.MERGED, facts))
