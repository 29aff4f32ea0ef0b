"""Everything about a person on request, and nothing of them any more, in tables and in files."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.running import Running, eventually, identify, track

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

PEOPLE = 100
WITHIN_S = 60.0
NEEDLE = "zzerase"


async def dump(shop: Running) -> str:
    """Every row of every table, as text; binary columns are hexadecimal digits in it."""
    connection = await asyncpg.connect(shop.system.addresses["KAIROS_POSTGRES_DSN"])
    try:
        tables = await connection.fetch(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n"
            " ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
            " AND n.nspname IN ('ingest', 'decision', 'delivery', 'history', 'gateway')"
        )
        texts = []
        for schema, table in tables:
            rows = await connection.fetch(f'SELECT t::text AS row FROM {schema}."{table}" t')
            texts += [f"{schema}.{table} {row['row']}" for row in rows]
        return "\n".join(texts)
    finally:
        await connection.close()


def hits_in_files(folder: Path, needle: bytes) -> list[str]:
    """The files below a folder that hold some bytes."""
    found = []
    for path in folder.rglob("*"):
        try:
            if path.is_file() and needle in path.read_bytes():
                found.append(str(path.relative_to(folder)))
        except FileNotFoundError:  # a file of a stream that is being replaced
            continue
    return found


async def erase(shop: Running, users: Sequence[str]) -> list[str]:
    """Erases people; the ids of the receipts."""
    receipts = []
    for user in users:
        told = await shop.call("DELETE", f"/v1/profiles/user:{user}", status=202)
        assert told["state"] == "running"
        receipts.append(told["id"])
    return receipts


async def all_done(shop: Running, receipts: Sequence[str]) -> bool:
    told = [await shop.call("GET", f"/v1/erasures/{each}") for each in receipts]
    return all(each["state"] == "done" for each in told)


async def test_erased_people_leave_nothing_behind_under_load(shop: Running) -> None:
    """No address of a hundred people is in the tables or in the files of the streams, while others
    go on; late events, a replay and another import do not bring them back.
    """
    users = [f"{NEEDLE}{n}" for n in range(PEOPLE)]
    others: list[str] = []
    stop = asyncio.Event()

    async def load() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            user = f"stays{number}"
            await shop.surely(
                identify(user),
                track(user, "order_completed", f"stays-{number}", amount_usd=30, quantity=1),
            )
            others.append(user)
            await asyncio.sleep(0.02)

    loading = asyncio.create_task(load())
    for user in users:
        await shop.surely(
            identify(user),
            track(user, "order_completed", f"order-{user}", amount_usd=30, quantity=1),
        )
    receipts = await erase(shop, users)
    await eventually(lambda: all_done(shop, receipts), "everybody is erased", within_s=WITHIN_S)

    text = (await dump(shop)).lower()
    home = shop.system.home.data
    wrong = [line for line in text.splitlines() if NEEDLE in line or NEEDLE.encode().hex() in line]
    assert wrong == []
    assert hits_in_files(home / "nats", NEEDLE.encode()) == []

    late = track(users[0], "order_completed", "late-1", amount_usd=30, quantity=1)
    replay = track(users[1], "order_completed", f"order-{users[1]}", amount_usd=30, quantity=1)
    for item in (late, replay, identify(users[2])):
        answer = await shop.raw(
            "POST", "/v1/batch", json={"batch": [item]}, headers=shop.write_headers
        )
        assert answer.status == 422
    rows = [
        {"userId": users[3], "email": f"{users[3]}@example.com"},
        {"userId": "another-id", "email": f"{users[4]}@example.com"},
    ]
    body = "userId,email\n" + "\n".join(f"{row['userId']},{row['email']}" for row in rows)
    asked = {"kind": "profiles", "format": "csv"}
    told = await shop.call("POST", "/v1/imports", params=asked, data=body)
    assert (told["accepted"], told["refused"]) == (0, 2)
    assert "erased" in told["refusals"][0]["reason"]
    for user in users[:5]:
        await shop.call("GET", f"/v1/profiles/user:{user}", status=404)

    stop.set()
    await loading
    assert NEEDLE not in (await dump(shop)).lower()

    async def told_of_others() -> bool:
        last = await shop.timeline(others[-1])
        return {"event", "decision"} <= {item["kind"] for item in last}

    await eventually(told_of_others, "others are served as before")
    missing = [
        user
        for user in others
        if "order_completed" not in {item["name"] for item in await shop.timeline(user)}
    ]
    assert missing == [], "replacing the streams lost nothing of anybody else"


async def test_export_tells_everything_with_its_evidence(shop: Running) -> None:
    await shop.surely(
        identify("exa"), track("exa", "order_completed", "exa-1", amount_usd=30, quantity=1)
    )
    consent: dict[str, Any] = {
        "status": "granted",
        "basis": "opt_in",
        "evidence": {"wording": "Yes, write to me"},
    }
    path = "/v1/profiles/user:exa/consents/email/tips"
    await shop.call("PUT", path, json=consent)

    async def told_of() -> bool:
        kinds = {item["kind"] for item in await shop.timeline("exa")}
        return {"event", "message", "consent"} <= kinds

    await eventually(told_of, "order, confirmation and consent are on the timeline")
    told = await shop.call("GET", "/v1/profiles/user:exa/export")

    assert told["profile"]["user_ids"] == ["exa"]
    assert {event["name"] for event in told["ingest"]["events"]} >= {"order_completed"}
    [state] = told["decision"]["person_states"]
    assert state["state"]["endpoints"]["email"]["address"] == "exa@example.com"
    [entry] = told["decision"]["permission_ledger"]
    assert entry["evidence"]["wording"] == "Yes, write to me"
    assert told["delivery"]["messages"][0]["endpoint"] == "exa@example.com"
    assert told["delivery"]["attempts"]
    assert told["decision"]["decisions"][0]["decision"]["outcome"]
    assert {item["kind"] for item in told["history"]["timeline"]} >= {"event", "message", "consent"}
    assert json.dumps(told).count("workspace") == 0


async def test_nobody_cannot_be_erased(shop: Running) -> None:
    await shop.call("DELETE", "/v1/profiles/user:nobody-at-all", status=404)
    unknown = "0195a0d4-1c00-7000-8000-000000000001"
    await shop.call("GET", f"/v1/erasures/{unknown}", status=404)
