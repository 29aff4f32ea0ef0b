import asyncio
import hmac
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kit.settings import SettingError
from sandbox import receipts
from sandbox.main import running
from sandbox.settings import Settings
from tests.integration.sandbox.conftest import Running, letter

SECRET = "test-secret"


@dataclass
class Gateway:
    """Takes receipts as Kairos does: checks the signature over the raw body, answers as told."""

    answers: list[int] = field(default_factory=list)
    always: int = 200
    port: int = 0
    ids: list[str] = field(default_factory=list)
    tried: list[list[dict[str, Any]]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """POST /v1/webhooks/sandbox."""
        raw, headers = await request.read(), request.headers
        said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
        expected = b64encode(hmac.digest(SECRET.encode(), said, sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        self.ids.append(headers["webhook-id"])
        events = json.loads(raw)["events"]
        self.tried.append(events)
        status = self.answers.pop(0) if self.answers else self.always
        if status == 200:
            self.taken += events
        return web.Response(status=status)

    @property
    def taken_ids(self) -> list[str]:
        """Message ids of the delivered mails, in order of taking."""
        return [event["message_id"] for event in self.taken if event["type"] == "delivered"]


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    receiver = Gateway()
    app = web.Application()
    app.add_routes([web.post("/v1/webhooks/sandbox", receiver.take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()


@pytest.fixture
def settings(tmp_path: Path, gateway: Gateway) -> Settings:
    return Settings(
        port=0,
        smtp_port=0,
        data=tmp_path,
        public_url=f"http://127.0.0.1:{gateway.port}/",
        webhook_secret=SECRET,
    )


async def until(happened: Callable[[], bool]) -> None:
    """Waits up to 10 s."""
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0.01)


async def busy(sandbox: Running) -> bool:
    """Whether the sandbox still has receipts to send."""
    async with sandbox.http.get("/clock") as response:
        answered: dict[str, bool] = await response.json()
        return answered["busy"]


async def email(sandbox: Running, message_id: str) -> None:
    """Posts one e-mail over the HTTP stand-in."""
    body = {"to": "a@b.test", "from": "c@d.test", "subject": "x", "message_id": message_id}
    async with sandbox.http.post("/v1/email", json=body) as response:
        assert response.status == 202


async def test_accepted_mail_is_reported_delivered(sandbox: Running, gateway: Gateway) -> None:
    await sandbox.mail(letter("<1@kairos>"))
    await email(sandbox, "<2@kairos>")
    assert await busy(sandbox)

    await until(lambda: len(gateway.taken) == 2)

    first = gateway.taken[0]
    [item, _] = await sandbox.ledger()
    delivered, accepted = (datetime.fromisoformat(each["at"]) for each in (first, item))
    assert timedelta() < delivered - accepted < timedelta(seconds=1)
    assert first["message_id"] == "<1@kairos>"
    assert first["recipient"] == "ann@example.test"
    assert (gateway.taken_ids, await busy(sandbox)) == (["<1@kairos>", "<2@kairos>"], False)


async def test_refused_mails_and_other_channels_are_not_reported(
    sandbox: Running, gateway: Gateway
) -> None:
    await sandbox.fault("http", error_rate=1)
    body = {"to": "a@b.test", "from": "c@d.test", "subject": "x", "message_id": "<1@k>"}
    async with sandbox.http.post("/v1/email", json=body) as response:
        assert response.status == 503
    async with sandbox.http.post("/v1/sms", json={"to": "1", "text": "x", "message_id": "m"}):
        pass
    await sandbox.mail(letter("<2@k>"))

    await until(lambda: bool(gateway.taken))

    assert gateway.taken_ids == ["<2@k>"]


async def test_reactions_are_reported_after_the_delivery(
    sandbox: Running, gateway: Gateway
) -> None:
    async with sandbox.http.put("/reactions", json={"click_rate": 1}) as response:
        assert response.status == 200
    await sandbox.mail(letter())

    await until(lambda: len(gateway.taken) == 3)

    assert [event["type"] for event in gateway.taken] == ["delivered", "opened", "clicked"]


async def test_receipts_travel_in_batches(sandbox: Running, gateway: Gateway) -> None:
    await asyncio.gather(*(email(sandbox, f"<{n}@k>") for n in range(250)))

    await until(lambda: len(gateway.taken) == 250)

    assert len(gateway.tried) < 125
    assert max(map(len, gateway.tried)) <= receipts.BATCH_EVENTS_MAX
    assert sorted(gateway.taken_ids) == sorted(f"<{n}@k>" for n in range(250))


async def test_lone_receipt_does_not_wait_for_company(
    sandbox: Running, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The development clock waits for the sandbox: 200 ms at each step would be minutes."""
    monkeypatch.setattr(receipts, "BATCH_WAIT_S", 30.0)
    began = asyncio.get_running_loop().time()
    await sandbox.mail(letter())

    await until(lambda: bool(gateway.taken))

    assert asyncio.get_running_loop().time() - began < 5


async def test_receipts_not_taken_are_tried_again_in_order(
    sandbox: Running, gateway: Gateway
) -> None:
    gateway.answers = [503, 429]
    await email(sandbox, "<1@k>")
    await until(lambda: len(gateway.tried) > 0)
    await email(sandbox, "<2@k>")
    assert await busy(sandbox)

    await until(lambda: len(gateway.taken) == 2)

    assert gateway.taken_ids == ["<1@k>", "<2@k>"]
    assert gateway.tried[0] == gateway.tried[1] == gateway.tried[2]
    assert len(set(gateway.ids[:3])) == 1


async def test_receipts_refused_again_and_again_are_given_up(
    sandbox: Running, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong secret must not stand in the way of time for ever; `/healthz` tells of it."""
    monkeypatch.setattr(receipts, "BACKOFF_S_MAX", 0.01)
    gateway.always = 401
    await email(sandbox, "<1@k>")
    async with asyncio.timeout(10):
        while await busy(sandbox):
            await asyncio.sleep(0.01)

    async with sandbox.http.get("/healthz") as response:
        assert (await response.json())["receipts"] == {"waiting": 0, "refused": 1}
    assert len(gateway.tried) == receipts.REFUSALS_MAX


async def test_restarted_sandbox_reports_what_was_not_taken(
    settings: Settings, gateway: Gateway
) -> None:
    gateway.always = 503
    for status, message_id in ((503, "<1@k>"), (200, "<2@k>"), (200, "<3@k>")):
        async with (
            running(settings) as up,
            aiohttp.ClientSession(f"http://127.0.0.1:{up.http_port}") as session,
        ):
            sandbox = Running(session, up.smtp_port)
            gateway.always = status
            await email(sandbox, message_id)
            seen = len(gateway.tried)
            await until(lambda: len(gateway.tried) > seen)  # noqa: B023 - awaited in its turn
            while status == 200 and await busy(sandbox):
                await asyncio.sleep(0.01)

    assert gateway.taken_ids == ["<1@k>", "<2@k>", "<3@k>"]


async def test_reset_ledger_drops_what_was_on_its_way(sandbox: Running, gateway: Gateway) -> None:
    gateway.always = 503
    await email(sandbox, "<1@k>")
    await until(lambda: len(gateway.tried) > 0)
    async with sandbox.http.delete("/ledger"):
        pass
    assert not await busy(sandbox)
    gateway.always = 200
    await email(sandbox, "<2@k>")

    await until(lambda: bool(gateway.taken))

    assert gateway.taken_ids == ["<2@k>"]


async def test_receipts_without_a_secret_are_refused_at_the_start(settings: Settings) -> None:
    with pytest.raises(SettingError, match="KAIROS_WEBHOOK_SECRET"):
        async with running(replace(settings, webhook_secret="")):
            pass


async def test_receipts_switched_off_keep_nothing_waiting(
    settings: Settings, gateway: Gateway
) -> None:
    async with (
        running(replace(settings, receipts=False)) as up,
        aiohttp.ClientSession(f"http://127.0.0.1:{up.http_port}") as session,
    ):
        sandbox = Running(session, up.smtp_port)
        await email(sandbox, "<1@k>")
        assert not await busy(sandbox)
    assert gateway.tried == []
