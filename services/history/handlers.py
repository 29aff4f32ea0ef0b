"""What history does: puts facts on timelines, answers what is on them."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from contracts.telemetry import METRIC_TIMELINE_ENTRIES, SPAN_RECORD
from kit import telemetry
from kit.bus.rpc import Request
from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from services.history import wire
from services.history.domain.entry import Entry
from services.history.domain.page import Place
from services.history.ports import Store

_written = telemetry.counter(METRIC_TIMELINE_ENTRIES, "1", "Timeline entries written")


class Recorder:
    """Puts facts on timelines. The same fact coming again changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._months: set[date] = set()

    async def on_facts(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        """Records a batch, of any stream."""
        batch = wire.read_facts(facts)
        if not batch.entries:
            return
        with telemetry.span(SPAN_RECORD, attributes={"entries": len(batch.entries)}):
            await self._make_room(tx, batch.entries)
            written = await self._store.add(tx, batch.entries)
            if batch.merges:
                await self._store.add_merges(tx, batch.merges)
        tx.after_commit(lambda: _count(written))

    async def _make_room(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Sees to it that there is a partition for every month of recording."""
        months = {entry.recorded_at.date().replace(day=1) for entry in entries} - self._months
        if months:
            await self._store.ensure_months(tx, months)
            tx.after_commit(lambda: self._months.update(months))


async def on_timeline(tx: Tx, request: Request, *, store: Store) -> bytes:
    """A page of somebody's timeline, newest first."""
    query = wire.read_query(request)
    entries = await store.page(tx, msgspec.structs.replace(query, limit=query.limit + 1))
    if len(entries) <= query.limit:
        return wire.page_reply(entries, None)
    last = entries[query.limit - 1]
    return wire.page_reply(entries[: query.limit], Place(last.at, last.recorded_at, last.id))


async def on_outcomes(tx: Tx, request: Request, *, store: Store) -> bytes:
    """How many entries of each sort a workspace has."""
    counts = await store.outcomes(tx, request.workspace, wire.read_since(request))
    return wire.outcomes_reply(counts)


def _count(written: Mapping[str, int]) -> None:
    for kind, count in written.items():
        _written.add(count, {"kind": kind})
