"""A person's messages in the app, and what they do with them."""

from collections.abc import Sequence
from uuid import UUID

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Malformed, NotFound
from services.delivery import wire
from services.delivery.domain.reactions import PROVIDER
from services.delivery.domain.receipts import Event, Receipt, ReceiptKind
from services.delivery.ports import Inboxes, Records, Targets

KINDS = {
    "seen": ReceiptKind.OPENED,
    "clicked": ReceiptKind.CLICKED,
    "dismissed": ReceiptKind.DISMISSED,
}
"""What a person does -> the receipt it becomes."""


class InboxDesk:
    """Answers `inbox` and `inbox_act`. The gateway has found out who is asking."""

    def __init__(
        self, db: Database, inboxes: Inboxes, sent: Targets, records: Records, clock: Clock
    ) -> None:
        self._db = db
        self._inboxes = inboxes
        self._sent = sent
        self._records = records
        self._clock = clock

    async def on_items(self, tx: Tx, request: Request) -> bytes:
        """The items that are neither put away nor over."""
        asked = wire.read_inbox(request.body)
        now = self._clock.now()
        return wire.inbox_reply(await self._inboxes.items(tx, request.workspace, asked, now))

    async def on_act(self, request: Request) -> bytes:
        """Notes it once, as a receipt; raises NotFound where the item is not this person's."""
        persons, item, act = wire.read_inbox_act(request.body)
        if act not in KINDS:
            raise Malformed(f"The act must be one of {', '.join(KINDS)}")

        async def note() -> bool:
            async with self._db.worker() as tx:
                return await self._act(tx, request.workspace, persons, item, act)

        return wire.inbox_act_reply(changed=await self._db.retrying(note))

    async def _act(
        self, tx: Tx, workspace: str, persons: Sequence[UUID], item: UUID, act: str
    ) -> bool:
        now = self._clock.now()
        changed = await self._inboxes.act(tx, workspace, persons, item, act, now)
        sent = await self._sent.find_sent(tx, workspace, item)
        if changed is None or sent is None:
            raise NotFound("There is no such message in this inbox")
        if changed:
            event = Event(f"{item}:{act}", KINDS[act], str(item), now)
            receipt = Receipt(
                workspace=sent.workspace,
                provider=PROVIDER,
                event=event,
                message_id=item,
                decision_id=sent.decision_id,
                person=sent.person,
                channel=sent.channel,
                lane=sent.lane,
                traceparent=sent.traceparent,
            )
            for new in await self._records.add_receipts(tx, [receipt], now):
                tx.emit(wire.receipt_fact(new, now))
        return changed
