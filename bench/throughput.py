"""Messages a second, end to end: event → decided → rendered → provider → timeline.

Bars: at least 1,000 messages/s to an HTTP provider and 400 e-mails/s over SMTP, over 20,000 people,
marketing with caps on; load generator and sandbox share the machine. Time runs from the first post
of an event until the last message is with the provider and on the timeline.

    .venv/bin/python -m bench.throughput http 20000
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.results import Figure
from contracts.topology import CHANGE_PERMISSION
from gateway.wire import permission as wire
from kit.bus.connection import Connection
from kit.bus.rpc import Caller
from kit.clock import SystemClock
from tests.support.running import Running, eventually, identify, running, track

BARS = {"http": 1_000.0, "smtp": 400.0}
PEOPLE = {"http": 20_000, "smtp": 8_000}
TRACE_RATIO = "0.05"
"""As in production under load: all traces of everything would measure the tracing."""
PER_POST, POSTS_AT_ONCE, CHANGES_AT_ONCE = 100, 4, 48
DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"kind": "topic", "key": "tips", "class": "marketing"},
    {"kind": "policy", "key": "cap", "rule": {"type": "cap", "messages": 4, "within": "P30D"}},
    {"kind": "policy", "key": "gap", "rule": {"type": "minimum_gap", "duration": "PT4H"}},
    {
        "kind": "template",
        "key": "look",
        "channel": "email",
        "topic": "tips",
        "variables": ["profile.first_name", "event.product"],
        "content": {
            "en": {
                "subject": "Made for you, {{ profile.first_name }}",
                "html": "<html><body>"
                + "<p>Hello {{ profile.first_name }}, {{ event.product }} suits you.</p>" * 12
                + '<p><a href="https://shop.example/{{ event.product }}">See it</a></p>'
                "<p>Imprint: Shop, Street 1, 10115 Berlin.</p>"
                '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
                "</body></html>",
            }
        },
    },
    {
        "kind": "journey",
        "key": "look",
        "entry": {"event": "product_viewed"},
        "reentry": "every",
        "steps": [{"key": "look", "type": "message", "template": "look"}],
    },
)


async def measure(provider: str, people: int | None = None) -> list[Figure]:
    """One run on a fresh system."""
    count = people or PEOPLE[provider]
    env = {"KAIROS_DELIVERY_EMAIL_PROVIDER": provider, "KAIROS_SANDBOX_RECEIPTS": "0"}
    env["KAIROS_TRACE_RATIO"] = TRACE_RATIO
    with tempfile.TemporaryDirectory() as data:
        async with running(Path(data), env=env) as system:
            await system.apply(*DOCUMENTS)
            await _people(system, count)
            took_s = await _run(system, count)
    name = f"messages over {provider}, {count} people"
    return [Figure("throughput", name, count / took_s, "/s", BARS[provider], at_least=True)]


def _pieces(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _post(system: Running, items: Sequence[dict[str, Any]]) -> None:
    posts = iter(list(_pieces(items, PER_POST)))

    async def client() -> None:
        for post in posts:
            await system.surely(*post)

    await asyncio.gather(*(client() for _ in range(POSTS_AT_ONCE)))


async def _people(system: Running, count: int) -> None:
    """Identified, with consent, and everything about it settled."""
    await _post(system, [identify(f"p{n}", locale="en") for n in range(count)])
    rows = await system.sql("SELECT id FROM ingest.profiles")
    bus = await Connection.open(system.system.addresses["KAIROS_NATS_URL"], name="bench")
    caller, left = Caller(bus), iter(rows)
    change = wire.PermissionChange(
        part="consent",
        status="granted",
        purpose="contact",
        channel="email",
        topic="tips",
        basis="opt_in",
        evidence={"source": "bench"},
    )

    async def consenting() -> None:
        for row in left:
            question = wire.change_request(row["id"], change, SystemClock().now())
            await caller.call(CHANGE_PERMISSION, system.workspace, question)

    await asyncio.gather(*(consenting() for _ in range(CHANGES_AT_ONCE)))
    await bus.close()
    await _drained(system)


async def _drained(system: Running) -> None:
    async def empty() -> bool:
        rows = [
            (await system.sql(f"SELECT count(*) AS n FROM {schema}.outbox"))[0]["n"]
            for schema in ("ingest", "decision", "delivery")
        ]
        return not any(rows)

    await eventually(empty, "all facts are consumed", within_s=120)


async def _run(system: Running, count: int) -> float:
    """Seconds from the first event to the last message on the timeline."""
    events = [
        track(f"p{n}", "product_viewed", f"view-{n}", product=f"p-{n % 50}") for n in range(count)
    ]
    begun = time.monotonic()
    await _post(system, events)
    accepted_s = time.monotonic() - begun
    told_s = begun
    while True:
        await asyncio.sleep(0.25)
        [row] = await system.sql(
            "SELECT count(*) AS n FROM history.timeline WHERE kind = 'message'"
        )
        if time.monotonic() - told_s > 2:
            told_s = time.monotonic()
            sys.stderr.write(f"  {told_s - begun:5.1f} s: {row['n']} on the timeline\n")
        if row["n"] >= count:
            break
        if time.monotonic() - begun > 240:
            raise AssertionError(f"only {row['n']} of {count} messages within 240 s")
    took_s = time.monotonic() - begun
    sys.stderr.write(f"  events accepted in {accepted_s:.1f} s, all in {took_s:.1f} s\n")
    return took_s


def main() -> int:
    """Measures one provider and prints; fails below the bar."""
    provider = sys.argv[1] if len(sys.argv) > 1 else "http"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else None
    figures = asyncio.run(measure(provider, count))
    for each in figures:
        print(each)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
