"""The past of another tool and the contacts of other systems, over the whole system."""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.clock import SystemClock
from tests.support.running import Running, eventually, identify, track

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]


async def test_contact_of_another_system_counts_and_is_shown(shop: Running) -> None:
    """Reported once or twice, it stands on the timeline once and takes one slot."""
    await shop.surely(identify("cora"))
    at = (SystemClock().now() - timedelta(hours=1)).isoformat()
    contact: dict[str, Any] = {
        "id": "crm-1",
        "to": {"profile": "email:cora@example.com"},
        "channel": "post",
        "class": "marketing",
        "name": "Spring letter",
        "system": "crm",
        "at": at,
    }
    first = await shop.call("POST", "/v1/contacts", json=contact)
    again = await shop.call("POST", "/v1/contacts", json=contact)
    assert (first, again) == (
        {"accepted": 1, "repeated": 0},
        {"accepted": 0, "repeated": 1},
    )

    async def shown() -> bool:
        return bool(await shop.timeline("cora", kind="message"))

    await eventually(shown, "the contact is on the timeline")
    (item,) = await shop.timeline("cora", kind="message")
    assert item["summary"] == "Letter “Spring letter” sent by crm"
    assert item["data"]["system"] == "crm"


async def test_contact_of_nobody_is_refused(shop: Running) -> None:
    contact = {"id": "crm-2", "to": {"profile": "email:nobody@example.com"}, "channel": "post"}

    await shop.call("POST", "/v1/contacts", json=contact, status=404)


async def test_imported_wishes_are_in_force_with_their_proof(shop: Running) -> None:
    """Consent, withdrawal, objection and suppression of people nobody has told us about yet."""
    rows = [
        {"userId": "w1", "status": "granted", "channel": "email", "topic": "tips"},
        {"userId": "w2", "status": "withdrawn", "channel": "email", "topic": "*"},
        {"userId": "w3", "part": "objection", "status": "set"},
        {"userId": "w4", "part": "suppression", "status": "set", "reason": "complaint"},
    ]
    lines = [
        json.dumps(
            {
                "type": "permission",
                "messageId": f"wish-{row['userId']}",
                "timestamp": "2024-03-01T09:00:00Z",
                "evidence": {"file": "old-tool.csv"},
                **row,
            }
        )
        for row in rows
    ]
    answer = await shop.call("POST", "/v1/imports", data="\n".join(lines))
    assert (answer["accepted"], answer["refused"]) == (4, 0)

    async def known() -> bool:
        for user, part in (("w1", "consents"), ("w2", "consents"), ("w3", "objection")):
            if not (await shop.call("GET", f"/v1/profiles/user:{user}/permission"))[part]:
                return False
        told = await shop.call("GET", "/v1/profiles/user:w4/permission")
        return bool(told["suppressions"])

    await eventually(known, "every wish is known")
    (consent,) = (await shop.call("GET", "/v1/profiles/user:w2/permission"))["consents"]
    assert consent["status"] == "withdrawn"
    assert consent["at"].startswith("2024-03-01T09:00:00")

    async def proven() -> bool:
        items = await shop.timeline("w1", kind="consent")
        return {item["name"] for item in items} == {"consent_granted", "consent_granted_reported"}

    await eventually(proven, "the proof is on the timeline")
    ledger = await shop.sql(
        "SELECT evidence FROM decision.permission_ledger WHERE evidence->>'file' IS NOT NULL"
    )
    assert len(ledger) == 4


async def test_imported_past_orders_nothing(shop: Running) -> None:
    """History sets a baseline: only what happens later triggers."""
    past = [
        {**identify("pia"), "messageId": "pia-1"},
        {**track("pia", "order_completed", "pia-2", amount_usd=30, quantity=1)},
    ]
    await shop.call("POST", "/v1/imports", data="\n".join(map(json.dumps, past)))

    async def counted() -> bool:
        return len(await shop.timeline("pia")) >= 2

    await eventually(counted, "the past is on the timeline")
    assert {item["kind"] for item in await shop.timeline("pia")} == {"event", "trait"}


async def test_dry_run_names_what_is_wrong_and_stores_nothing(shop: Running) -> None:
    text = "userId,email,plan\ndora,dora@example.com,pro\nnull,x@example.com,pro\n"
    asked = {"kind": "profiles", "format": "csv", "dry_run": "true"}
    told = await shop.call("POST", "/v1/imports", params=asked, data=text)

    assert (told["accepted"], told["refused"], told["rows"]) == (1, 1, 2)
    assert told["refusals"][0]["pointer"] == "/userId"
    await shop.call("GET", "/v1/profiles/user:dora", status=404)


async def test_command_imports_customers_and_goes_on_after_a_crash(
    shop: Running, tmp_path: Path
) -> None:
    """The gateway is killed on the way: the command waits for it, and nothing is stored twice."""
    count = 20_000
    file = tmp_path / "customers.csv"
    lines = [f"c{n};c{n}@example.com;2024-03-01;{n}" for n in range(count)]
    file.write_text("\n".join(["kunde;mail;seit;punkte", *lines, "undefined;x;2024-03-01;1"]))
    rules = (
        "userId=kunde",
        "traits.email=mail",
        "timestamp=seit:time",
        "traits.points=punkte:integer",
    )
    command = [sys.executable, "-m", "cli.main", "import", str(file), "--kind", "profiles"]
    for rule in rules:
        command += ["--map", rule]
    address = shop.system.addresses
    env = {
        **os.environ,
        "KAIROS_URL": address["KAIROS_URL"],
        "KAIROS_SECRET_KEY": address["KAIROS_SECRET_KEY"],
    }

    async def stored() -> int:
        [row] = await shop.sql("SELECT count(*) AS n FROM ingest.identities WHERE value LIKE 'c%'")
        return int(row["n"])

    child = await asyncio.create_subprocess_exec(
        *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )

    async def on_the_way() -> bool:
        return await stored() > 1000

    await eventually(on_the_way, "the first rows are stored")
    pid = int((shop.system.home.data / "run" / "gateway.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    said, _ = await asyncio.wait_for(child.communicate(), 100)

    assert child.returncode == 1, said.decode()
    [refused] = (tmp_path / "customers.csv.refused.ndjson").read_text().splitlines()
    assert json.loads(refused)["row"] == count + 1
    [events] = await shop.sql(
        "SELECT count(*) AS n, count(DISTINCT profile) AS people FROM ingest.events"
        " WHERE message_id LIKE 'import:%' AND kind = 'identify' AND user_id LIKE 'c%'"
    )
    assert (events["n"], events["people"]) == (count, count)
    profile = await shop.call("GET", "/v1/profiles/user:c7")
    assert profile["traits"] == {"email": "c7@example.com", "points": 7}
    imports = (await shop.call("GET", "/v1/imports"))["items"]
    assert (imports[0]["state"], imports[0]["rows"], imports[0]["refused"]) == (
        "done",
        count + 1,
        1,
    )
    assert imports[0]["accepted"] + imports[0]["repeated"] == count
