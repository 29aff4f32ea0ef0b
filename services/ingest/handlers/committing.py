"""The commit: claims message ids, finds and locks people, places every event in its person's
sequence, and writes record, traits and outgoing facts, or nothing.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

from contracts.telemetry import SPAN_PROCESS
from kit import telemetry
from kit.clock import Clock
from kit.db.database import RETRYABLE, Database, Tx
from kit.errors import Unavailable
from kit.ids import new_id, new_ids
from services.ingest import wire
from services.ingest.domain.endpoints import Spelling
from services.ingest.domain.erasing import refusal
from services.ingest.domain.identity import Merge, Plan, demand, identities_of, plan
from services.ingest.domain.items import Item, Kind, Refusal
from services.ingest.domain.rules import Rules
from services.ingest.domain.traits import Traits, merge, said, take
from services.ingest.handlers.erasing import Erasures
from services.ingest.handlers.rooms import Rooms
from services.ingest.ports import (
    Held,
    Known,
    MessageKey,
    ProfileKey,
    Recorded,
    RecordedMerge,
    Stale,
    Store,
)

log = logging.getLogger("kairos.ingest")

TRIES_MAX = 8
"""How often a commit is run again because somebody else was faster; beyond it the caller is asked
to.
"""


Superseded = Mapping[tuple[UUID, int], Sequence[str]]
"""Profile and number of a call → its traits about which something newer was known."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The valid items of one request. `weight` is their number, or their KB where that is more."""

    items: Sequence[Item]
    weight: int
    traceparent: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a submission once its commit is durable; the accepted include those in
    quarantine.
    """

    accepted: int
    repeated: int
    refused: Sequence[Refusal] = ()
    quarantined: int = 0


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Places of the items of a commit: those that were new, and those about people who were
    erased, which are not stored.
    """

    fresh: Collection[int] = ()
    erased: Collection[int] = ()


class Acceptance:
    """Commits groups of submissions."""

    def __init__(
        self,
        db: Database,
        store: Store,
        clock: Clock,
        spelling: Spelling,
        rules_of: Callable[[str], Rules],
        erasures: Erasures,
    ) -> None:
        self._rules_of = rules_of
        self._erasures = erasures
        self.rooms = Rooms(db, store, clock)
        self._db = db
        self._store = store
        self._clock = clock
        self._spelling = spelling

    async def commit(self, group: Sequence[Submission]) -> list[Outcome]:
        """Stores all submissions in one transaction; raises when any of them cannot be stored.

        A submission that stands alone is stored without the items Postgres refuses, each named in
        the outcome.
        """
        items = [item for submission in group for item in submission.items]
        try:
            stored = await self._store_all(group, items)
        except Exception as error:
            if len(group) > 1 or not self._store.blames_data(error):
                raise
            return [await self._store_what_can_be(group[0], error)]
        return _outcomes(group, stored)

    async def _store_what_can_be(self, submission: Submission, error: Exception) -> Outcome:
        log.warning("items refused by Postgres: %s", type(error).__name__)
        reason = f"Cannot be stored ({type(error).__name__})"
        refused = [
            Refusal(index=item.index, reason=reason)
            for item in await self._culprits(submission.items)
        ]
        spoilt = {refusal.index for refusal in refused}
        rest = [item for item in submission.items if item.index not in spoilt]
        if not rest:
            return Outcome(accepted=0, repeated=0, refused=refused)
        left = replace(submission, items=rest)
        [outcome] = _outcomes([left], await self._store_all([left], rest))
        return replace(outcome, refused=[*refused, *outcome.refused])

    async def _culprits(self, items: Sequence[Item]) -> list[Item]:
        """The items that Postgres refuses, found by halving; nothing of the search is kept."""
        if await self._is_storable(items):
            return []
        if len(items) == 1:
            return list(items)
        half = len(items) // 2
        return [*await self._culprits(items[:half]), *await self._culprits(items[half:])]

    async def _is_storable(self, items: Sequence[Item]) -> bool:
        try:
            await self._try_out(items)
        except _Tried:
            return True
        except Exception as error:
            if not self._store.blames_data(error):
                raise
            return False

    async def _try_out(self, items: Sequence[Item]) -> NoReturn:
        await self.rooms.make()
        async with self._db.worker() as tx:
            await self._write(tx, items)
            raise _Tried

    async def _store_all(self, group: Sequence[Submission], items: Sequence[Item]) -> Stored:
        """One transaction, run again while others are faster."""
        callers = [each.traceparent for each in group if each.traceparent]
        parent = callers[0] if len(callers) == 1 else None
        links = callers if parent is None else []
        with telemetry.span(SPAN_PROCESS, parent=parent, links=links):
            await self.rooms.make()
            for _ in range(TRIES_MAX):
                try:
                    async with self._db.worker() as tx:
                        return await self._write(tx, items)
                except (Stale, *RETRYABLE) as error:
                    log.debug("run again: %s", type(error).__name__)
        raise Unavailable("Too many calls about the same person at once; send the same again")

    async def _write(self, tx: Tx, items: Sequence[Item]) -> Stored:
        now = self._clock.now()
        places = _unclaimed(items, await self._store.claim(tx, items, now))
        if not places:
            return Stored()
        erased = await self._erased(tx, items, places, now)
        places = [place for place in places if place not in erased]
        fresh = [items[place] for place in places]
        if broken := [item for item in fresh if item.violation]:
            await self._store.quarantine(tx, self._held(broken, now))
        if good := [item for item in fresh if not item.violation]:
            await self.place(tx, good)
        return Stored(fresh=set(places), erased=erased)

    async def _erased(
        self, tx: Tx, items: Sequence[Item], places: Sequence[int], at: datetime
    ) -> set[int]:
        """The places of items about people who were erased; their message ids are given back."""
        fresh = [items[place] for place in places]
        gone = {places[nth] for nth in await self._erasures.among(tx, fresh)}
        if gone:
            await self._store.unclaim(tx, [items[place] for place in gone], at)
        return gone

    def _held(self, items: Sequence[Item], at: datetime) -> list[Held]:
        ids = new_ids(at, len(items))
        return [
            Held(id=one, item=item, violation=item.violation)
            for one, item in zip(ids, items, strict=True)
            if item.violation
        ]

    async def place(self, tx: Tx, fresh: Sequence[Item]) -> None:
        """Gives items, whose message ids are claimed, to their people, and writes everything."""
        owners = await self._store.owners(tx, identities_of(fresh))
        profiles = await self._store.take(tx, demand(fresh, owners))
        now = self._clock.now()
        planned = plan(fresh, owners, profiles, lambda: new_id(self._clock), now)
        await self.write_plan(tx, planned)

    async def write_plan(self, tx: Tx, planned: Plan) -> None:
        """Writes people, traits and record of a plan, and emits its facts."""
        await self._store.save_people(tx, planned)
        superseded = await self._save_traits(tx, planned)
        await self._record(tx, planned, superseded)

    async def _record(self, tx: Tx, planned: Plan, superseded: Superseded) -> None:
        """Writes the record and emits its facts in the order of the sequences."""
        at = self._clock.now()
        ids = iter(new_ids(at, len(planned.steps)))
        events: list[Recorded] = []
        merges: list[RecordedMerge] = []
        causing: list[Merge] = []
        for step in planned.steps:
            if isinstance(step, Merge):
                causing.append(step)
                continue
            late = superseded.get((step.profile, step.person_seq), ())
            event = Recorded(id=next(ids), at=at, step=step, superseded=late)
            for cause in causing:
                merged = RecordedMerge(id=next(ids), at=at, step=cause, event=event.id)
                merges.append(merged)
                tx.emit(wire.merge_fact(merged))
            causing.clear()
            events.append(event)
            tx.emit(wire.event_fact(event))
        for cause in causing:  # Asked for: no event brought the two together.
            fact_id = next(ids)
            merged = RecordedMerge(id=fact_id, at=at, step=cause, event=fact_id)
            merges.append(merged)
            tx.emit(wire.merge_fact(merged))
        await self._store.save_record(tx, events, merges)

    async def _save_traits(self, tx: Tx, planned: Plan) -> Superseded:
        """Merges what was said about people, and what was known of those merged into them.

        Returns what came too late, by the number of the call in its person's sequence.
        """
        told = [
            (step, (step.item.workspace, planned.home_of(step.profile)))
            for step in planned.placed
            if step.item.kind is Kind.IDENTIFY and step.item.traits
        ]
        heirs = {
            (each.workspace, each.loser): (each.workspace, planned.home_of(each.winner))
            for each in planned.merges
        }
        if not told and not heirs:
            return {}
        owners = {*heirs, *heirs.values(), *(owner for _, owner in told)}
        known = await self._store.traits(tx, owners)
        changed: dict[ProfileKey, Traits] = {}
        for loser, heir in heirs.items():
            if loser in known:
                before = changed.get(heir) or known.get(heir, Traits())
                changed[heir] = merge(before, [known[loser]])
        superseded: dict[tuple[UUID, int], Sequence[str]] = {}
        for step, owner in told:
            news = said(step.item.traits or {}, step.item.occurred_at)
            before = changed.get(owner) or known.get(owner, Traits())
            changed[owner], late = take(before, news)
            if late:
                superseded[step.profile, step.person_seq] = late
        found = {owner: self._known(owner[0], traits) for owner, traits in changed.items()}
        await self._store.save_traits(tx, found, gone=heirs)
        return superseded

    def _known(self, workspace: str, traits: Traits) -> Known:
        phone = traits.text("phone")
        region = self._rules_of(workspace).phone_region
        number = self._spelling.phone(phone, region) or phone.strip() or None
        return Known(traits=traits, email=traits.email, phone=number)


class _Tried(Exception):
    """Ends a transaction that was only a trial."""


def _unclaimed(items: Sequence[Item], new: set[MessageKey]) -> list[int]:
    """The places of the items whose message id was new; of several with the same one, the first."""
    places = []
    for place, item in enumerate(items):
        key = (item.workspace, item.message_id)
        if key in new:
            new.remove(key)
            places.append(place)
    return places


def _outcomes(group: Sequence[Submission], stored: Stored) -> list[Outcome]:
    """Cuts the places of a whole group back into its submissions."""
    outcomes = []
    start = 0
    for submission in group:
        end = start + len(submission.items)
        fresh = [place for place in range(start, end) if place in stored.fresh]
        held = sum(bool(submission.items[place - start].violation) for place in fresh)
        refused = [
            refusal(item)
            for place, item in enumerate(submission.items, start)
            if place in stored.erased
        ]
        repeated = end - start - len(fresh) - len(refused)
        outcomes.append(
            Outcome(accepted=len(fresh), repeated=repeated, refused=refused, quarantined=held)
        )
        start = end
    return outcomes
