"""Accepts events: read the body, share a commit, answer when it is durable.

One commit claims message ids, finds and locks the people, places every event in its person's
sequence, and writes record, traits and outgoing facts, or nothing.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from contracts.telemetry import (
    ATTRIBUTE_WORKSPACE,
    METRIC_EVENTS_ACCEPTED,
    METRIC_EVENTS_REFUSED,
    SPAN_PROCESS,
)
from kit import telemetry
from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import RETRYABLE, Database, Tx
from kit.errors import Invalid, KairosError, Malformed, NotFound, TooLarge, Unavailable
from kit.ids import new_id
from services.ingest import wire
from services.ingest.domain import reading
from services.ingest.domain.identity import Merge, Plan, identities_of, plan
from services.ingest.domain.items import Item, Kind, Refusal, Refused
from services.ingest.domain.traits import Traits, merge, said
from services.ingest.handlers.group import GroupCommit
from services.ingest.ports import MessageKey, ProfileKey, Recorded, RecordedMerge, Stale, Store

log = logging.getLogger("kairos.ingest")

TRIES_MAX = 8
"""How often a commit is run again because somebody else was faster; beyond it the caller is asked
to.
"""

_ERRORS: dict[int, type[KairosError]] = {400: Malformed, 404: NotFound, 413: TooLarge, 422: Invalid}

_accepted = telemetry.counter(METRIC_EVENTS_ACCEPTED, "1", "Events stored")
_refused = telemetry.counter(METRIC_EVENTS_REFUSED, "1", "Items refused")


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The valid items of one request. `weight` is their number, or their KB where that is more."""

    items: Sequence[Item]
    weight: int
    traceparent: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a submission once its commit is durable."""

    accepted: int
    repeated: int
    refused: Sequence[Refusal] = ()


async def on_accept(
    request: Request, *, commits: GroupCommit[Submission, Outcome], clock: Clock
) -> bytes:
    """Answers when everything valid in the request is stored exactly once.

    A fault of the whole body, or the refusal of a single call, is raised as Malformed, TooLarge or
    Invalid.
    """
    call, body, source = wire.read_accept(request, clock, telemetry.current_traceparent())
    try:
        read = reading.read(call, body, source)
    except Refused as error:
        _count_refused(source.workspace, [error.refusal])
        raise _as_error(error.refusal) from None
    outcome = Outcome(accepted=0, repeated=0)
    if read.items:
        weight = max(len(read.items), len(body) // 1024)
        outcome = await commits.submit(
            Submission(items=read.items, weight=weight, traceparent=source.traceparent)
        )
    refused = sorted([*read.refused, *outcome.refused], key=lambda each: each.index)
    _count_accepted(source.workspace, call, outcome.accepted)
    _count_refused(source.workspace, refused)
    if refused and call not in reading.BATCH_CALLS:
        raise _as_error(refused[0])
    return wire.accept_reply(outcome.accepted, outcome.repeated, refused)


class Acceptance:
    """Commits groups of submissions."""

    def __init__(self, db: Database, store: Store, clock: Clock) -> None:
        self._db = db
        self._store = store
        self._clock = clock

    async def commit(self, group: Sequence[Submission]) -> list[Outcome]:
        """Stores all submissions in one transaction; raises when any of them cannot be stored.

        A submission that stands alone is stored without the items Postgres refuses, each named in
        the outcome.
        """
        items = [item for submission in group for item in submission.items]
        try:
            fresh = await self._store_all(group, items)
        except Exception as error:
            if len(group) > 1 or not self._store.blames_data(error):
                raise
            return [await self._store_what_can_be(group[0], error)]
        return _outcomes(group, fresh)

    async def _store_what_can_be(self, submission: Submission, error: Exception) -> Outcome:
        log.warning("items refused by Postgres: %s", type(error).__name__)
        reason = f"Cannot be stored ({type(error).__name__})"
        refused = [
            Refusal(index=item.index, reason=reason)
            for item in await self._culprits(submission.items)
        ]
        spoilt = {refusal.index for refusal in refused}
        rest = [item for item in submission.items if item.index not in spoilt]
        fresh = await self._store_all([submission], rest) if rest else set[int]()
        return Outcome(accepted=len(fresh), repeated=len(rest) - len(fresh), refused=refused)

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
        async with self._db.worker() as tx:
            await self._write(tx, items)
            raise _Tried

    async def _store_all(self, group: Sequence[Submission], items: Sequence[Item]) -> set[int]:
        """One transaction, run again while others are faster. Returns the places of the items that
        were new.
        """
        callers = [each.traceparent for each in group if each.traceparent]
        parent = callers[0] if len(callers) == 1 else None
        links = callers if parent is None else []
        with telemetry.span(SPAN_PROCESS, parent=parent, links=links):
            for _ in range(TRIES_MAX):
                try:
                    async with self._db.worker() as tx:
                        return await self._write(tx, items)
                except (Stale, *RETRYABLE) as error:
                    log.debug("run again: %s", type(error).__name__)
        raise Unavailable("Too many calls about the same person at once; send the same again")

    async def _write(self, tx: Tx, items: Sequence[Item]) -> set[int]:
        places = _unclaimed(items, await self._store.claim(tx, items))
        if not places:
            return set()
        fresh = [items[place] for place in places]
        owners = await self._store.owners(tx, identities_of(fresh))
        asked = {(identity.workspace, profile) for identity, profile in owners.items()}
        profiles = await self._store.lock(tx, asked)
        now = self._clock.now()
        planned = plan(fresh, owners, profiles, lambda: new_id(self._clock), now)
        await self._store.save_people(tx, planned)
        await self._save_traits(tx, planned)
        await self._record(tx, planned)
        return set(places)

    async def _record(self, tx: Tx, planned: Plan) -> None:
        """Writes the record and emits its facts in the order of the sequences."""
        at = self._clock.now()
        events: list[Recorded] = []
        merges: list[RecordedMerge] = []
        causing: list[Merge] = []
        for step in planned.steps:
            if isinstance(step, Merge):
                causing.append(step)
                continue
            event = Recorded(id=new_id(self._clock), at=at, step=step)
            for cause in causing:
                merged = RecordedMerge(id=new_id(self._clock), at=at, step=cause, event=event.id)
                merges.append(merged)
                tx.emit(wire.merge_fact(merged))
            causing.clear()
            events.append(event)
            tx.emit(wire.event_fact(event))
        await self._store.save_record(tx, events, merges)

    async def _save_traits(self, tx: Tx, planned: Plan) -> None:
        """Merges what was said about people, and what was known of those merged into them."""
        later: dict[ProfileKey, list[Traits]] = {}
        for step in planned.placed:
            if step.item.kind is Kind.IDENTIFY and step.item.traits:
                key = (step.item.workspace, planned.home_of(step.profile))
                later.setdefault(key, []).append(said(step.item.traits, step.item.occurred_at))
        heirs = {
            (each.workspace, each.loser): (each.workspace, planned.home_of(each.winner))
            for each in planned.merges
        }
        if not later and not heirs:
            return
        known = await self._store.traits(tx, {*later, *heirs, *heirs.values()})
        for loser, heir in heirs.items():
            if loser in known:
                later.setdefault(heir, []).append(known[loser])
        changed = {key: merge(known.get(key, Traits()), news) for key, news in later.items()}
        await self._store.save_traits(tx, changed, gone=heirs)


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


def _outcomes(group: Sequence[Submission], fresh: set[int]) -> list[Outcome]:
    """Cuts the places of a whole group back into its submissions."""
    outcomes = []
    start = 0
    for submission in group:
        end = start + len(submission.items)
        accepted = sum(place in fresh for place in range(start, end))
        outcomes.append(Outcome(accepted=accepted, repeated=end - start - accepted))
        start = end
    return outcomes


def _count_accepted(workspace: str, call: str, accepted: int) -> None:
    if accepted:
        _accepted.add(accepted, {ATTRIBUTE_WORKSPACE: workspace, "call": call})


def _count_refused(workspace: str, refused: Sequence[Refusal]) -> None:
    for status, count in Counter(each.status for each in refused).items():
        _refused.add(count, {ATTRIBUTE_WORKSPACE: workspace, "status": status})


def _as_error(refusal: Refusal) -> KairosError:
    """The refusal as the error the caller gets; names the place where there is one."""
    kind = _ERRORS[refusal.status]
    if not refusal.pointer:
        return kind(refusal.reason)
    place = {"pointer": refusal.pointer, "detail": refusal.reason}
    return kind(f"{refusal.reason} (at {refusal.pointer})", errors=[place])
