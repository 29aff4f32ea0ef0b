from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.main import running
from sandbox.settings import Settings
from tests.integration.sandbox.conftest import Running, letter

HOUR_US = 3_600_000_000


async def send(sandbox: Running, *names: str) -> None:
    """Sends one SMS per name."""
    for name in names:
        body = {"to": name, "text": "Hello", "message_id": f"m-{name}"}
        async with sandbox.http.post("/v1/sms", json=body) as response:
            assert response.status == 202


def recipients(items: list[dict[str, Any]]) -> list[str]:
    """Who got something."""
    return [item["recipient"] for item in items]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["ann", "bob", "ann@example.test"]),
        ({"channel": "sms"}, ["ann", "bob"]),
        ({"provider": "smtp"}, ["ann@example.test"]),
        ({"recipient": "bob"}, ["bob"]),
        ({"message_id": "m-ann"}, ["ann"]),
        ({"message_id": "<1@kairos>"}, ["ann@example.test"]),
        ({"message_id": "1@kairos"}, ["ann@example.test"]),
        ({"accepted": "false"}, []),
        ({"brief": "1"}, ["ann", "bob", "ann@example.test"]),
    ],
)
async def test_ledger_is_filtered(
    sandbox: Running, asked: dict[str, str], expected: list[str]
) -> None:
    await send(sandbox, "ann", "bob")
    await sandbox.mail(letter())

    items = await sandbox.ledger(**asked)

    assert recipients(items) == expected


async def test_ledger_is_read_in_pages(sandbox: Running) -> None:
    await send(sandbox, *"abcde")
    pages: list[str] = []
    cursor: int | None = 0
    while cursor is not None:
        async with sandbox.http.get("/ledger", params={"limit": 2, "cursor": cursor}) as response:
            page = await response.json()
        pages.append("".join(recipients(page["items"])))
        cursor = page["next_cursor"]

    assert pages == ["ab", "cd", "e"]


async def test_ledger_since_counts_in_the_systems_time(sandbox: Running) -> None:
    await send(sandbox, "ann", "bob")
    second = (await sandbox.ledger())[1]["at"]

    assert recipients(await sandbox.ledger(since=second)) == ["bob"]
    later = datetime.fromisoformat(second) + timedelta(microseconds=1)
    assert await sandbox.ledger(since=later.isoformat()) == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"channel": "fax"}, "channel"),
        ({"since": "2026-03-01T12:00:00"}, "since"),
        ({"chanel": "sms"}, "chanel"),
    ],
)
async def test_bad_query_names_its_parameter(
    sandbox: Running, asked: dict[str, str], field: str
) -> None:
    async with sandbox.http.get("/ledger", params=asked) as response:
        said = await response.json()

    assert (response.status, response.content_type) == (422, "application/problem+json")
    assert said["errors"][0]["parameter"] == field


async def test_counts_follow_the_ledger_until_it_is_reset(sandbox: Running) -> None:
    await send(sandbox, "ann", "bob")
    await sandbox.mail(letter())
    async with sandbox.http.get("/ledger/counts") as response:
        counts = await response.json()
    assert {name: tally["accepted"] for name, tally in counts["channels"].items()} == {
        "sms": 2,
        "email": 1,
    }

    async with sandbox.http.delete("/ledger") as response:
        assert response.status == 204

    async with sandbox.http.get("/ledger/counts") as response:
        assert await response.json() == {"channels": {}, "providers": {}}
    assert await sandbox.ledger() == []


async def test_faults_are_shown_as_set(sandbox: Running) -> None:
    await sandbox.fault("http", delay_ms=5, status=500, error_rate=0.5)

    async with sandbox.http.get("/faults") as response:
        faults = {fault["provider"]: fault for fault in (await response.json())["items"]}
    assert set(faults) == {"smtp", "http", "sms", "twilio", "push", "sink"}
    assert faults["http"] | {"delay_ms": 5, "status": 500, "error_rate": 0.5} == faults["http"]
    assert faults["smtp"]["error_rate"] == 0


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/faults", {"provider": "fax"}, "/provider"),
        ("/faults", {}, "/provider"),
        ("/faults", {"provider": "smtp", "error_rate": 1.5}, "/error_rate"),
        ("/faults", {"provider": "smtp", "delay": 5}, "/delay"),
        ("/faults", {"provider": "smtp", "status": 200}, "/status"),
        (
            "/faults",
            {"provider": "smtp", "error_rate": 0.6, "accept_then_close_rate": 0.6},
            "/accept_then_close_rate",
        ),
        ("/reactions", {"open_rate": "half"}, "/open_rate"),
        ("/clock", {"offset_us": -1}, "/offset_us"),
        ("/clock", {}, "/offset_us"),
    ],
)
async def test_bad_switch_names_its_field(
    sandbox: Running, path: str, body: dict[str, Any], field: str
) -> None:
    async with sandbox.http.put(path, json=body) as response:
        said = await response.json()

    assert (response.status, response.content_type) == (422, "application/problem+json")
    assert said["errors"][0]["pointer"] == field


async def test_reactions_without_receipts_are_refused(sandbox: Running) -> None:
    """A switch that does nothing would be believed."""
    async with sandbox.http.put("/reactions", json={"open_rate": 1}) as response:
        assert response.status == 409


async def test_clock_moves_forward_only_and_outlives_the_sandbox(settings: Settings) -> None:
    """`at` is the system's time, also after a restart."""
    seen = []
    for offset_us in (HOUR_US, 0):
        async with (
            running(settings) as up,
            aiohttp.ClientSession(f"http://127.0.0.1:{up.http_port}") as session,
        ):
            sandbox = Running(session, up.smtp_port)
            await send(sandbox, "ann")
            async with session.put("/clock", json={"offset_us": offset_us}) as response:
                assert await response.json() == {"offset_us": HOUR_US, "busy": False}
            await send(sandbox, "ann")
            seen = [datetime.fromisoformat(item["at"]) for item in await sandbox.ledger()]

    before, after, restarted, last = seen
    assert timedelta(hours=1) <= after - before < timedelta(hours=1, minutes=1)
    assert timedelta() <= restarted - after < timedelta(minutes=1)
    assert timedelta() <= last - restarted < timedelta(minutes=1)


async def test_health_says_what_it_holds(sandbox: Running) -> None:
    await send(sandbox, "ann")

    async with sandbox.http.get("/healthz") as response:
        assert await response.json() == {"status": "ok", "ledger": 1, "receipts": "off"}


async def test_unknown_path_is_a_problem(sandbox: Running) -> None:
    for method, path, status in (("GET", "/nowhere", 404), ("DELETE", "/v1/email", 405)):
        async with sandbox.http.request(method, path) as response:
            assert (response.status, response.content_type) == (status, "application/problem+json")
