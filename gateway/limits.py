"""How much one caller may ask for: bytes of a body, requests per second, requests at once."""

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager

from fastapi import Request

from gateway.problems import UnsupportedMedia
from kit.clock import Clock
from kit.errors import Malformed, Overloaded, TooLarge

TRACKING_BYTES_MAX = 500 * 1024
"""Segment's limit of a batch; decompressed, so that a small bomb stays small."""
DOCUMENTS_BYTES_MAX = 700 * 1024
"""A catalog in one apply: one question on NATS, whose payload limit is 1 MiB."""
WEBHOOK_BYTES_MAX = 512 * 1024
"""What a provider reports at once."""
BODY_TIMEOUT_S = 10.0
"""A body that takes longer to arrive holds a place that others need."""
_DISCARD_BYTES_MAX = 8 * 1024 * 1024
"""Read and thrown away before a refusal: a client that is still sending would not see it."""
_GZIP = 16 + zlib.MAX_WBITS


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body, decompressed.

    Raises TooLarge over `bytes_max` (before and after decompression), Malformed where it does not
    arrive or cannot be decompressed, UnsupportedMedia for an encoding other than gzip.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise UnsupportedMedia("Send the body as it is or with Content-Encoding: gzip")
    body = await _received(request, bytes_max)
    return gunzip(body, bytes_max) if encoding.endswith("gzip") else body


def gunzip(body: bytes, bytes_max: int) -> bytes:
    """The decompressed body; never uses more memory than `bytes_max` needs."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        plain = inflater.decompress(body, bytes_max + 1)
    except zlib.error:
        raise Malformed("The body is not gzip as Content-Encoding says") from None
    if len(plain) > bytes_max:
        raise _too_large(bytes_max)
    if not inflater.eof or inflater.unused_data:
        raise Malformed("The gzip body is cut off, or something follows it")
    return plain


async def _received(request: Request, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= bytes_max:
                    chunks.append(chunk)
                elif size > _DISCARD_BYTES_MAX:
                    break
    except TimeoutError:
        raise Malformed(f"The body did not arrive within {BODY_TIMEOUT_S:g} s") from None
    if size > bytes_max:
        raise _too_large(bytes_max)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(
        f"The body is over {bytes_max} bytes; send it in smaller parts", limit_bytes=bytes_max
    )


class Rate:
    """Requests per second of each key, by the generic cell rate algorithm (ITU-T I.371).

    One timestamp a key: the time at which its bucket is empty again. Short bursts of up to
    `burst_s` worth of requests pass. Counted for each gateway process by itself.
    """

    KEYS_MAX = 10_000

    def __init__(self, clock: Clock, per_s: int, *, burst_s: float = 1.0) -> None:
        self._clock = clock
        self._interval_s = 1 / per_s
        self._burst_s = burst_s
        self._empty_at: OrderedDict[object, float] = OrderedDict()

    def take(self, key: object) -> None:
        """Counts one request; raises Overloaded where it is one too many."""
        now = self._clock.monotonic()
        empty_at = max(self._empty_at.get(key, now), now)
        if empty_at - now > self._burst_s:
            wait_s = empty_at - now - self._burst_s
            raise Overloaded(
                "This key sends more requests per second than it may; slow down",
                retry_after_s=int(wait_s) + 1,
            )
        self._empty_at[key] = empty_at + self._interval_s
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self.KEYS_MAX:
            self._empty_at.popitem(last=False)


class InFlight:
    """Requests at once; one too many is refused at once instead of joining a queue."""

    def __init__(self, at_once_max: int) -> None:
        self._max = at_once_max
        self.now = 0

    @contextmanager
    def place(self) -> Generator[None]:
        """Holds a place; raises Overloaded where there is none."""
        if self.now >= self._max:
            raise Overloaded("Too many requests at once; try again in a second")
        self.now += 1
        try:
            yield
        finally:
            self.now -= 1
