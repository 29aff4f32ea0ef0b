"""The development clock: weeks pass in seconds, in the right order.

Only where KAIROS_DEV_CLOCK=1. The offset lives in Postgres, so that a restarted process finds it.
The coordinator moves time from due instant to due instant; each step ends when every service
reports that nothing is left to do now: nothing unpublished, nothing published and not yet consumed,
nothing due. Time then moves on.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from kit.bus.rpc import Caller, Endpoint, Request
from kit.bus.spec import EndpointSpec, StreamSpec
from kit.clock import Clock, ShiftedClock, from_us, to_us
from kit.db.database import Database
from kit.errors import Unavailable

SETTLE_TIMEOUT_S = 60.0
"""A step that does not come to rest in this time is reported, with who is still busy."""
_POLL_S_MIN, _POLL_S_MAX = 0.004, 0.05
_MICROSECOND = timedelta(microseconds=1)

Busy = Callable[[], Awaitable[bool]]
NextDue = Callable[[], Awaitable[datetime | None]]


def set_spec(service: str) -> EndpointSpec:
    """The question that moves one service's clock."""
    return EndpointSpec(service, "clock_set", "plain", timeout_s=5.0)


def status_spec(service: str) -> EndpointSpec:
    """The question whether one service has come to rest."""
    return EndpointSpec(service, "clock_status", "plain", timeout_s=5.0)


async def read_offset(db: Database) -> timedelta:
    """The offset as last set."""
    async with db.worker(readonly=True) as tx:
        return timedelta(microseconds=await tx.fetchval("SELECT offset_us FROM kairos_dev.clock"))


def endpoints(
    service: str,
    clock: ShiftedClock,
    db: Database,
    busy: Sequence[Busy],
    next_due: Sequence[NextDue],
) -> list[Endpoint]:
    """What a service answers while the development clock is on."""

    async def clock_set(request: Request) -> bytes:
        clock.shift_to(timedelta(microseconds=json.loads(request.body)["offset_us"]))
        return b"{}"

    async def clock_status(request: Request) -> bytes:
        return json.dumps(await _status(clock, db, busy, next_due)).encode()

    return [Endpoint(set_spec(service), clock_set), Endpoint(status_spec(service), clock_status)]


async def _status(
    clock: Clock, db: Database, busy: Sequence[Busy], next_due: Sequence[NextDue]
) -> dict[str, Any]:
    is_busy = any([await each() for each in busy])
    dues = [due for each in next_due if (due := await each()) is not None]
    async with db.worker(readonly=True) as tx:
        unpublished = await tx.fetchval(
            "SELECT count(*) FROM outbox WHERE published_seq IS NULL",
        )
        tops = await tx.fetch(
            "SELECT stream, lane, partition, incarnation, max(published_seq) AS seq FROM outbox"
            " WHERE published_seq IS NOT NULL GROUP BY stream, lane, partition, incarnation"
        )
        floors = await tx.fetch(
            "SELECT stream, lane, partition, incarnation, seq FROM consumer_floors"
        )
    return {
        "busy": is_busy or unpublished > 0 or any(due <= clock.now() for due in dues),
        "next_due_us": to_us(min(dues)) if dues else None,
        "tops": [list(row.values()) for row in tops],
        "floors": [list(row.values()) for row in floors],
    }


@dataclass
class Advance:
    """What an advance did: the instants it stopped at and the time it is now."""

    steps: int
    now: datetime


class Outside(Protocol):
    """A party beyond the bus that follows the clock, such as the sandbox."""

    name: str

    async def set_offset_us(self, offset_us: int) -> None:
        """Moves the party's clock."""
        ...

    async def is_busy(self) -> bool:
        """Whether it still has something to do now."""
        ...


@dataclass
class Coordinator:
    """Moves the clock of the whole system; lives in one process.

    Args:
        services: names of all services that answer `clock_status`.
        outside: parties beyond the bus (the sandbox): set their offset, ask whether they are busy.
    """

    caller: Caller
    db: Database
    clock: ShiftedClock
    services: Sequence[str]
    streams: Sequence[StreamSpec]
    outside: Sequence[Outside] = ()
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def advance_to(self, instant: datetime) -> Advance:
        """Lets time pass until `instant`; returns when everything that became due is done."""
        async with self._lock:
            steps = 0
            while (due := await self._settled()) is not None and due <= instant:
                await self._set(due)
                steps += 1
            await self._set(instant)
            await self._settled()
            return Advance(steps, self.clock.now())

    async def _set(self, instant: datetime) -> None:
        real = self.clock.now() - self.clock.offset
        offset = max(instant - real + _MICROSECOND, self.clock.offset)
        offset_us = offset // _MICROSECOND
        async with self.db.worker() as tx:
            await tx.execute("UPDATE kairos_dev.clock SET offset_us = $1", offset_us)
        body = json.dumps({"offset_us": offset_us}).encode()
        await asyncio.gather(*(each.set_offset_us(offset_us) for each in self.outside))
        calls = (self.caller.call(set_spec(name), "", body) for name in self.services)
        await asyncio.gather(*calls)
        self.clock.shift_to(offset)

    async def _settled(self) -> datetime | None:
        """Waits for rest and returns the next due instant; seen twice unchanged, so nothing was
        between two desks.
        """
        deadline = self.clock.monotonic() + SETTLE_TIMEOUT_S
        previous: object = None
        waiting: list[str] = []
        pause_s = _POLL_S_MIN
        while self.clock.monotonic() < deadline:
            answers = await asyncio.gather(*(self._ask(name) for name in self.services))
            statuses = dict(zip(self.services, answers, strict=True))
            waiting = self._waiting_for(statuses)
            waiting += [each.name for each in self.outside if await each.is_busy()]
            if not waiting and statuses == previous:
                dues = [s["next_due_us"] for s in answers if s["next_due_us"] is not None]
                return from_us(min(dues)) if dues else None
            previous = None if waiting else statuses
            await asyncio.sleep(pause_s if waiting else 0.001)
            pause_s = min(pause_s * 1.5, _POLL_S_MAX)
        raise Unavailable(f"Time cannot move on, still busy: {', '.join(waiting)}")

    async def _ask(self, service: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self.caller.call(status_spec(service), "", b"{}"))
        return answer

    def _waiting_for(self, statuses: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Who is busy, or has not consumed what others published."""
        waiting = [name for name, status in statuses.items() if status["busy"]]
        for stream in self.streams:
            tops = [top for top in statuses[stream.owner]["tops"] if top[0] == stream.name]
            for consumer in stream.consumers:
                floors = {tuple(each[:4]): each[4] for each in statuses[consumer]["floors"]}
                if any(floors.get(tuple(top[:4]), 0) < top[4] for top in tops):
                    waiting.append(f"{consumer} on {stream.name}")
        return waiting
