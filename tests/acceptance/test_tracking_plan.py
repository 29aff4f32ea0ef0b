"""From a schema in the catalog to an event that waited, was let in and is shown."""

import uuid

import pytest

from tests.support.running import Running, eventually, track

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

SCHEMA = {"required": ["total"], "properties": {"total": {"type": "number"}}}


async def test_quarantined_event_reaches_the_timeline_once_the_plan_is_mended(
    shop: Running,
) -> None:
    """All through the public doors: apply, track, look, mend, replay, look again."""
    event, user = f"paid_{uuid.uuid4().hex[:8]}", f"anna-{uuid.uuid4().hex[:8]}"
    document = {"kind": "event", "key": event, "schema": SCHEMA}
    await shop.call("PUT", f"/v1/events/{event}", json=document)
    sent = 0

    async def waits() -> bool:
        nonlocal sent
        sent += 1
        await shop.surely(track(user, event, f"{event}-{sent}", total="3"))
        page = await shop.call("GET", "/v1/quarantine", params={"event": event})
        return bool(page["items"])

    await eventually(waits, "the plan is in force")
    await shop.surely(track(user, event, f"{event}-good", total=3))
    held = (await shop.call("GET", "/v1/quarantine", params={"event": event}))["items"]
    assert held[0]["pointer"] == "/properties/total"

    mended = document | {"schema": {"required": ["total"]}}
    await shop.call("PUT", f"/v1/events/{event}", json=mended)
    told = await shop.call("POST", "/v1/quarantine/replay", json={"event": event})
    assert told == {"replayed": len(held), "waiting": 0}
    assert (await shop.call("GET", "/v1/quarantine", params={"event": event}))["items"] == []

    async def shown() -> bool:
        return len(await shop.timeline(user, kind="event")) == sent + 1

    await eventually(shown, "every event is on the timeline once")
