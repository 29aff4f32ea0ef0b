"""What docs/start.md tells a newcomer to type works, word for word."""

import json
import re
from pathlib import Path

import pytest

from tests.support.running import Running, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

PAGE = Path(__file__).parents[2] / "docs" / "start.md"


async def test_first_events_of_the_start_page_are_stored_once_and_answered(shop: Running) -> None:
    """Sent twice, as the page proposes: one event, one confirmation, no tip."""
    [body] = re.findall(r"/v1/batch\".*? -d '(.*?)'\n", PAGE.read_text(), re.DOTALL)
    for _ in range(2):
        answer = await shop.raw(
            "POST", "/v1/batch", json=json.loads(body), headers=shop.write_headers
        )
        assert await answer.json() == {"success": True}

    async def has_message() -> bool:
        return bool(await shop.timeline("anna", kind="message"))

    await eventually(has_message, "the order of the start page is confirmed")
    assert len(await shop.timeline("anna", kind="event")) == 1
    [message] = await shop.timeline("anna", kind="message")
    assert message["name"] == "order-confirmation"
