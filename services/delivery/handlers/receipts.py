"""Receipts come in: verified on the raw body, matched to messages, stored once."""

from collections.abc import Sequence

import msgspec

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Invalid, Unauthenticated
from services.delivery import wire
from services.delivery.domain.mail import message_of
from services.delivery.domain.receipts import Event, Webhook, why_refused
from services.delivery.ports import Records

_decoder = msgspec.json.Decoder(Webhook)


class TakeReceipts:
    """Answers `take_receipts`.

    Raises Unauthenticated for a body that is not signed with one of the keys or is too old, Invalid
    for a signed one that cannot be read. The same event twice is taken once.
    """

    def __init__(self, db: Database, records: Records, clock: Clock, keys: Sequence[bytes]) -> None:
        self._db = db
        self._records = records
        self._clock = clock
        self._keys = keys

    async def __call__(self, request: Request) -> bytes:
        provider, body, headers = wire.read_webhook(request.body)
        refused = why_refused(headers, body, self._keys, self._clock.now())
        if refused is not None:
            raise Unauthenticated(refused)
        try:
            events = _decoder.decode(body).events
        except msgspec.DecodeError as error:
            raise Invalid(f"The webhook cannot be read: {error}") from error
        taken, repeated = await self._db.retrying(lambda: self._take(provider, events))
        return wire.receipts_reply(taken, repeated, len(events) - taken - repeated)

    async def _take(self, provider: str, events: Sequence[Event]) -> tuple[int, int]:
        """How many events were new and how many were known."""
        named = [(event, message_of(event.message_id)) for event in events]
        async with self._db.worker() as tx:
            now = self._clock.now()
            matched = await self._records.match(tx, provider, named)
            new = await self._records.add_receipts(tx, matched, now)
            for receipt in new:
                tx.emit(wire.receipt_fact(receipt, now))
        return len(new), len(matched) - len(new)
