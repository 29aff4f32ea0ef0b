"""From an accepted event to the provider's call, at 20 events a second, with tracing on.

Bar: p50 at most 25 ms, p99 at most 80 ms. A whole system is started; each event is an
order of a new person, one per request; the time runs from the 200 to the moment the sandbox
received the mail.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bench.results import Figure
from kit.clock import SystemClock
from tests.support.running import Running, eventually, identify, running, track

BAR_P50_MS, BAR_P99_MS = 25.0, 80.0
RATE_PER_S = 20
WARM_UP, ROUNDS, EVENTS = 40, 3, 300


Latency = tuple[float, float]
"""p50 and p99 of one round, in ms."""


async def measure() -> list[Figure]:
    """The medians over rounds on one running system, after a warm-up."""
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data)) as system:
            await system.apply_pack()
            await _round(system, "warm", WARM_UP)
            rounds = [await _round(system, f"round{n}", EVENTS) for n in range(ROUNDS)]
    bench = "event to provider"
    return [
        Figure(bench, "p50 at 20 events/s, tracing on", _median(rounds, 0), "ms", BAR_P50_MS),
        Figure(bench, "p99 at 20 events/s, tracing on", _median(rounds, 1), "ms", BAR_P99_MS),
    ]


def _median(rounds: Sequence[Latency], which: int) -> float:
    return statistics.median(each[which] for each in rounds)


async def _round(system: Running, name: str, events: int) -> Latency:
    users = [f"{name}-{n}" for n in range(events)]
    for start in range(0, events, 50):
        await system.surely(*(identify(user) for user in users[start : start + 50]))
    await asyncio.sleep(1)
    accepted: dict[str, datetime] = {}

    async def order(user: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await system.surely(
            track(user, "order_completed", f"order-{user}", quantity=1, amount_usd=9)
        )
        accepted[f"{user}@example.com"] = SystemClock().now()

    await asyncio.gather(*(order(user, n / RATE_PER_S) for n, user in enumerate(users)))

    async def all_sent() -> bool:
        return accepted.keys() <= {mail["recipient"] for mail in await system.ledger()}

    await eventually(all_sent, "every order is confirmed")
    received = {
        mail["recipient"]: datetime.fromisoformat(mail["at"]) for mail in await system.ledger()
    }
    return _latency([(received[who] - at).total_seconds() * 1000 for who, at in accepted.items()])


def _latency(times_ms: Sequence[float]) -> Latency:
    cuts = statistics.quantiles(times_ms, n=100)
    return cuts[49], cuts[98]
