"""A cheap HTTP/1.1 load generator: keep-alive connections, requests made beforehand.

It shares the two cores with what it measures, so it does as little as possible: it writes bytes
and looks for the status and the length of the answer.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

from kit.clock import SystemClock

PATIENCE_S = 10
_clock = SystemClock()


@dataclass
class Outcome:
    """What came back: how often each status, and how long each 200 took, in ms."""

    statuses: dict[int, int] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    refused_ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, status: int, took_ms: float) -> None:
        """Notes one answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        (self.latencies_ms if status == 200 else self.refused_ms).append(took_ms)


class _Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, requests: Iterator[bytes], until_s: float, outcome: Outcome) -> None:
        self._requests = requests
        self._until_s = until_s
        self._outcome = outcome
        self._received = b""
        self._sent_s = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        took_ms = (_clock.monotonic() - self._sent_s) * 1000
        self._outcome.count(int(head[9:12]), took_ms)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        self._sent_s = _clock.monotonic()
        request = next(self._requests, None) if self._sent_s < self._until_s else None
        if request is None:
            self._transport.close()
            return
        self._transport.write(request)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def post(path: str, key: str, body: bytes) -> bytes:
    """A whole request."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: kairos\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(url: str, requests: Iterator[bytes], *, connections: int, seconds: float) -> Outcome:
    """Keeps `connections` requests under way for so long, or until there are no more."""
    outcome = Outcome()
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 80
    begun_s = _clock.monotonic()
    loop = asyncio.get_running_loop()
    clients = [
        await loop.create_connection(
            lambda: _Client(requests, begun_s + seconds, outcome), host, port
        )
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + PATIENCE_S):
        await asyncio.gather(*(client.done for _, client in clients))
    outcome.seconds = _clock.monotonic() - begun_s
    return outcome
