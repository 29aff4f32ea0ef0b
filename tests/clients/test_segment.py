"""Stock Segment clients, unmodified, against the whole system: what they report is on the timeline.

A company that has Segment's clients in its apps changes the host and the key, nothing else.
"""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from segment.analytics.client import Client

from tests.clients.tools import installed, run
from tests.support.running import Running, eventually

pytestmark = pytest.mark.timeout(300)


async def events_of(shop: Running, user: str, *expected: str) -> dict[str, dict[str, Any]]:
    """The events on somebody's timeline by name, once those expected are there."""
    found: dict[str, dict[str, Any]] = {}

    async def complete() -> bool:
        answer = await shop.raw("GET", f"/v1/profiles/user:{user}", headers=shop.headers)
        if answer.status != 200:
            return False
        items = await shop.timeline(user, kind="event,trait")
        found.update({item["name"]: item for item in items})
        return set(expected) <= set(found)

    await eventually(complete, f"{expected} on the timeline of {user}")
    return found


async def test_python_client_reaches_the_timeline(shop: Running) -> None:
    """The server library for Python: gzip, retries and its own batches, as they come."""
    errors: list[object] = []
    client = Client(
        shop.system.addresses["KAIROS_WRITE_KEY"],
        host=shop.system.url,
        gzip=True,
        on_error=lambda error, _: errors.append(error),
    )
    client.identify("paul", {"email": "paul@example.com"})
    client.page("paul", "Docs", "Pricing")
    for number in range(250):
        client.track("paul", "Item Scanned", {"number": number}, message_id=f"scan-{number}")
    client.track("paul", "Stock Counted", {"items": 250})
    await asyncio.to_thread(client.shutdown)

    await events_of(shop, "paul", "Stock Counted")
    items = await shop.timeline("paul", kind="event")
    assert errors == []
    numbers = {item["data"]["number"] for item in items if _is_scan(item)}
    assert numbers == set(range(250)), "each event once, none lost"
    assert sum(map(_is_scan, items)) == 250


def _is_scan(item: dict[str, Any]) -> bool:
    return bool(item["name"] == "Item Scanned")


async def test_node_client_reaches_the_timeline(shop: Running, tmp_path: Path) -> None:
    """Every call of the specification, and the visitor it began with is the same person."""
    home = await installed("segment", tmp_path)
    key = shop.system.addresses["KAIROS_WRITE_KEY"]
    said = json.loads(await run("node", "server.mjs", shop.system.url, key, "nora", cwd=home))

    assert said["errors"] == []
    assert said["delivered"] == 6
    events = await events_of(shop, "nora", "Report Downloaded", "Pricing")
    assert events["Report Downloaded"]["data"] == {"pages": 3, "title": "Größe ✓"}
    profile = await shop.call("GET", "/v1/profiles/user:nora")
    assert profile["traits"]["plan"] == "pro"
    assert said["anonymousId"] in profile["anonymous_ids"]


async def test_analytics_js_in_a_browser_reaches_the_timeline(
    shop: Running, tmp_path: Path
) -> None:
    """On a page of another origin with a public key; a page that is left still delivers."""
    home = await installed("segment", tmp_path)
    chromium = shutil.which("chromium")
    assert chromium, "make test-clients installs it"
    key = shop.system.addresses["KAIROS_BROWSER_KEY"]
    command = ("node", "browser.mjs", chromium, shop.system.url, key, "bella")
    said = json.loads(await run(*command, cwd=home))

    kinds = ["page", "track", "identify", "track"]
    assert said["done"] == [{"type": kind, "failed": None} for kind in kinds]
    assert said["errors"] == []
    assert said["refused"] == {"status": 401, "problem": 401}
    assert not [each for each in said["complaints"] if "CORS" in each]
    expected = ("Product Viewed", "Product Added", "Cart Viewed", "Checkout Started")
    events = await events_of(shop, "bella", *expected)
    profile = await shop.call("GET", "/v1/profiles/user:bella")
    assert said["anonymousId"] in profile["anonymous_ids"], "the visitor became the customer"
    assert events["Product Viewed"]["data"] == {"sku": "shoe-42", "price": 59.9}
    assert events["Product"]["data"]["search"] == "?utm_source=letter&utm_campaign=spring"
    verdicts = (await shop.call("GET", "/v1/profiles/user:bella/permission"))["verdicts"]
    marketing = [each for each in verdicts if each["class"] == "marketing"]
    assert marketing
    assert not any(each["allowed"] for each in marketing), "a public key proves nothing"
