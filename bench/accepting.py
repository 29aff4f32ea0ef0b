"""Accepting events: one by one, and in batches of 100.

From outside over HTTP, the load generator on the same cores; accepted means committed and deduped.

    .venv/bin/python -m bench.accepting
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import uvloop

from bench.http_load import Outcome, load, post
from bench.results import Figure
from kit.clock import SystemClock
from tests.support.invariants import at_rest
from tests.support.running import Running, running

BENCH = "accepting"
BATCH = 100
BURST_S = 20
PEOPLE = 20_000
BAR_BATCHED_PER_S, BAR_SINGLE_PER_S, BAR_SINGLE_P99_MS = 20_000, 2_000, 60.0
_clock = SystemClock()
_numbers = count()
_encode = msgspec.json.encode


def event(people: int) -> dict[str, object]:
    """A purchase of one of so many people, of the size stock clients send."""
    number = next(_numbers)
    return {
        "type": "track",
        "messageId": f"ajs-next-{number:012d}-bench",
        "userId": f"user-{number * 7919 % people}",
        "event": "Product Viewed",
        "timestamp": _clock.now().isoformat(),
        "properties": {"product": "kettlebell", "price": 49.9, "category": "weights"},
        "context": {"locale": "de-DE", "timezone": "Europe/Berlin", "library": {"name": "bench"}},
    }


def batches(key: str, people: int) -> Iterator[bytes]:
    """Requests of 100 events."""
    while True:
        yield post("/v1/batch", key, _encode({"batch": [event(people) for _ in range(BATCH)]}))


def singles(key: str, people: int) -> Iterator[bytes]:
    """Requests of one event."""
    while True:
        yield post("/v1/track", key, _encode(event(people)))


def p99(outcome: Outcome) -> float:
    """In ms."""
    return statistics.quantiles(outcome.latencies_ms, n=100)[98]


async def _load(system: Running, requests: Iterator[bytes], connections: int) -> Outcome:
    outcome = await load(system.system.url, requests, connections=connections, seconds=BURST_S)
    if set(outcome.statuses) != {200}:
        raise AssertionError(f"not everything was accepted: {outcome.statuses}")
    return outcome


async def _drained_s(system: Running) -> float:
    """How long the consumers take to catch up with the burst."""
    begun_s = _clock.monotonic()
    await at_rest(system, within_s=300)
    return _clock.monotonic() - begun_s


async def measure() -> list[Figure]:
    """The figures of accepting; every event is new, of one of 20,000 people."""
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data)) as system:
            key = system.system.addresses["KAIROS_WRITE_KEY"]
            one = await _load(system, singles(key, PEOPLE), 32)
            await _drained_s(system)
            many = await _load(system, batches(key, PEOPLE), 16)
            drained_s = await _drained_s(system)
    one_per_s = one.statuses[200] / one.seconds
    many_per_s = BATCH * many.statuses[200] / many.seconds
    return [
        Figure(
            BENCH,
            "one per request, 32 connections",
            one_per_s,
            "/s",
            BAR_SINGLE_PER_S,
            at_least=True,
        ),
        Figure(BENCH, "p99, one per request", p99(one), "ms", BAR_SINGLE_P99_MS),
        Figure(BENCH, "100 per request, 20 s", many_per_s, "/s", BAR_BATCHED_PER_S, at_least=True),
        Figure(BENCH, "p99, 100 per request", p99(many), "ms"),
        Figure(BENCH, "consumers caught up after", drained_s, "s"),
    ]


def main() -> int:
    """Measures and prints; fails where a bar is missed."""
    figures = uvloop.run(measure())
    for each in figures:
        print(each)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
