"""A Node.js client that knows only the subjects and proto/ follows the feed."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.clients.tools import installed, lock
from tests.support.running import Running, identify, track

PROTO = Path(__file__).parents[2] / "proto"
EXPECTED = {"decision_made", "journey_moved", "receipt_taken"}
PATIENCE_S = 40

pytestmark = pytest.mark.timeout(300)


async def facts(client: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    """What the client prints, line by line."""
    assert client.stdout is not None
    while line := await client.stdout.readline():
        yield json.loads(line)


def uuid(text: str) -> UUID:
    """The id in a bytes field."""
    return UUID(bytes=b64decode(text))


async def test_node_client_decodes_the_feed(shop: Running, tmp_path: Path) -> None:
    client = await installed("node", tmp_path)
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


@pytest.mark.parametrize("client", ["node", "segment"])
def test_lock_names_no_registry(client: str) -> None:
    """Wherever packages come from is the business of the machine that installs them."""
    for name, package in lock(client).items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
