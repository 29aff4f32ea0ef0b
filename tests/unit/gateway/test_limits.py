"""Bodies are bounded before and after decompression; rates and places are counted."""

import gzip
import zlib
from collections.abc import Sequence

import pytest
from fastapi import Request
from starlette.types import Message

from gateway import limits
from gateway.problems import UnsupportedMedia
from kit.clock import SystemClock
from kit.errors import KairosError, Malformed, Overloaded, TooLarge

MAX = 1000


class Clock(SystemClock):
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at


def request(chunks: Sequence[bytes], encoding: str | None = None) -> Request:
    left = list(chunks)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(b"content-encoding", encoding.encode())] if encoding else []
    return Request({"type": "http", "headers": headers}, receive)


@pytest.mark.parametrize(
    ("chunks", "encoding", "body"),
    [
        ([b""], None, b""),
        ([b"a" * 600, b"b" * 400], None, b"a" * 600 + b"b" * 400),
        ([gzip.compress(b"c" * MAX)], "gzip", b"c" * MAX),
        ([gzip.compress(b"d")], "GZIP", b"d"),
        ([b"plain"], "identity", b"plain"),
    ],
)
async def test_body_up_to_the_limit_is_read(
    chunks: list[bytes], encoding: str | None, body: bytes
) -> None:
    assert await limits.read_body(request(chunks, encoding), MAX) == body


@pytest.mark.parametrize(
    ("chunks", "encoding", "error"),
    [
        ([b"a" * 600, b"b" * 401], None, TooLarge),
        ([gzip.compress(b"c" * (MAX + 1))], "gzip", TooLarge),
        ([gzip.compress(bytes(50_000_000))[:900]], "gzip", TooLarge),
        ([b"not gzip"], "gzip", Malformed),
        ([gzip.compress(b"cut off")[:-3]], "gzip", Malformed),
        ([gzip.compress(b"one") + b"more"], "gzip", Malformed),
        ([zlib.compress(b"x")], "deflate", UnsupportedMedia),
        ([b"x"], "br", UnsupportedMedia),
    ],
)
async def test_body_over_the_limit_or_unreadable_is_refused(
    chunks: list[bytes], encoding: str | None, error: type[KairosError]
) -> None:
    with pytest.raises(error):
        await limits.read_body(request(chunks, encoding), MAX)


def test_rate_lets_a_burst_pass_and_then_the_rate() -> None:
    clock = Clock()
    rate = limits.Rate(clock, 10)
    for _ in range(11):
        rate.take("key")
    with pytest.raises(Overloaded) as refused:
        rate.take("key")
    assert refused.value.retry_after_s == 1

    clock.at = 0.1
    rate.take("key")
    with pytest.raises(Overloaded):
        rate.take("key")
    rate.take("another key")


def test_places_are_given_back() -> None:
    places = limits.InFlight(1)
    with places.place(), pytest.raises(Overloaded), places.place():
        pass
    with places.place():
        assert places.now == 1
    assert places.now == 0
