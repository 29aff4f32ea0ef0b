"""From one HTTP request to an explained timeline, through the public door alone."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from tests.support.invariants import at_rest, check
from tests.support.running import Running, eventually, identify, track

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

SERVICES = ("gateway", "ingest", "decision", "delivery", "history")


async def _summaries(shop: Running, user: str, kind: str) -> list[str]:
    return [item["summary"] for item in await shop.timeline(user, kind=kind)]


async def test_order_is_confirmed_and_explained(shop: Running) -> None:
    """Event, decision with its reason, message and receipt stand on one timeline."""
    user = f"anna-{uuid.uuid4().hex[:8]}"
    await shop.surely(
        identify(user), track(user, "order_completed", f"o-{user}", quantity=1, amount_usd=20)
    )

    async def has_receipt() -> bool:
        return bool(await shop.timeline(user, kind="receipt"))

    await eventually(has_receipt, "the provider's receipt is on the timeline")
    items = await shop.timeline(user)
    kinds = {item["kind"] for item in items}
    assert {"event", "trait", "decision", "message", "receipt"} <= kinds
    message = next(item for item in items if item["kind"] == "message")
    assert message["reason"]
    decision = await shop.call("GET", f"/v1/decisions/{message['refs']['decision']}")
    assert decision["sentence"]["en"] == message["reason"]
    assert decision["candidates"][0]["verdicts"]
    assert decision["basis"]["replay_agrees"]
    [mail] = [m for m in await shop.ledger() if m["recipient"] == f"{user}@example.com"]
    assert "Anna" in mail["subject"]


async def test_one_trace_from_request_to_provider_call(shop: Running) -> None:
    """The trace id of the HTTP request is in the timeline entry and in every service's spans."""
    user = f"trace-{uuid.uuid4().hex[:8]}"
    trace = uuid.uuid4().hex
    headers = {**shop.write_headers, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    body = {
        "batch": [
            identify(user),
            track(user, "order_completed", f"o-{user}", quantity=1, amount_usd=20),
        ]
    }
    answer = await shop.raw("POST", "/v1/batch", json=body, headers=headers)
    assert answer.status == 200
    assert answer.headers["x-request-id"] == trace

    async def sent() -> bool:
        return bool(await shop.timeline(user, kind="message"))

    await eventually(sent, "the message is on the timeline")
    assert {item["trace_id"] for item in await shop.timeline(user, kind="message")} == {trace}

    async def everywhere() -> bool:
        logs = shop.system.home.logs
        seen = {
            line["service"]
            for path in logs.glob("*.spans.jsonl")
            for line in map(json.loads, path.read_text().splitlines())
            if line["trace_id"] == trace
        }
        return {f"kairos-{name}" for name in SERVICES} <= seen

    await eventually(everywhere, "spans of every service", within_s=10)


async def test_burst_of_identical_entries_enters_once(shop: Running) -> None:
    """50 concurrent first orders of one person: the once-journey is entered once."""
    user = f"burst-{uuid.uuid4().hex[:8]}"
    await shop.surely(identify(user))
    await asyncio.gather(
        *(
            shop.surely(track(user, "order_completed", f"{user}-{n}", quantity=1, amount_usd=20))
            for n in range(50)
        )
    )

    async def all_there() -> bool:
        return len(await shop.timeline(user, kind="event")) == 50

    await eventually(all_there, "all 50 events are on the timeline")
    await at_rest(shop)
    entered = [
        item
        for item in await shop.timeline(user, kind="journey")
        if item["refs"].get("journey") == "first-steps" and item["name"] == "entered"
    ]
    assert len(entered) == 1
    assert await check(shop) == []


async def test_cap_of_one_a_day_sends_one(shop: Running) -> None:
    """Two marketing messages wanted at once: one goes out, the other's silence has its reason."""
    scene = {"kind": "template", "channel": "email", "topic": "tips", "content": _CONTENT}
    await shop.apply(
        {**scene, "key": "cap-a"},
        {**scene, "key": "cap-b"},
        _journey("cap-a", "cap_tried"),
        _journey("cap-b", "cap_tried"),
        {
            "kind": "policy",
            "key": "quiet-nights",
            "rule": {"type": "cap", "messages": 1, "within": "P1D"},
        },
    )
    user = f"cap-{uuid.uuid4().hex[:8]}"
    await shop.surely(identify(user))
    await shop.call(
        "PUT",
        f"/v1/profiles/user:{user}/consents/email/tips",
        json={"status": "granted", "purpose": "contact", "basis": "opt_in", "evidence": {}},
    )
    await asyncio.gather(
        *(
            shop.surely(track(user, "cap_tried", f"{user}-{n}", quantity=1, amount_usd=20))
            for n in range(50)
        )
    )

    async def sent() -> bool:
        return bool(await shop.timeline(user, kind="message"))

    await eventually(sent, "one message goes out")
    await at_rest(shop)
    assert len(await shop.timeline(user, kind="message")) == 1
    [made] = [
        await shop.call("GET", f"/v1/decisions/{item['refs']['decision']}")
        for item in await shop.timeline(user, kind="decision")
        if item["name"] == "message"
    ]
    outcomes = [verdict["outcome"] for c in made["candidates"] for verdict in c["verdicts"]]
    assert {candidate["template"] for candidate in made["candidates"]} == {"cap-a", "cap-b"}
    assert set(outcomes) & {"lost", "held"}
    assert await check(shop) == []


_FOOT = "<p>FitShop, Musterstraße 1, 10115 Berlin</p><a href='{{ unsubscribe_url }}'>out</a>"
_CONTENT = {
    "de": {"subject": "Hallo", "html": f"<p>Hallo</p>{_FOOT}"},
    "en": {"subject": "Hello", "html": f"<p>Hello</p>{_FOOT}"},
}


def _journey(template: str, event: str) -> dict[str, Any]:
    return {
        "kind": "journey",
        "key": f"j-{template}",
        "entry": {"event": event},
        "steps": [{"type": "message", "key": "m", "template": template}],
    }


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{not json", None, 400),
        (b'{"batch": []}', {"authorization": "Basic bm9ib2R5Og=="}, 401),
        (b'{"batch": [' + b" " * 600_000 + b"]}", None, 413),
        (b'{"batch": "text"}', None, 422),
        (b'{"batch": [{"type": "track", "userId": 5, "event": "x"}]}', None, 422),
        (b'{"batch": [{"type": "track", "event": "nobody"}]}', None, 422),
    ],
)
async def test_bad_input_gets_a_precise_problem_and_changes_nothing(
    shop: Running, body: bytes, headers: dict[str, str] | None, status: int
) -> None:
    """400, 401, 413, 422 as problem+json; nothing stored."""
    before = await shop.sql("SELECT count(*) AS n FROM ingest.events")
    headers = {"content-type": "application/json", **(headers or shop.write_headers)}
    answer = await shop.raw("POST", "/v1/batch", data=body, headers=headers)
    assert answer.status == status, await answer.text()
    assert answer.content_type == "application/problem+json"
    problem = await answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert await shop.sql("SELECT count(*) AS n FROM ingest.events") == before
