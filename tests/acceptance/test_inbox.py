"""Messages in the app, from an event to a page that shows them, through the public doors only."""

import asyncio
import hashlib
import hmac
import json
import uuid
from base64 import urlsafe_b64encode
from typing import Any

import aiohttp
import pytest

from kit.clock import SystemClock
from tests.support.running import Running, eventually, identify, track

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

CONTENT: dict[str, dict[str, str]] = {
    "de": {"subject": "Hallo {{ profile.first_name }}", "text": "Ihr Plan ist fertig."}
}
CONTENT["de"] |= {"url": "https://fitshop.example/plan", "action": "Ansehen"}
CATALOG: list[dict[str, Any]] = [
    {"kind": "topic", "key": "app-news"},
    {"kind": "template", "key": "app-plan", "channel": "in_app", "topic": "app-news"}
    | {"variables": ["profile.first_name"], "placement": "banner", "content": CONTENT},
    {"kind": "journey", "key": "app-plan", "entry": {"event": "plan_ready"}, "reentry": "every"}
    | {"steps": [{"type": "message", "key": "m", "template": "app-plan"}]},
]


def user_token(secret: str, user: str, lives_s: float = 60) -> str:
    """What a company's server signs for one of its users."""

    def part(told: dict[str, Any]) -> bytes:
        return urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=")

    expires = SystemClock().now().timestamp() + lives_s
    signed = part({"alg": "HS256", "typ": "JWT", "kid": secret[:8]}) + b"."
    signed += part({"sub": user, "exp": expires})
    key = hashlib.sha256(secret.encode()).hexdigest().encode()
    mac = hmac.digest(key, signed, hashlib.sha256)
    return (signed + b"." + urlsafe_b64encode(mac).rstrip(b"=")).decode()


async def inbox(shop: Running, status: int = 200, **asked: str) -> dict[str, Any]:
    return await shop.call(
        "GET", "/v1/inbox", status=status, params=asked, headers=shop.write_headers
    )


async def test_message_reaches_the_app_and_comes_back_as_receipts(shop: Running) -> None:
    """Stored means accepted; a stream brings it at once; seen, clicked and put away are told."""
    await shop.apply(*CATALOG)
    user = f"app-{uuid.uuid4().hex[:8]}"
    await shop.surely(identify(user))
    token = user_token(shop.system.addresses["KAIROS_SECRET_KEY"], user)
    assert (await inbox(shop, user_token=token))["items"] == []
    streamed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    listening = asyncio.create_task(listen(shop, token, streamed))
    try:
        await asyncio.wait_for(streamed.get(), 10)
        await shop.surely(track(user, "plan_ready", f"{user}-1"))
        item = await asyncio.wait_for(streamed.get(), 10)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    assert (item["title"], item["text"]) == ("Hallo Anna", "Ihr Plan ist fertig.")
    assert (item["placement"], item["action"]) == ("banner", "Ansehen")
    [shown] = (await inbox(shop, user_token=token, placement="banner"))["items"]
    assert shown == item
    for act, changed in (("seen", True), ("seen", False), ("clicked", True), ("dismissed", True)):
        told = await shop.call(
            "POST",
            f"/v1/inbox/{item['id']}/{act}",
            params={"user_token": token},
            headers=shop.write_headers,
        )
        assert told == {"changed": changed}
    assert (await inbox(shop, user_token=token))["items"] == []

    async def is_told() -> bool:
        names = [each.get("name") for each in await shop.timeline(user, kind="receipt")]
        return {"delivered", "opened", "clicked", "dismissed"} <= set(names)

    await eventually(is_told, "the timeline shows what the person did")


async def listen(shop: Running, token: str, streamed: asyncio.Queue[dict[str, Any]]) -> None:
    """Puts what a stream brings into the queue; an empty item when it is ready."""
    url = f"{shop.system.url}/v1/inbox/stream"
    key = shop.system.addresses["KAIROS_WRITE_KEY"]
    asked = {"write_key": key, "user_token": token}
    async with aiohttp.ClientSession() as http, http.get(url, params=asked) as answer:
        assert answer.status == 200
        async for line in answer.content:
            if line.startswith(b"event: ready"):
                await streamed.put({})
            elif line.startswith(b"data: "):
                await streamed.put(json.loads(line[6:]))


@pytest.mark.parametrize("lives_s", [-1.0, 60.0])
async def test_inbox_opens_only_to_whom_it_belongs(shop: Running, lives_s: float) -> None:
    """No token, an old one, one signed by somebody else, a known user without one."""
    user = f"app-{uuid.uuid4().hex[:8]}"
    await shop.surely(identify(user) | {"anonymousId": f"visitor-{user}"})
    secret = shop.system.addresses["KAIROS_SECRET_KEY"]
    await inbox(shop, status=401)
    forged = user_token(secret[:8] + "somebody else's key", user)
    await inbox(shop, status=401, user_token=forged)
    status = 401 if lives_s < 0 else 200
    await inbox(shop, status=status, user_token=user_token(secret, user, lives_s))
    await inbox(shop, status=403, anonymous_id=f"visitor-{user}")
    assert (await inbox(shop, anonymous_id="never seen"))["items"] == []
