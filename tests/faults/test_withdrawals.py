"""People withdraw while messages to them are on their way: whatever was queued stays unsent."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.clock import SystemClock
from tests.support.invariants import at_rest, check
from tests.support.running import Running, identify, running, track

pytestmark = pytest.mark.timeout(180)

PEOPLE = 1_000
CLIENTS = 16
CATALOG: list[dict[str, Any]] = [
    {"kind": "topic", "key": "news", "name": "News"},
    {
        "kind": "template", "key": "news-flash", "channel": "email", "topic": "news",
        "content": {
            "en": {
                "subject": "News",
                "html": "<p>News.</p><p><a href='{{ unsubscribe_url }}'>Unsubscribe</a></p>"
                "<p>Imprint: Example Ltd, 1 Example Street, Exampleton</p>",
            }
        },
    },
    {
        "kind": "journey", "key": "flash", "entry": {"event": "flashed"},
        "steps": [{"key": "m", "type": "message", "template": "news-flash"}],
    },
]  # fmt: skip


async def _in_turn(system: Running, users: list[str], act: Any) -> None:
    """Does something for all, a few at a time."""
    waiting = iter(users)

    async def client() -> None:
        for user in waiting:
            await act(system, user)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


async def _consent(system: Running, user: str) -> None:
    url = f"/v1/profiles/user:{user}/consents/email/news"
    await system.call("PUT", url, json={"status": "granted", "basis": "opt_in"})


async def test_withdrawals_that_race_sends_leave_no_call_after_a_second(tmp_path: Path) -> None:
    """A thousand of each at once; it takes as long as a thousand consents need."""
    users = [f"reader-{n}" for n in range(PEOPLE)]
    acknowledged: dict[str, datetime] = {}

    async def withdraw(system: Running, user: str) -> None:
        url = f"/v1/profiles/user:{user}/consents/email/news"
        await system.call("PUT", url, json={"status": "withdrawn"})
        acknowledged[f"{user}@example.com"] = SystemClock().now()

    async with running(tmp_path / "data") as system:
        await system.apply(*CATALOG)
        for start in range(0, PEOPLE, 100):
            await system.surely(*(identify(user) for user in users[start : start + 100]))
        await _in_turn(system, users, _consent)
        events = [track(user, "flashed", f"flash-{user}") for user in users]
        for start in range(0, PEOPLE, 100):
            await system.surely(*events[start : start + 100])
        await _in_turn(system, users, withdraw)
        await at_rest(system, within_s=90)

        mails = [mail for mail in await system.ledger() if mail["channel"] == "email"]
        late = [
            mail["recipient"]
            for mail in mails
            if _time(mail["at"]) > acknowledged[mail["recipient"]] + timedelta(seconds=1)
        ]
        assert late == []
        assert 0 < len(mails) < PEOPLE
        assert await check(system) == []


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
