"""Puts facts on timelines and into the sums of reports."""

from collections.abc import Mapping, Sequence
from datetime import date

from contracts.telemetry import METRIC_TIMELINE_ENTRIES, SPAN_RECORD
from kit import telemetry
from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from services.history.domain.entry import Entry
from services.history.domain.messages import fold
from services.history.ports import Messages, Timelines
from services.history.wire.facts import read_facts

_written = telemetry.counter(METRIC_TIMELINE_ENTRIES, "1", "Timeline entries written")


class Recorder:
    """Puts facts on timelines. The same fact coming again changes nothing."""

    def __init__(self, timelines: Timelines, messages: Messages) -> None:
        self._timelines = timelines
        self._messages = messages
        self._months: set[date] = set()

    async def on_facts(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        """Records a batch of one lane of any stream."""
        batch = read_facts(facts)
        if not batch.entries:
            return
        with telemetry.span(SPAN_RECORD, attributes={"entries": len(batch.entries)}):
            await self._make_room(tx, batch.entries)
            source = f"{facts[0].stream}.{facts[0].lane}"
            written = await self._timelines.add(tx, batch.entries, source)
            if batch.merges:
                await self._timelines.add_merges(tx, batch.merges)
            if batch.messages:
                await self._messages.add(tx, fold(batch.messages), source)
        tx.after_commit(lambda: _count(written))

    async def _make_room(self, tx: Tx, entries: Sequence[Entry]) -> None:
        """Sees to it that there is a partition for every month of recording."""
        months = {entry.recorded_at.date().replace(day=1) for entry in entries} - self._months
        if months:
            await self._timelines.ensure_months(tx, months)
            tx.after_commit(lambda: self._months.update(months))


def _count(written: Mapping[str, int]) -> None:
    for kind, count in written.items():
        _written.add(count, {"kind": kind})
