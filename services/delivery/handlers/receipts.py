"""Receipts come in: verified on the raw body, matched to messages, stored once."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Invalid, Unauthenticated
from services.delivery import wire
from services.delivery.domain import twilio
from services.delivery.domain.mail import message_of
from services.delivery.domain.receipts import Event, Webhook, why_refused
from services.delivery.handlers.drafting import shown
from services.delivery.ports import Records

_decoder = msgspec.json.Decoder(Webhook)


class Tokens(Protocol):
    """What providers sign their reports with."""

    async def token(self, workspace: str, account: str) -> str:
        """The secret of an account; empty where there is none. Raises Unavailable."""
        ...


class TakeReceipts:
    """Answers `take_receipts`.

    Raises Unauthenticated for a body that is not signed with one of the keys or is too old, Invalid
    for a signed one that cannot be read. The same event twice is taken once.
    """

    def __init__(
        self,
        db: Database,
        records: Records,
        clock: Clock,
        keys: Sequence[bytes],
        tokens: Tokens,
        public_url: str,
    ) -> None:
        self._db = db
        self._records = records
        self._clock = clock
        self._keys = keys
        self._tokens = tokens
        self._public_url = public_url.rstrip("/")

    async def __call__(self, request: Request) -> bytes:
        provider, body, headers, query = wire.read_webhook(request.body)
        if provider == "twilio":
            return await self._twilio(body, headers, query)
        refused = why_refused(headers, body, self._keys, self._clock.now())
        if refused is not None:
            raise Unauthenticated(refused)
        try:
            events = _decoder.decode(body).events
        except msgspec.DecodeError as error:
            raise Invalid(f"The webhook cannot be read: {error}") from error
        taken, repeated = await self._db.retrying(lambda: self._take(provider, events))
        return wire.receipts_reply(taken, repeated, len(events) - taken - repeated)

    async def _twilio(self, body: bytes, headers: Mapping[str, str], query: str) -> bytes:
        """Verified with the token of the account the message went through, or was answered to."""
        try:
            form, asked = twilio.fields(body), twilio.fields(query.encode())
        except ValueError as error:
            raise Invalid("The webhook is no form") from error
        account, answered = asked.get("account", "twilio"), twilio.is_answer(form)
        async with self._db.autocommit() as tx:
            found = await self._records.find_sms(
                tx,
                account,
                message_of(asked.get("message", "")),
                form.get("From", "") if answered else "",
                asked.get("workspace", ""),
            )
        workspace, message_id = found or (asked.get("workspace", ""), None)
        token = await self._tokens.token(workspace, account)
        url = f"{self._public_url}/v1/webhooks/twilio" + (f"?{query}" if query else "")
        signature = {name.lower(): value for name, value in headers.items()}.get(
            twilio.SIGNATURE, ""
        )
        if not token or not twilio.is_signed(token, url, form, signature):
            raise Unauthenticated("The signature does not match the request")
        said = twilio.answer(form["Body"]) if answered else twilio.report(form)
        if said is None:
            return wire.receipts_reply(0, 0, 0)
        if message_id is None:
            return wire.receipts_reply(0, 0, 1)
        kind, detail = said
        event_id = f"{form.get('MessageSid', '')}-{form.get('MessageStatus', 'received')}"
        event = Event(shown(event_id), kind, str(message_id), self._clock.now(), False, detail)
        taken, repeated = await self._db.retrying(lambda: self._take(account, [event]))
        return wire.receipts_reply(taken, repeated, 0)

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
