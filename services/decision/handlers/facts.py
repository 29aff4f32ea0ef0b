"""What arrives on the streams: events of ingest, outcomes and receipts of delivery, merges."""

from collections.abc import Sequence

from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from services.decision.domain import state as states
from services.decision.domain.inputs import MergeInput
from services.decision.handlers.deciding import Decider, Work, survivor
from services.decision.ports import ChangedState, Key, Store
from services.decision.wire import incoming as wire


class Facts:
    """Handlers of EVENTS and DELIVERIES."""

    def __init__(self, decider: Decider, store: Store) -> None:
        self._decider = decider
        self._store = store

    async def on_facts(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        """Applies a batch in order; a merge splits it, because it changes who is who."""
        work: dict[Key, Work] = {}
        lane = facts[0].lane
        for fact in facts:
            received = wire.received(fact.body)
            if isinstance(received, wire.Received):
                key = (received.workspace, received.person)
                entry = work.setdefault(key, Work(key))
                entry.inputs.append(received.input)
                entry.traceparent = entry.traceparent or received.traceparent
            elif isinstance(received, wire.MergeReceived):
                await self._flush(tx, work, lane)
                await self._merge(tx, received, lane)
        await self._flush(tx, work, lane)

    async def _flush(self, tx: Tx, work: dict[Key, Work], lane: str) -> None:
        if work:
            await self._decider.decide(tx, list(work.values()), lane)
            work.clear()

    async def _merge(self, tx: Tx, merge: wire.MergeReceived, lane: str) -> None:
        """Brings the loser's state to the winner and leaves a tombstone; again changes nothing."""
        winner_key = (merge.workspace, merge.person)
        loser_key = (merge.workspace, merge.loser)
        rows = await self._decider.lock(tx, [winner_key, loser_key], merge.at)
        loser = rows[loser_key]
        if loser.merged_into is not None or survivor(winner_key, rows) == loser_key:
            return
        winner = survivor(winner_key, rows)[1]
        loser_state = loser.state or states.encode(states.new(merge.loser))
        merged = MergeInput(merge.fact_id, merge.loser, loser_state, merge.at)
        await self._decider.decide(tx, [Work(winner_key, [merged], merge.traceparent)], lane)
        tombstone = ChangedState(merge.workspace, merge.loser, b"", winner, None)
        await self._store.save_states(tx, [tombstone], merge.at)
        if loser.state:
            catalog = await self._decider.catalog(tx, merge.workspace)
            joined = [
                catalog.segments.numbers[number].key
                for number in states.decode(loser.state).segments
                if number in catalog.segments.numbers
            ]
            await self._store.drop_member(tx, merge.workspace, merge.loser, joined)
