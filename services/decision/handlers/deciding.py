"""One batch through the core: lock the people, step each once, write everything back, set-based.

Whatever made the batch (events, receipts, wake-ups, permission changes, refused permits), this is
the only way a person's state changes.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.telemetry import (
    ATTRIBUTE_DECISION,
    ATTRIBUTE_OUTCOME,
    ATTRIBUTE_WORKSPACE,
    METRIC_DECISIONS,
    SPAN_DECIDE,
)
from kit import telemetry
from kit.clock import Clock
from kit.db.database import Tx
from services.decision.domain import decisions as decided
from services.decision.domain import inputs as given
from services.decision.domain import state as states
from services.decision.domain.campaigns.runs import Fate
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s
from services.decision.domain.decisions import (
    CallOrdered,
    Decision,
    Effect,
    MessageOrder,
    PermissionChanged,
    Released,
    Responded,
    SegmentMove,
    SegmentMoved,
)
from services.decision.domain.ids import derive_id
from services.decision.domain.model import Controls, encode_controls
from services.decision.domain.step import StepResult, step
from services.decision.handlers import fates as campaigns
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.models import Models, Taught
from services.decision.ports.campaigns import CampaignStore
from services.decision.ports.members import Membership
from services.decision.ports.permission import LedgerEntry
from services.decision.ports.queries import Store
from services.decision.ports.runs import Call, Run, RunKey, RunStore
from services.decision.ports.states import (
    ChangedState,
    Key,
    StoredDecision,
    StoredState,
    StoredStep,
)
from services.decision.ports.trials import Response, Trial
from services.decision.wire import outgoing as wire

BREATH = 16
"""Permits are asked of the same process: they are answered between so many steps of 0.3 ms."""
MERGE_HOPS_MAX = 32
"""Tombstones followed for one person; a longer chain is a broken invariant."""


NO_EVIDENCE = ""
"""Of what is no change of permission that somebody asked for or reported."""


@dataclass
class Work:
    """One person's inputs of a batch, in order of arrival, and the traces that brought them."""

    key: Key
    inputs: list[given.Input] = field(default_factory=list)
    traceparent: str = ""
    evidence: str = NO_EVIDENCE


@dataclass
class _Written:
    """What a batch has to write."""

    states: dict[Key, ChangedState] = field(default_factory=dict)
    steps: list[StoredStep] = field(default_factory=list)
    decisions: list[StoredDecision] = field(default_factory=list)
    permission: list[LedgerEntry] = field(default_factory=list)
    members: dict[tuple[str, str, UUID], Membership] = field(default_factory=dict)
    taught: Taught = field(default_factory=Taught)
    runs: dict[RunKey, Run | None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    fates: dict[tuple[str, str, UUID], Fate] = field(default_factory=dict)
    outcomes: list[tuple[str, UUID, str, datetime]] = field(default_factory=list)


class Decider:
    """Runs the pure step for many people in one transaction."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        recipients: CampaignStore,
        catalogs: Catalogs,
        clock: Clock,
        models: Models,
    ) -> None:
        self._store = store
        self._runs = runs
        self._recipients = recipients
        self._catalogs = catalogs
        self._clock = clock
        self._models = models
        self._decided = telemetry.counter(METRIC_DECISIONS, "1", "Decisions made")

    async def decide(self, tx: Tx, batch: Sequence[Work], lane: str) -> list[StepResult]:
        """Applies each person's inputs; returns the results in the order of `batch`.

        Facts go out on `lane`. Applying the same inputs again changes nothing (domain/step.py).
        """
        now = self._clock.now()
        locked = await self.lock(tx, [work.key for work in batch], now)
        catalogs = await self._catalogs.current_with_controls(tx, {work.key[0] for work in batch})
        written = _Written()
        results = []
        for nth, work in enumerate(batch, 1):
            catalog = catalogs[work.key[0]]
            results.append(self._one(tx, work, locked, *catalog, now, lane, written))
            if nth % BREATH == 0:
                await asyncio.sleep(0)
        await self._write(tx, written, now)
        return results

    async def catalog(self, tx: Tx, workspace: str) -> Catalog:
        """The workspace's catalog as this transaction sees it."""
        return (await self._catalogs.current(tx, {workspace}))[workspace]

    async def lock(self, tx: Tx, keys: Sequence[Key], now: datetime) -> dict[Key, StoredState]:
        """Locks people and those they were merged into; has each tombstone's row too."""
        rows = await self._store.lock_states(tx, keys, now)
        for _ in range(MERGE_HOPS_MAX):
            further = [
                (workspace, row.merged_into)
                for (workspace, _), row in rows.items()
                if row.merged_into and (workspace, row.merged_into) not in rows
            ]
            if not further:
                break
            rows |= await self._store.lock_states(tx, further, now)
        return rows

    def _one(
        self,
        tx: Tx,
        work: Work,
        locked: dict[Key, StoredState],
        catalog: Catalog,
        controls: Controls,
        now: datetime,
        lane: str,
        written: _Written,
    ) -> StepResult:
        workspace, person = survivor(work.key, locked)
        row = locked[workspace, person]
        before = states.decode(row.state) if row.state else states.new(person)
        state_before = row.state or states.encode(before)
        with telemetry.span(
            SPAN_DECIDE,
            parent=work.traceparent or None,
            attributes={ATTRIBUTE_WORKSPACE: workspace},
        ) as span:
            model = self._models.current(workspace)
            result = step(before, work.inputs, catalog, now, controls, model)
            traceparent = telemetry.current_traceparent() or work.traceparent
            if result.decisions:
                span.set_attribute(ATTRIBUTE_DECISION, str(result.decisions[-1].id))
                span.set_attribute(ATTRIBUTE_OUTCOME, str(result.decisions[-1].outcome))
        if not result.changed:
            return result
        state_after = states.encode(result.state)
        # Another input of this batch may belong to the same survivor: it goes on from here.
        locked[workspace, person] = StoredState(state_after, None)
        changed = ChangedState(workspace, person, state_after, None, result.next_wakeup)
        written.states[workspace, person] = changed
        if result.decisions:
            inputs = given.encode(work.inputs)
            basis = StoredStep(
                workspace,
                derive_id(result.decisions[0].id, "step"),
                person,
                now,
                state_before,
                inputs,
                catalog.revision,
                encode_controls(controls),
                model.revision,
            )
            written.steps.append(basis)
            for decision in result.decisions:
                written.decisions.append(_stored(basis, decision, traceparent))
                if decision.order is not None and decision.bucket:
                    written.taught.trials.append(
                        _trial(workspace, decision, decision.order, catalog)
                    )
        for effect in result.effects:
            _note(written, workspace, person, effect, work.evidence)
        if catalog.campaigns:
            written.fates |= campaigns.fates(workspace, result)
            written.outcomes += campaigns.outcomes(workspace, work.inputs)
        if before.positions != result.state.positions:
            written.runs |= _runs(workspace, before, result.state, now)
        self._emit(tx, wire.Sender(workspace, person, lane, now, traceparent), result)
        return result

    def _emit(self, tx: Tx, sender: wire.Sender, result: StepResult) -> None:
        for decision in result.decisions:
            self._decided.add(1, {"outcome": decision.outcome, "reason": decision.reason or ""})
            for fact in wire.decision_facts(sender, decision):
                tx.emit(fact)
        for effect in result.effects:
            for fact in wire.effect_facts(sender, effect):
                tx.emit(fact)

    async def _write(self, tx: Tx, written: _Written, now: datetime) -> None:
        if written.states:
            await self._store.save_states(tx, list(written.states.values()), now)
        if written.steps:
            await self._store.insert_decisions(tx, written.steps, written.decisions)
        if written.permission:
            await self._store.insert_permission(tx, written.permission)
        if written.members:
            await self._store.save_members(tx, list(written.members.values()))
        await self._models.keep(tx, written.taught)
        if written.runs:
            stand = [run for run in written.runs.values() if run is not None]
            over = [key for key, run in written.runs.items() if run is None]
            await self._runs.save_runs(tx, sorted(stand), sorted(over))
        if written.calls:
            await self._runs.insert_calls(tx, written.calls)
        if written.fates:
            await self._recipients.note_fates(tx, sorted(written.fates.values()))
        if written.outcomes:
            await self._recipients.note_outcomes(tx, sorted(written.outcomes))


def _note(written: _Written, workspace: str, person: UUID, effect: Effect, evidence: str) -> None:
    """Add what an effect has to be written as."""
    match effect:
        case PermissionChanged():
            written.permission.append(_ledger(workspace, person, effect, evidence))
        case SegmentMoved():
            entered_at = effect.at if effect.move is SegmentMove.ENTERED else None
            key = (workspace, effect.segment, person)
            written.members[key] = Membership(*key, entered_at)
        case Responded():
            written.taught.responses.append(_response(workspace, effect))
        case Released():
            written.taught.released.append((workspace, effect.message_id))
        case CallOrdered():
            written.calls.append(_call(workspace, person, effect))
        case _:
            pass


def survivor(key: Key, rows: Mapping[Key, StoredState]) -> Key:
    """Who the person is now: the end of the chain of merges."""
    workspace, person = key
    for _ in range(MERGE_HOPS_MAX):
        row = rows.get((workspace, person))
        if row is None or row.merged_into is None:
            break
        person = row.merged_into
    return workspace, person


def _runs(
    workspace: str, before: states.PersonState, after: states.PersonState, now: datetime
) -> dict[RunKey, Run | None]:
    """Where the person stands now, where that is not where they stood; None where a run is over."""
    stood = {(one.journey, one.entry): one for one in before.positions}
    stand = {(one.journey, one.entry): one for one in after.positions}
    person = after.person
    changed: dict[RunKey, Run | None] = {}
    for key, one in stand.items():
        known = stood.get(key)
        same = (one.version, one.step, one.due_s)
        if known is not None and (known.version, known.step, known.due_s) == same:
            continue
        changed[workspace, person, *key] = Run(
            workspace,
            person,
            one.journey,
            one.entry,
            one.version,
            one.step,
            from_s(one.entered_s),
            now,
            from_s(one.due_s) if one.due_s else None,
        )
    for key in stood.keys() - stand.keys():
        changed[workspace, person, *key] = None
    return changed


def _call(workspace: str, person: UUID, ordered: CallOrdered) -> Call:
    return Call(
        workspace,
        ordered.id,
        person,
        ordered.journey,
        ordered.step,
        ordered.webhook,
        ordered.kind,
        json.dumps(ordered.data),
        ordered.at,
    )


def _stored(basis: StoredStep, decision: Decision, traceparent: str) -> StoredDecision:
    return StoredDecision(
        basis.workspace,
        decision.id,
        decision.person,
        basis.id,
        decision.at,
        decided.encode(decision),
        traceparent,
    )


def _ledger(workspace: str, person: UUID, changed: PermissionChanged, evidence: str) -> LedgerEntry:
    return LedgerEntry(
        workspace,
        person,
        changed.id,
        changed.seq,
        changed.at,
        str(changed.part),
        str(changed.status),
        changed.purpose,
        changed.channel,
        changed.topic,
        changed.basis,
        changed.reason,
        changed.until,
        changed.message_id,
        evidence or "{}",
    )


def _trial(workspace: str, decision: Decision, order: MessageOrder, catalog: Catalog) -> Trial:
    return Trial(
        workspace,
        order.message_id,
        decision.id,
        order.ordered_at,
        order.ordered_at + timedelta(seconds=catalog.response_window_s),
        order.channel,
        order.template,
        order.variant,
        decision.bucket,
        decision.model_revision,
        decided.encode_actions(decision.actions) if len(decision.actions) > 1 else b"",
    )


def _response(workspace: str, effect: Responded) -> Response:
    return Response(workspace, effect.message_id, effect.at, effect.kind, effect.hour)
