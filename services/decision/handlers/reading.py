"""Answers about the past: one decision with what it rested on, and where a person stands."""

from typing import Any

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from services.decision.domain import decisions as decided
from services.decision.domain import inputs as given
from services.decision.domain import state as states
from services.decision.domain.decisions import Decision
from services.decision.domain.model import decode_controls
from services.decision.domain.step import step
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.models import Models
from services.decision.handlers.permission import read_state
from services.decision.handlers.views import journeys_view
from services.decision.ports.queries import Store
from services.decision.ports.states import StoredStep
from services.decision.wire import reading as wire


class ReadingDesk:
    """Answers `decision` and `journeys`."""

    def __init__(self, store: Store, catalogs: Catalogs, clock: Clock, models: Models) -> None:
        self._store = store
        self._catalogs = catalogs
        self._clock = clock
        self._models = models

    async def on_decision(self, tx: Tx, request: Request) -> bytes:
        """The decision, and whether computing it again from what it rested on agrees."""
        decision_id = wire.decision_id(request.body)
        stored, basis = await self._store.get_decision(tx, request.workspace, decision_id)
        decision = decided.decode(stored.decision)
        agrees = await self._replays(tx, basis, decision)
        return wire.decision_reply(decision, _basis(basis, agrees=agrees), stored.traceparent)

    async def on_journeys(self, tx: Tx, request: Request) -> bytes:
        """Where the person stands in each journey, and until when."""
        key = (request.workspace, wire.person_of_journeys(request.body))
        return wire.journeys_reply(journeys_view(await read_state(tx, self._store, key)))

    async def _replays(self, tx: Tx, basis: StoredStep, decision: Decision) -> bool:
        catalog = await self._catalogs.at(tx, basis.workspace, basis.catalog_revision)
        model = await self._models.at(tx, basis.workspace, basis.model_revision)
        before = states.decode(basis.state_before)
        controls = decode_controls(basis.controls)
        result = step(before, given.decode(basis.inputs), catalog, basis.at, controls, model)
        return decision in result.decisions


def _basis(basis: StoredStep, *, agrees: bool) -> dict[str, Any]:
    return {
        "step": str(basis.id),
        "at": basis.at.isoformat(),
        "catalog_revision": basis.catalog_revision,
        "model_revision": basis.model_revision,
        "inputs": given.decode(basis.inputs),
        "state_bytes": len(basis.state_before),
        "replay_agrees": agrees,
    }
