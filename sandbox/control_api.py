"""The levers and gauges: ledger, faults, reactions, clock, health."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta

from kit.clock import ShiftedClock, to_us
from kit.errors import Conflict
from sandbox import mail
from sandbox.faults import Fault, Faults
from sandbox.ledger import Channel, Entry, Ledger, Provider, Row
from sandbox.receipts import Reactions, Receipts
from sandbox.state import Kept
from sandbox.web import answer, body, query

_SCAN_AT_ONCE, _READ_AT_ONCE = 5_000, 50
"""Rows and entries looked at between two turns of the loop, so that a reader stalls no sender."""
_MICROSECOND = timedelta(microseconds=1)


class LedgerQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which entries: oldest first, `limit` a page, further ones behind `cursor`.

    `since` counts in the system's time; `message_id` may be given with or without angle brackets;
    `brief=1` leaves the contents out and reads several times faster.
    """

    channel: Channel | None = None
    provider: Provider | None = None
    recipient: str | None = None
    message_id: str | None = None
    accepted: bool | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    cursor: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000
    brief: bool = False

    def wants(self) -> Callable[[Row], bool]:
        """Whether a row is asked for."""
        since_us = None if self.since is None else to_us(self.since)
        bare = (self.message_id or "").removeprefix("<").removesuffix(">")
        spellings = (bare, f"<{bare}>")

        def wanted(row: Row) -> bool:
            return (
                (self.channel is None or row.channel == self.channel)
                and (self.provider is None or row.provider == self.provider)
                and (self.recipient is None or row.recipient == self.recipient)
                and (self.accepted is None or row.accepted == self.accepted)
                and (since_us is None or row.at_us >= since_us)
                and (self.message_id is None or row.message_id in spellings)
            )

        return wanted


class Clocking(msgspec.Struct, forbid_unknown_fields=True):
    """The development clock: how far the system's time is ahead of the real time."""

    offset_us: Annotated[int, Meta(ge=0)]


def item(entry: Entry, *, brief: bool) -> dict[str, Any]:
    """An entry as people and tests read it; the ten first members are always there."""
    arrival = entry.arrival
    seen = None if brief else mail.of(arrival)
    base: dict[str, Any] = {
        "at": entry.at,
        "channel": arrival.channel,
        "provider": arrival.provider,
        "recipient": arrival.recipient,
        "idempotency_key": arrival.idempotency_key,
        "message_id": arrival.message_id,
        "subject": seen.subject if seen else mail.subject_of(arrival),
        "body": seen.text or seen.html if seen else None,
        "accepted": entry.accepted,
        "repeat_of": entry.repeat_of,
        "number": entry.seq,
        "status": entry.status,
        "sender": arrival.sender,
    }
    if seen:
        base |= {"html": seen.html, "headers": seen.headers, "data": arrival.data}
    return base


@dataclass
class ControlApi:
    """The handlers; `routes` is what they answer to."""

    ledger: Ledger
    faults: Faults
    clock: ShiftedClock
    kept_offset: Kept
    receipts: Receipts | None

    def __post_init__(self) -> None:
        self._fault = msgspec.json.Decoder(Fault)
        self._reactions = msgspec.json.Decoder(Reactions)
        self._clocking = msgspec.json.Decoder(Clocking)

    def routes(self) -> list[web.RouteDef]:
        """Path → handler."""
        return [
            web.get("/healthz", self._health),
            web.get("/ledger", self._find),
            web.get("/ledger/counts", self._counts),
            web.delete("/ledger", self._reset),
            web.get("/faults", self._show_faults),
            web.put("/faults", self._set_fault),
            web.delete("/faults", self._clear_faults),
            web.get("/reactions", self._show_reactions),
            web.put("/reactions", self._set_reactions),
            web.get("/clock", self._show_clock),
            web.put("/clock", self._set_clock),
        ]

    async def _health(self, request: web.Request) -> web.Response:
        receipts = self.receipts
        state = {"waiting": receipts.waiting, "refused": receipts.refused} if receipts else "off"
        return answer({"status": "ok", "ledger": len(self.ledger), "receipts": state})

    async def _find(self, request: web.Request) -> web.Response:
        asked = query(request, LedgerQuery)
        wanted, found, more = asked.wants(), list[dict[str, Any]](), None
        for seq, row in self.ledger.upwards(asked.cursor):
            if seq % _SCAN_AT_ONCE == 0:
                await asyncio.sleep(0)
            if not wanted(row):
                continue
            if len(found) == asked.limit:
                more = found[-1]["number"]
                break
            found.append(item(self.ledger.entry(seq), brief=asked.brief))
            if len(found) % _READ_AT_ONCE == 0:
                await asyncio.sleep(0)
        return answer({"items": found, "next_cursor": more})

    async def _counts(self, request: web.Request) -> web.Response:
        return answer(self.ledger.counts)

    async def _reset(self, request: web.Request) -> web.Response:
        self.ledger.reset()
        if self.receipts:
            self.receipts.restart()
        return web.Response(status=204)

    async def _show_faults(self, request: web.Request) -> web.Response:
        return answer({"items": self.faults.all()})

    async def _set_fault(self, request: web.Request) -> web.Response:
        fault = await body(request, self._fault)
        self.faults.set(fault)
        return answer(fault)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def _show_reactions(self, request: web.Request) -> web.Response:
        return answer(self.receipts.reactions if self.receipts else Reactions())

    async def _set_reactions(self, request: web.Request) -> web.Response:
        reactions = await body(request, self._reactions)
        if self.receipts is None:
            raise Conflict("Receipts are off: set KAIROS_PUBLIC_URL and KAIROS_SANDBOX_RECEIPTS=1")
        self.receipts.reactions = reactions
        return answer(reactions)

    async def _show_clock(self, request: web.Request) -> web.Response:
        busy = self.receipts is not None and self.receipts.waiting > 0
        return answer({"offset_us": self.clock.offset // _MICROSECOND, "busy": busy})

    async def _set_clock(self, request: web.Request) -> web.Response:
        asked = await body(request, self._clocking)
        self.clock.shift_to(asked.offset_us * _MICROSECOND)
        self.kept_offset.write(self.clock.offset // _MICROSECOND)
        return await self._show_clock(request)
