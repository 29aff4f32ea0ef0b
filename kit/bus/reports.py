"""Telling the owners of streams what has been committed here, so that they can forget it.

A report is a hint over core NATS: one that is lost is followed by another within REPEAT_S.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from kit.bus.connection import Connection
from kit.bus.floors import REPORTS, Report
from kit.errors import Unavailable

log = logging.getLogger("kairos.bus")

PAUSE_S = 0.1
"""At most ten reports a second and lane; the first after a pause goes out at once."""
REPEAT_S = 3.0


class Reporter:
    """The reports of one process, newest per stream and lane."""

    def __init__(self, consumer: str, bus: Connection) -> None:
        self._consumer = consumer
        self._bus = bus
        self._latest: dict[tuple[str, str], Report] = {}
        self._unsaid: set[tuple[str, str]] = set()
        self._something = asyncio.Event()

    def say(self, stream: str, lane: str, incarnation: str, seqs: Mapping[int, int]) -> None:
        """Replaces what is said of a lane; sent soon."""
        key = (stream, lane)
        self._latest[key] = Report(self._consumer, lane, incarnation, dict(seqs))
        self._unsaid.add(key)
        self._something.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Sends what is new, and everything every REPEAT_S; once more at the end."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(REPEAT_S):
                    await self._something.wait()
            except TimeoutError:
                self._unsaid.update(self._latest)
            await self._send()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_S)
        await self._send()

    async def _send(self) -> None:
        self._something.clear()
        unsaid, self._unsaid = self._unsaid, set()
        try:
            for stream, lane in unsaid:
                report = self._latest[stream, lane]
                await self._bus.publish(f"{REPORTS}.{stream}", report.to_json())
        except Unavailable as error:
            log.debug("floors not reported: %s", error)
