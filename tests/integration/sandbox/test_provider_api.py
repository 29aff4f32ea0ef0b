import asyncio
import io
from typing import Any

import aiohttp
import pytest

from tests.integration.sandbox.conftest import Running

EMAIL = {
    "to": "ann@example.test",
    "from": "Shop <shop@example.test>",
    "subject": "Grüße",
    "html": "<p>Grüße</p>",
    "text": "Grüße",
    "headers": {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    "message_id": "<1@kairos>",
}
SMS = {"to": "+491700000000", "from": "Shop", "text": "Hello", "message_id": "m1"}
PUSH = {"to": "token", "title": "Hello", "body": "Ann", "data": {"link": "app://x"}}


async def post(
    sandbox: Running, path: str, body: Any, key: str | None = None
) -> tuple[int, dict[str, Any], str | None]:
    """Posts and answers status, body and whether it was a replay."""
    headers = {"Idempotency-Key": key} if key else {}
    async with sandbox.http.post(path, json=body, headers=headers) as response:
        replayed = response.headers.get("Idempotent-Replayed")
        return response.status, await response.json(), replayed


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (
            "/v1/email",
            EMAIL,
            {
                "channel": "email",
                "provider": "http",
                "recipient": "ann@example.test",
                "sender": "Shop <shop@example.test>",
                "subject": "Grüße",
                "body": "Grüße",
                "html": "<p>Grüße</p>",
                "headers": EMAIL["headers"],
                "message_id": "<1@kairos>",
            },
        ),
        (
            "/v1/sms",
            SMS,
            {"channel": "sms", "provider": "sms", "recipient": "+491700000000", "body": "Hello"},
        ),
        (
            "/v1/push",
            PUSH,
            {
                "channel": "push",
                "provider": "push",
                "recipient": "token",
                "subject": "Hello",
                "body": "Ann",
                "data": {"link": "app://x"},
                "message_id": None,
            },
        ),
    ],
    ids=["e-mail", "SMS", "push"],
)
async def test_message_is_in_the_ledger(
    sandbox: Running, path: str, body: dict[str, Any], expected: dict[str, Any]
) -> None:
    status, said, _ = await post(sandbox, path, body, "key-1")

    [item] = await sandbox.ledger()
    assert (status, said) == (202, {"id": f"{expected['channel']}-1"})
    assert expected.items() <= item.items()
    assert (item["accepted"], item["idempotency_key"]) == (True, "key-1")


async def test_same_key_gets_the_first_answer_and_is_no_second_acceptance(sandbox: Running) -> None:
    first = await post(sandbox, "/v1/email", EMAIL, "key-1")
    await post(sandbox, "/v1/email", EMAIL, "key-2")
    again = await post(sandbox, "/v1/email", EMAIL, "key-1")

    items = await sandbox.ledger()
    assert again == (202, first[1], "true")
    assert first[2] is None
    assert [(item["accepted"], item["repeat_of"]) for item in items] == [
        (True, None),
        (True, None),
        (False, 1),
    ]


async def test_same_key_at_the_same_moment_is_accepted_once(sandbox: Running) -> None:
    await sandbox.fault("http", delay_ms=50)

    answers = await asyncio.gather(*(post(sandbox, "/v1/email", EMAIL, "key-1") for _ in range(20)))

    assert {answer[1]["id"] for answer in answers} == {"email-1"}
    assert len(await sandbox.ledger(accepted="true")) == 1
    assert len(await sandbox.ledger()) == 20


async def test_refused_call_leaves_its_key_free(sandbox: Running) -> None:
    await sandbox.fault("http", error_rate=1, status=429, retry_after_s=7)
    async with sandbox.http.post(
        "/v1/email", json=EMAIL, headers={"Idempotency-Key": "key-1"}
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert response.content_type == "application/problem+json"
    async with sandbox.http.delete("/faults") as response:
        assert response.status == 204

    status, _, replayed = await post(sandbox, "/v1/email", EMAIL, "key-1")

    assert (status, replayed) == (202, None)
    accepted = [item["accepted"] for item in await sandbox.ledger()]
    assert accepted == [False, True]


async def test_accept_then_close_can_be_asked_again_under_its_key(sandbox: Running) -> None:
    """The case idempotency keys are for: accepted, and nobody heard of it."""
    await sandbox.fault("http", accept_then_close_rate=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(sandbox, "/v1/email", EMAIL, "key-1")
    await sandbox.fault("http")

    status, said, replayed = await post(sandbox, "/v1/email", EMAIL, "key-1")

    assert (status, said, replayed) == (202, {"id": "email-1"}, "true")
    assert [item["accepted"] for item in await sandbox.ledger()] == [True, False]


async def test_client_that_gives_up_waiting_has_sent_the_message(sandbox: Running) -> None:
    await sandbox.fault("http", delay_ms=200)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await post(sandbox, "/v1/email", EMAIL)
    await asyncio.sleep(0.4)

    assert len(await sandbox.ledger(accepted="true")) == 1


async def test_sink_takes_anything_once_per_webhook_id(sandbox: Running) -> None:
    for body in (b"\xff\x00", b"again"):
        headers = {"webhook-id": "msg_1", "X-Custom": "1"}
        async with sandbox.http.post("/sink/orders/new", data=body, headers=headers) as response:
            assert response.status == 202

    first, second = await sandbox.ledger(channel="webhook")
    assert (first["recipient"], first["message_id"]) == ("orders/new", "msg_1")
    assert first["headers"]["X-Custom"] == "1"
    assert (second["accepted"], second["repeat_of"]) == (False, 1)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/email", EMAIL | {"to": "ann"}, "/to"),
        ("/v1/email", EMAIL | {"to": 1}, "/to"),
        ("/v1/email", EMAIL | {"headers": {"a": 1}}, "/headers"),
        ("/v1/email", {"to": "a@b.test", "from": "c@d.test"}, "/subject"),
        ("/v1/sms", {"to": "", "text": "x"}, "/to"),
        ("/v1/push", {"to": "token"}, "/title"),
        ("/v1/push", [], ""),
    ],
)
async def test_bad_message_is_refused_by_field(
    sandbox: Running, path: str, body: Any, field: str
) -> None:
    async with sandbox.http.post(path, json=body) as response:
        said = await response.json()

    assert (response.status, response.content_type) == (422, "application/problem+json")
    assert said["errors"][0]["pointer"] == field
    assert await sandbox.ledger() == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"to": "\xff"}'])
async def test_body_that_is_not_json_is_refused(sandbox: Running, body: bytes) -> None:
    async with sandbox.http.post("/v1/email", data=body) as response:
        assert (response.status, response.content_type) == (400, "application/problem+json")


async def test_body_over_the_limit_is_refused(sandbox: Running) -> None:
    async with sandbox.http.post(
        "/v1/email", data=io.BytesIO(b" " * (10 * 1024 * 1024 + 1))
    ) as response:
        assert response.status == 413
