"""From an accepted event to the provider's call, at 20 events a second, with tracing on.

Bar (DESIGN §13): p50 at most 25 ms, p99 at most 80 ms. A whole system is started; each event is an
order of a new person, one per request; the time runs from the 200 to the moment the sandbox
received the mail.
"""

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kit.clock import SystemClock
from tests.support.running import Running, eventually, identify, running, track

BAR_P50_MS, BAR_P99_MS = 25.0, 80.0
RATE_PER_S = 20
WARM_UP, ROUNDS, EVENTS = 40, 3, 300


@dataclass(frozen=True)
class Latency:
    """One round."""

    p50_ms: float
    p99_ms: float


async def measure() -> list[Latency]:
    """Rounds on one running system, after a warm-up."""
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data)) as system:
            await system.apply_pack()
            await _round(system, "warm", WARM_UP)
            return [await _round(system, f"round{n}", EVENTS) for n in range(ROUNDS)]


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
    return Latency(cuts[49], cuts[98])


def main() -> tuple[float, float]:
    """Prints and returns the medians over the rounds: p50 and p99 in ms."""
    rounds = asyncio.run(measure())
    p50 = statistics.median(each.p50_ms for each in rounds)
    p99 = statistics.median(each.p99_ms for each in rounds)
    for each in rounds:
        print(f"  p50 {each.p50_ms:.1f} ms   p99 {each.p99_ms:.1f} ms")
    print(
        f"event to provider, {RATE_PER_S}/s, tracing on: p50 {p50:.1f} ms (bar {BAR_P50_MS:.0f}),"
        f" p99 {p99:.1f} ms (bar {BAR_P99_MS:.0f})"
    )
    return p50, p99


if __name__ == "__main__":
    main()
