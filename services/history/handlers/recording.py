"""Puts facts on timelines and into the sums of reports."""

from collections.abc import Mapping, Sequence
from datetime import date

from contracts.telemetry import METRIC_TIMELINE_ENTRIES, SPAN_RECORD
from kit import telemetry
from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from services.history.domain.entry import Entry, Kind
from services.history.domain.messages import fold
from services.history.handlers.attributing import Watch
from services.history.ports import PersonKey, Stores
from services.history.wire.facts import Batch, read_facts

_written = telemetry.counter(METRIC_TIMELINE_ENTRIES, "1", "Timeline entries written")


class Recorder:
    """Puts facts on timelines. The same fact coming again changes nothing."""

    def __init__(self, stores: Stores, watch: Watch) -> None:
        self._stores = stores
        self._watch = watch
        self._months: set[date] = set()

    async def on_facts(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        """Records a batch of one lane of any stream."""
        batch = read_facts(facts)
        if not batch.entries:
            return
        with telemetry.span(SPAN_RECORD, attributes={"entries": len(batch.entries)}):
            await self._make_room(tx, batch.entries)
            source = f"{facts[0].stream}.{facts[0].lane}"
            written = await self._stores.timelines.add(tx, batch.entries, source)
            if batch.merges:
                await self._stores.timelines.add_merges(tx, batch.merges)
            if batch.messages:
                await self._stores.messages.add(tx, fold(batch.messages), source)
            if batch.exposures:
                await self._stores.experiments.add(tx, batch.exposures)
            if due := self._due(batch):
                await self._stores.credits.mark(tx, due)
        tx.after_commit(lambda: _count(written))

    def _due(self, batch: Batch) -> set[PersonKey]:
        """Those to whom something happened that a goal may be about."""
        due = {
            PersonKey(each.workspace, each.person)
            for each in batch.messages
            if each.is_sent and self._watch.matters(each.workspace, None)
        }
        due |= {
            PersonKey(each.workspace, each.person)
            for each in batch.entries
            if each.kind is Kind.EVENT and self._watch.matters(each.workspace, each.name)
        }
        return due | {
            PersonKey(each.workspace, each.winner)
            for each in batch.merges
            if self._watch.matters(each.workspace, None)
        }

    async def _make_room(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Sees to it that there is a partition for every month of recording."""
        months = {entry.recorded_at.date().replace(day=1) for entry in entries} - self._months
        if months:
            await self._stores.timelines.ensure_months(tx, months)
            tx.after_commit(lambda: self._months.update(months))


def _count(written: Mapping[str, int]) -> None:
    for kind, count in written.items():
        _written.add(count, {"kind": kind})
