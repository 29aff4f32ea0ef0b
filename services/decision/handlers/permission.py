"""Changes of permission: effective when answered, evidence kept."""

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.ids import new_id
from services.decision.domain import state as states
from services.decision.domain.inputs import PermissionInput, PermissionPart, PermissionStatus
from services.decision.domain.ledger import permission_after
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider, Work, survivor
from services.decision.handlers.ledger import Ledger
from services.decision.handlers.views import permission_view
from services.decision.ports.permission import LedgerEntry
from services.decision.ports.queries import Store
from services.decision.ports.states import Key
from services.decision.wire import permission as wire


class PermissionDesk:
    """Answers `change_permission` and `permission`."""

    def __init__(
        self, decider: Decider, store: Store, ledger: Ledger, catalogs: Catalogs, clock: Clock
    ) -> None:
        self._decider = decider
        self._store = store
        self._ledger = ledger
        self._catalogs = catalogs
        self._clock = clock

    async def on_change(self, tx: Tx, request: Request) -> bytes:
        """Applies one change under the person's lock, appends it to the ledger, emits the fact."""
        now = self._clock.now()
        person, change = wire.change_request(request.body, new_id(self._clock), now)
        work = Work(
            (request.workspace, person),
            [change],
            request.headers.get("traceparent", ""),
            wire.change_evidence(request.body).decode(),
        )
        [result] = await self._decider.decide(tx, [work], "now")
        return wire.change_reply(changed=bool(result.effects))

    async def on_permission(self, tx: Tx, request: Request) -> bytes:
        """All five parts, with the verdict per channel and topic; of the past, by the ledger.

        The past knows consent, objection, suppression, pause and mute as they were; addresses,
        purchases and the catalog are those of now.
        """
        person, at = wire.permission_question(request.body)
        key = (request.workspace, person)
        catalogs = await self._catalogs.current(tx, {request.workspace})
        now = self._clock.now()
        state = await read_state(tx, self._store, key)
        if at is not None and at < now:
            persons = [state.person, *state.merged]
            entries = await self._ledger.entries_until(tx, request.workspace, persons, at)
            state.permission = permission_after(_change(entry) for entry in entries)
            now = at
        return wire.permission_reply(permission_view(state, catalogs[request.workspace], now))


def _change(entry: LedgerEntry) -> PermissionInput:
    """A line of the ledger as the change it records."""
    return PermissionInput(
        id=entry.id,
        part=PermissionPart(entry.part),
        status=PermissionStatus(entry.status),
        at=entry.at,
        purpose=entry.purpose or "contact",
        channel=entry.channel,
        topic=entry.topic,
        basis=entry.basis,
        evidence=str(entry.id),
        reason=entry.reason,
        until=entry.until,
    )


async def read_state(tx: Tx, store: Store, key: Key) -> states.PersonState:
    """The committed state of a person, following merges; a fresh one for somebody never seen."""
    rows = await store.read_states(tx, [key])
    while (last := survivor(key, rows)) not in rows and last != key:
        rows |= await store.read_states(tx, [last])
    row = rows.get(survivor(key, rows))
    if row is None or not row.state:
        return states.new(survivor(key, rows)[1])
    return states.decode(row.state)
