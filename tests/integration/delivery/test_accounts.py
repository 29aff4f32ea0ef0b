"""Provider accounts of a workspace: shares, failover, pause, rates, secrets, hanging providers."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from contracts.gen.kairos.delivery.v1.service_pb2 import (
    DropSecretRequest,
    KeepSecretRequest,
    SecretsReply,
    SecretsRequest,
)
from contracts.topology import DROP_SECRET, KEEP_SECRET, SECRETS
from kit.clock import SystemClock
from kit.errors import Conflict, Invalid, NotFound
from services.delivery.domain.rates import Rate
from services.delivery.store.messages import Store
from tests.integration.conftest import Databases
from tests.integration.delivery.conftest import WORKSPACE, Office, eventually

CLOCK = SystemClock()
KEY = "a2Fpcm9zLWthaXJvcy1rYWlyb3MtdGVzdC1rZXktISE="
SMS: dict[str, Any] = {
    "channel": "sms",
    "endpoint": "+4915112345678",
    "template": "short",
}
SHORT = {"key": "short", "channel": "sms", "topic": "t", "content": {"de": {"text": "Hallo!"}}}


def http(key: str, office: Office, **changed: Any) -> dict[str, Any]:
    url = f"http://127.0.0.1:{office.sandbox_port}"
    return {"key": key, "type": "http", "settings": {"url": url}} | changed


async def providers(office: Office) -> Counter[str]:
    rows = await office.admin.fetch("SELECT provider FROM delivery.attempts")
    return Counter(row["provider"] for row in rows)


async def test_messages_are_shared_by_weight(office: Office) -> None:
    office.decision.providers = [http("a", office, weight=75), http("b", office, weight=25)]
    async with office.delivery("smtp"):
        sent = await office.decision.order(200)
        assert set((await office.settled(sent)).values()) == {"accepted"}
    found = await providers(office)
    assert set(found) == {"a", "b"}
    assert 110 <= found["a"] <= 185


async def test_failing_account_hands_over(office: Office) -> None:
    """Nobody listens at the first one: each message goes out through the other, at once."""
    gone = http("first", office, settings={"url": "http://127.0.0.1:9"})
    office.decision.providers = [gone, http("second", office, order=1)]
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order()
        assert await office.settled([message_id]) == {message_id: "accepted"}
        told = await office.message(message_id)
    assert [each.provider for each in told.attempts] == ["first", "second"]


async def test_paused_account_takes_nothing_until_it_is_lifted(office: Office) -> None:
    """The catalog is asked again every two seconds."""
    office.decision.providers = [http("only", office, paused=True)]
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order()
        await asyncio.sleep(0.5)
        assert (await office.states())[message_id] == "planned"
        office.decision.providers = [http("only", office)]
        await asyncio.sleep(2.1)
        office.clock.shift_to(timedelta(seconds=20))
        assert await office.settled([message_id], 30) == {message_id: "accepted"}


async def test_hanging_account_does_not_hold_up_the_other(office: Office) -> None:
    """More messages than the hanging one has slots, then one for somebody else, on one lane."""

    async def hang(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/{path:.*}", hang)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    office.decision.templates["short"] = SHORT
    office.decision.providers = [
        {"key": "slow", "type": "http", "settings": {"url": url}},
        {
            "key": "text",
            "type": "twilio",
            "settings": {
                "url": f"http://127.0.0.1:{office.sandbox_port}",
                "account_sid": "AC1",
                "sender": "+4930901820",
                "auth_token": "t",
            },
        },
    ]
    async with office.delivery("smtp", KAIROS_DELIVERY_CALL_TIMEOUT_S="2"):
        await office.decision.order(100)

        async def hanging() -> bool:
            return Counter((await office.states()).values())["calling"] >= 32

        await eventually(hanging, "all slots of the hanging account are taken")
        sent = await office.decision.order(20, **SMS)
        assert set((await office.settled(sent, 2.0)).values()) == {"accepted"}
    await runner.cleanup()


async def test_lost_answer_is_asked_again_at_the_same_account(office: Office) -> None:
    """The key means something there only; the other account would send a second mail."""
    await office.sandbox.fault("http", accept_then_close_rate=1)
    office.decision.providers = [http("a", office), http("b", office)]
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order()

        async def lost() -> bool:
            return (await providers(office)).total() >= 1

        await eventually(lost, "the answer was lost")
        await office.sandbox.fault("http")
        assert await office.settled([message_id], 30) == {message_id: "accepted"}
        told = await office.message(message_id)
    assert len({each.provider for each in told.attempts}) == 1
    assert sum(entry["accepted"] for entry in await office.sandbox.ledger()) == 1


async def test_channel_nobody_serves_is_rejected(office: Office) -> None:
    async with office.delivery("smtp"):
        [message_id] = await office.decision.order(channel="post", endpoint="somewhere")
        assert await office.settled([message_id]) == {message_id: "rejected"}
        told = await office.message(message_id)
    assert told.attempts[0].fault == "channel"


async def test_secret_of_an_account_is_kept_sealed_and_used(office: Office) -> None:
    """The table holds no plain text; an account without its secret waits for it."""
    document = http("main", office, secrets={"token": "mail-token"})
    office.decision.providers = [document]
    async with office.delivery("smtp", KAIROS_SECRETS_KEY=KEY):
        await eventually(lambda: _answers(office), "delivery answers")
        [message_id] = await office.decision.order()
        await asyncio.sleep(0.3)
        assert (await office.states())[message_id] == "planned"
        body = KeepSecretRequest(ref="mail-token", value="s3cret-value").SerializeToString()
        await office.caller.call(KEEP_SECRET, WORKSPACE, body)
        [row] = await office.admin.fetch("SELECT sealed::text, key_id FROM delivery.secrets")
        assert b"s3cret".hex() not in row["sealed"]
        await asyncio.sleep(2.1)
        office.clock.shift_to(timedelta(seconds=20))
        assert await office.settled([message_id], 30) == {message_id: "accepted"}
        reply = await office.caller.call(SECRETS, WORKSPACE, SecretsRequest().SerializeToString())
        assert [each.ref for each in SecretsReply.FromString(reply).secrets] == ["mail-token"]
        other = await office.caller.call(SECRETS, "other", SecretsRequest().SerializeToString())
        assert not SecretsReply.FromString(other).secrets
        drop = DropSecretRequest(ref="mail-token").SerializeToString()
        with pytest.raises(NotFound):
            await office.caller.call(DROP_SECRET, "other", drop)
        await office.caller.call(DROP_SECRET, WORKSPACE, drop)
        wrong = KeepSecretRequest(ref="Not A Key", value="x").SerializeToString()
        with pytest.raises(Invalid):
            await office.caller.call(KEEP_SECRET, WORKSPACE, wrong)


async def test_without_a_key_no_secret_is_kept(office: Office) -> None:
    async with office.delivery("smtp"):
        await eventually(lambda: _answers(office), "delivery answers")
        body = KeepSecretRequest(ref="x", value="y").SerializeToString()
        with pytest.raises(Conflict):
            await office.caller.call(KEEP_SECRET, WORKSPACE, body)


async def _answers(office: Office) -> bool:
    from kit.errors import Unavailable

    try:
        await office.caller.call(SECRETS, WORKSPACE, SecretsRequest().SerializeToString())
    except Unavailable:
        return False
    return True


async def test_limit_is_that_of_all_processes(databases: Databases) -> None:
    """gumroad PR 7524: a limiter in each worker multiplies. Four ask; ten seconds hold 505."""
    dbs = [await databases.open("delivery") for _ in range(4)]
    store, rate, taken = Store(), Rate.of(50, bulk=False), 0
    now = CLOCK.now()

    async def ask(at: Any, db: Any) -> int:
        async with db.autocommit() as tx:
            count, _ = await store.take(tx, WORKSPACE, "main", rate, 8, at)
            return count

    for step in range(200):
        at = now + timedelta(milliseconds=50 * step)
        taken += sum(await asyncio.gather(*(ask(at, db) for db in dbs)))
    for db in dbs:
        await db.close()
    assert 490 <= taken <= 505
