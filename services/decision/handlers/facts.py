"""What arrives on the streams: events of ingest, outcomes and receipts of delivery, merges."""

from collections.abc import Iterator, Sequence

from kit.bus.spec import IncomingFact
from kit.db.database import Tx
from services.decision.domain import state as states
from services.decision.domain.inputs import MergeInput
from services.decision.handlers.deciding import NO_EVIDENCE, Decider, Work, survivor
from services.decision.ports.members import MemberStore
from services.decision.ports.queries import Store
from services.decision.ports.runs import RunStore
from services.decision.ports.states import ChangedState, Key
from services.decision.wire import incoming as wire


class Facts:
    """Handlers of EVENTS and DELIVERIES."""

    def __init__(
        self, decider: Decider, store: Store, members: MemberStore, runs: RunStore
    ) -> None:
        self._decider = decider
        self._store = store
        self._members = members
        self._runs = runs

    async def on_facts(self, tx: Tx, facts: Sequence[IncomingFact]) -> None:
        """Applies a batch in order; a merge splits it, because it changes who is who."""
        work = _Rounds()
        lane = facts[0].lane
        for fact in facts:
            received = wire.received(fact.body)
            if isinstance(received, wire.Received):
                work.add(received)
            elif isinstance(received, wire.MergeReceived):
                await self._flush(tx, work, lane)
                await self._merge(tx, received, lane)
        await self._flush(tx, work, lane)

    async def _flush(self, tx: Tx, work: "_Rounds", lane: str) -> None:
        for works in work.take():
            await self._decider.decide(tx, works, lane)

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
        await self._runs.forget_runs(tx, merge.workspace, merge.loser)
        if loser.state:
            await self._leave_segments(tx, merge, states.decode(loser.state))

    async def _leave_segments(
        self, tx: Tx, merge: wire.MergeReceived, loser: states.PersonState
    ) -> None:
        """The loser is a member no more. If not yet counted in, the winner is to be again."""
        segments = (await self._decider.catalog(tx, merge.workspace)).segments
        joined = [
            segments.numbers[number].key for number in loser.segments if number in segments.numbers
        ]
        await self._store.drop_member(tx, merge.workspace, merge.loser, joined)
        if loser.settled < segments.settle_at:
            await self._members.restart_settlement(tx, merge.workspace)


class _Rounds:
    """What a batch brings, as steps: in a round each person has one step.

    A change of permission is a step of its own, as its evidence is; what the same person did
    before it is a round earlier, what they did after it a round later.
    """

    def __init__(self) -> None:
        self._works: dict[Key, list[Work]] = {}

    def add(self, received: wire.Received) -> None:
        key = (received.workspace, received.person)
        works = self._works.setdefault(key, [])
        if received.evidence:
            works.append(Work(key, [received.input], received.traceparent, received.evidence))
            return
        if not works or works[-1].evidence != NO_EVIDENCE:
            works.append(Work(key))
        works[-1].inputs.append(received.input)
        works[-1].traceparent = works[-1].traceparent or received.traceparent

    def take(self) -> Iterator[list[Work]]:
        """The rounds, in order; nothing is left."""
        works, self._works = self._works, {}
        while works:
            yield [left.pop(0) for left in works.values()]
            works = {key: left for key, left in works.items() if left}
