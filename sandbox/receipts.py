"""Receipts: after accepting an e-mail the stand-in tells Kairos what became of it.

The queue is the ledger itself: a cursor on disk says up to which entry receipts have been taken, so
that neither a kill of the sandbox nor an absent gateway loses one, and memory stays flat.
"""

import asyncio
import hmac
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from typing import Literal

import aiohttp
import msgspec

from kit.clock import Clock, from_us
from sandbox.chance import point
from sandbox.faults import Rate
from sandbox.ledger import Ledger, Row
from sandbox.state import Kept

PATH = "/v1/webhooks/sandbox"
BATCH_EVENTS_MAX = 100
BATCH_WAIT_S = 0.2
"""The longest a receipt waits for company."""
QUIET_S = 0.01
"""No arrival for this long: there is no company to wait for."""
_STEP = timedelta(milliseconds=2)
"""From acceptance to delivery, to opening, and so on; all within the quiet time, so never ahead."""
BACKOFF_S_MIN, BACKOFF_S_MAX = 0.1, 5.0
REFUSALS_MAX = 8
"""A batch answered with 4xx this often is given up: it will be refused tomorrow too."""
POST_TIMEOUT_S = 10.0
_LATER = (408, 425, 429)
"""4xx that mean: again, later."""

Kind = Literal["delivered", "opened", "clicked", "bounced", "complained"]

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


class Reactions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How recipients react: shares of the accepted e-mails.

    Which e-mail gets which reaction follows from its message id alone. Who clicks has opened.
    A bounced e-mail is neither delivered nor opened.
    """

    open_rate: Rate = 0.0
    click_rate: Rate = 0.0
    bounce_rate: Rate = 0.0
    complaint_rate: Rate = 0.0


class Event(msgspec.Struct, omit_defaults=True):
    """One receipt; the same one always carries the same `event_id`."""

    event_id: str
    type: Kind
    message_id: str
    recipient: str
    at: datetime


class _Batch(msgspec.Struct):
    events: list[Event]


def events_of(row: Row, reactions: Reactions) -> list[Event]:
    """The receipts for one ledger entry, in order of time; none unless it is an accepted e-mail."""
    if row.channel != "email" or not row.accepted or row.message_id is None:
        return []
    at, about = from_us(row.at_us), (row.message_id, row.recipient)
    return [
        Event(f"{kind}-{_digest(*about)}", kind, *about, at + place * _STEP)
        for place, kind in enumerate(_kinds(row.message_id, reactions), start=1)
    ]


def _kinds(message_id: str, reactions: Reactions) -> Iterator[Kind]:
    if point("bounce", message_id) < reactions.bounce_rate:
        yield "bounced"
        return
    yield "delivered"
    attention = point("attention", message_id)
    if attention < max(reactions.open_rate, reactions.click_rate):
        yield "opened"
    if attention < reactions.click_rate:
        yield "clicked"
    if point("complaint", message_id) < reactions.complaint_rate:
        yield "complained"


def key_of(secret: str) -> bytes:
    """The signing key: base64 after `whsec_` as Standard Webhooks has it, else the text itself."""
    if secret.startswith("whsec_"):
        return b64decode(secret.removeprefix("whsec_"))
    return secret.encode()


def signed(key: bytes, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of Standard Webhooks 1.0 for `body`, sent at `at`."""
    timestamp = str(int(at.timestamp()))
    mac = hmac.digest(key, f"{webhook_id}.{timestamp}.".encode() + body, sha256)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }


@dataclass
class Receipts:
    """Posts the receipts of new ledger entries, in order, until they are taken.

    Attributes:
        reactions: applies to entries whose receipts have not been posted yet.
        refused: events given up after `REFUSALS_MAX` refusals.
    """

    ledger: Ledger
    clock: Clock
    url: str
    key: bytes
    kept: Kept
    reactions: Reactions = field(default_factory=Reactions)
    refused: int = 0
    _cursor: int = 0
    _resets: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._cursor = min(self.kept.read(0), len(self.ledger))

    @property
    def waiting(self) -> int:
        """Ledger entries whose receipts have not been taken yet."""
        return len(self.ledger) - self._cursor

    def notice(self) -> None:
        """Something was appended to the ledger."""
        self._arrived.set()

    def restart(self) -> None:
        """The ledger was reset; what was on its way is dropped."""
        self._resets += 1
        self._move(0)

    async def run(self) -> None:
        """Posts for ever; cancel to stop. What is under way then is posted again next time."""
        timeout = aiohttp.ClientTimeout(total=POST_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await self._company()
                events, upto = self._collect()
                resets = self._resets
                if events:
                    await self._deliver(session, events)
                if resets == self._resets:
                    self._move(upto)

    async def _company(self) -> None:
        """Waits for arrivals, then until there are enough, they stop coming, or time is up."""
        while not self.waiting:
            self._arrived.clear()
            await self._arrived.wait()
        deadline, seen = self.clock.monotonic() + BATCH_WAIT_S, 0
        while seen != self.waiting < BATCH_EVENTS_MAX and self.clock.monotonic() < deadline:
            seen = self.waiting
            await asyncio.sleep(QUIET_S)

    def _collect(self) -> tuple[list[Event], int]:
        """The next receipts and the entry they reach up to; an entry's receipts stay together."""
        events: list[Event] = []
        upto = self._cursor
        for seq, row in self.ledger.upwards(self._cursor):
            fresh = events_of(row, self.reactions)
            if len(events) + len(fresh) > BATCH_EVENTS_MAX:
                break
            events += fresh
            upto = seq
        return events, upto

    async def _deliver(self, session: aiohttp.ClientSession, events: list[Event]) -> None:
        body = _encoder.encode(_Batch(events))
        webhook_id = f"sandbox-{_digest(*(event.event_id for event in events))}"
        refusals, backoff_s, resets = 0, BACKOFF_S_MIN, self._resets
        while resets == self._resets:
            status = await self._post(session, webhook_id, body)
            if status is not None and status < 300:
                return
            if status is not None and 400 <= status < 500 and status not in _LATER:
                refusals += 1
            if refusals >= REFUSALS_MAX:
                self.refused += len(events)
                facts = {"url": self.url, "status": status, "events": len(events)}
                _log.error("receipts given up", extra={"facts": facts})
                return
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)

    async def _post(
        self, session: aiohttp.ClientSession, webhook_id: str, body: bytes
    ) -> int | None:
        """The status of one try, signed anew (receivers check the age); None: no answer."""
        headers = signed(self.key, webhook_id, self.clock.now(), body)
        headers["content-type"] = "application/json"
        try:
            async with session.post(self.url, data=body, headers=headers) as response:
                if response.status < 300:
                    return response.status
                said = (await response.text())[:200]
                status: int | None = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            said, status = str(error), None
        facts = {"url": self.url, "status": status, "said": said}
        _log.warning("receipts not taken", extra={"facts": facts})
        return status

    def _move(self, cursor: int) -> None:
        self._cursor = cursor
        self.kept.write(cursor)


def _digest(*words: str) -> str:
    return blake2b("\x1f".join(words).encode(), digest_size=12).hexdigest()
