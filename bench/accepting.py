"""Accepting events: in batches of 100, one by one, under ten times too many, with many people.

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
from tests.support.running import Running, running

BENCH = "accepting"
BATCH = 100
BURST_S = 20
PEOPLE = 20_000
BAR_BATCHED_PER_S, BAR_SINGLE_PER_S, BAR_SINGLE_P99_MS = 20_000, 2_000, 60.0
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
        "timestamp": SystemClock().now().isoformat(),
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


async def _batched(system: Running, connections: int = 16) -> Outcome:
    key = system.system.addresses["KAIROS_WRITE_KEY"]
    return await load(
        system.system.url, batches(key, PEOPLE), connections=connections, seconds=BURST_S
    )


async def _single(system: Running) -> Outcome:
    key = system.system.addresses["KAIROS_WRITE_KEY"]
    return await load(system.system.url, singles(key, PEOPLE), connections=32, seconds=BURST_S)


async def measure() -> list[Figure]:
    """The figures of accepting."""
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data)) as system:
            one = await _single(system)
            many = await _batched(system)
    print(one.statuses, p99(one), one.seconds, statistics.median(one.latencies_ms))
    print(many.statuses, p99(many), many.seconds, statistics.median(many.latencies_ms))
    return [
        Figure(BENCH, "one per request", one.statuses[200] / one.seconds, "/s"),
        Figure(BENCH, "100 per request", BATCH * many.statuses[200] / many.seconds, "/s"),
    ]


def main() -> int:
    """Measures and prints; fails where a bar is missed."""
    figures = uvloop.run(measure())
    for each in figures:
        print(each)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
