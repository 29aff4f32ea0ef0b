"""Messages in the app: accepted is what is stored in the person's inbox."""

from functools import partial

from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unavailable
from services.delivery import wire
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.domain.outgoing import Note
from services.delivery.domain.reactions import PROVIDER
from services.delivery.domain.receipts import Event, Receipt, ReceiptKind
from services.delivery.ports import Inboxes, Permit, PermitExpired, Records


class InApp:
    """The inbox of a workspace's own apps. Storing a message twice is storing it once."""

    name = "in_app"
    keyed = True

    def __init__(self, db: Database, inboxes: Inboxes, records: Records, clock: Clock) -> None:
        self._db = db
        self._inboxes = inboxes
        self._records = records
        self._clock = clock

    async def send(self, message: Note, permit: Permit) -> Result:
        """Stores the item and says that it is there; raises PermitExpired."""
        if self._clock.monotonic() >= permit.good_until_s:
            raise PermitExpired
        try:
            await self._db.retrying(partial(self._store, message))
        except Unavailable as error:
            return Result(faults.UNREACHABLE, detail=type(error).__name__)
        return Result(provider_message_id=str(message.order.message_id))

    async def close(self) -> None:
        """Nothing is held."""

    async def _store(self, note: Note) -> None:
        async with self._db.worker() as tx:
            if not await self._inboxes.put(tx, note):
                return
            for new in await self._records.add_receipts(tx, [_delivered(note)], note.at):
                tx.emit(wire.receipt_fact(new, note.at))


def _delivered(note: Note) -> Receipt:
    order = note.order
    return Receipt(
        workspace=order.workspace,
        provider=PROVIDER,
        event=Event(
            event_id=f"{order.message_id}:delivered",
            type=ReceiptKind.DELIVERED,
            message_id=str(order.message_id),
            at=note.at,
            detail=note.content.placement,
        ),
        message_id=order.message_id,
        decision_id=order.decision_id,
        person=order.person,
        channel=order.channel,
        lane=order.lane,
        traceparent=order.traceparent,
    )
