"""The one place that reads the clock.

`now()` is the injected time of the system: everything that is stored, compared or shown uses it.
`monotonic()` only ever goes forward at real speed: timeouts, leases, permits, breakers and rates
use it. With the development clock on, `now()` runs ahead of the real time by an offset;
`monotonic()` does not.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as a parameter."""

    def now(self) -> datetime:
        """The system's time: aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a scale that never jumps."""
        ...

    async def sleep_until(self, due: datetime) -> None:
        """Returns as soon as `now() >= due`, also when a shift of the clock makes it so."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep_until(self, due: datetime) -> None:
        while (left := (due - self.now()).total_seconds()) > 0:
            await asyncio.sleep(left)


class ShiftedClock:
    """The development clock: real time plus an offset that can be moved forward."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset
        self._shifted = asyncio.Event()

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return time.monotonic()

    def shift_to(self, offset: timedelta) -> None:
        """Moves the clock and wakes all sleepers; an offset smaller than today's is ignored."""
        if offset <= self._offset:
            return
        self._offset = offset
        shifted, self._shifted = self._shifted, asyncio.Event()
        shifted.set()

    async def sleep_until(self, due: datetime) -> None:
        while (left := (due - self.now()).total_seconds()) > 0:
            shifted = self._shifted
            try:
                await asyncio.wait_for(shifted.wait(), left)
            except TimeoutError:
                continue


def to_us(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00Z, exact (no floating point)."""
    delta = instant - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_us(microseconds: int) -> datetime:
    """The aware UTC instant of `to_us`."""
    return _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
