"""A Node.js client that knows only the subjects and proto/ follows the feed."""

import asyncio
import json
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.support.running import Running, identify, track

NODE = Path(__file__).parent / "node"
PROTO = Path(__file__).parents[2] / "proto"
EXPECTED = {"decision_made", "journey_moved", "receipt_taken"}
PATIENCE_S = 40

pytestmark = pytest.mark.timeout(300)


async def run(*command: str, cwd: Path) -> None:
    """Runs a command to its end; what it says is shown where it fails."""
    child = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(child.communicate(), 120)
    assert child.returncode == 0, said.decode()


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """The client in a folder of its own, to be installed there."""
    folder = tmp_path / "node"
    shutil.copytree(NODE, folder, ignore=shutil.ignore_patterns("node_modules"))
    return folder


async def facts(client: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    """What the client prints, line by line."""
    assert client.stdout is not None
    while line := await client.stdout.readline():
        yield json.loads(line)


def uuid(text: str) -> UUID:
    """The id in a bytes field."""
    return UUID(bytes=b64decode(text))


async def test_node_client_decodes_the_feed(shop: Running, client: Path) -> None:
    await run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=client)
    nats_url = shop.system.addresses["KAIROS_NATS_URL"]
    node = await asyncio.create_subprocess_exec(
        *("node", "feed.mjs", nats_url, str(PROTO), "kairos.feed.v1.>"),
        cwd=client,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    told: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(PATIENCE_S):
        heard = facts(node)
        assert await anext(heard) == {"ready": True}
        await shop.surely(
            identify("anna"), track("anna", "order_completed", "m1", amount_usd=30, quantity=1)
        )
        async for each in heard:
            told[each["body"]] = each
            if set(told) >= EXPECTED:
                break
    assert node.stdin is not None
    node.stdin.close()
    await asyncio.wait_for(node.wait(), 10)

    for each in told.values():
        fact = each["fact"]
        assert each["subject"].startswith(f"kairos.feed.v1.{shop.workspace}.")
        assert each["headers"]["ce-id"] == str(uuid(fact["id"]))
        assert fact["workspace"] == shop.workspace
        assert "anna" not in json.dumps(each), "the feed carries opaque ids only"
    made = told["decision_made"]["fact"]
    shown = await shop.call("GET", f"/v1/decisions/{uuid(made['id'])}")
    assert made["decision_made"]["outcome"] == f"OUTCOME_{shown['outcome'].upper()}"
    assert shown["profile_id"] == str(uuid(made["person"]))
    receipt = told["receipt_taken"]["fact"]["receipt_taken"]
    message = await shop.call("GET", f"/v1/messages/{uuid(receipt['message_id'])}")
    assert message["state"] == "accepted"


def test_lock_names_no_registry() -> None:
    """Wherever packages come from is the business of the machine that installs them."""
    lock = json.loads((NODE / "package-lock.json").read_text(encoding="utf-8"))

    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
