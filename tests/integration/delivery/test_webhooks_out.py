"""Outgoing webhooks: signed as the reference library has it, and never to addresses inside."""

import asyncio
import base64
import socket
from typing import Any

import pytest
from aiohttp import TCPConnector, web
from aiohttp.abc import AbstractResolver, ResolveResult
from standardwebhooks.webhooks import Webhook as Reference

from kit.clock import SystemClock
from kit.ids import new_id
from services.delivery.adapters.guarded import Forbidden, GuardedResolver
from services.delivery.adapters.webhook import Webhook
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.mail import Content
from services.delivery.domain.outgoing import Hook
from services.delivery.ports import Permit
from tests.unit.delivery.test_addresses import REFUSED

CLOCK = SystemClock()
OLD, NEW = b"o" * 24, b"n" * 24


class Stub(AbstractResolver):
    """A DNS of its own: answers in turn, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for each in found
        ]

    async def close(self) -> None:
        """Holds nothing."""


def hook(url: str) -> Hook:
    return Hook(str(new_id(CLOCK)), url, Content("", "", '{"a": "ä"}'), CLOCK.now())


async def send(provider: Webhook, message: Hook) -> Result:
    try:
        return await provider.send(message, Permit(CLOCK.monotonic() + 5))
    finally:
        await provider.close()


class Receiver:
    """Somebody's endpoint."""

    def __init__(self, status: int = 200, **headers: str) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status, self.headers = status, headers

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers=self.headers)


async def serving(receiver: Receiver) -> tuple[web.AppRunner, int]:
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


@pytest.mark.parametrize("key", [OLD, NEW])
async def test_reference_library_verifies_with_either_key(key: bytes) -> None:
    """Both keys of a rotation sign; a receiver with one of them is content."""
    receiver = Receiver()
    runner, port = await serving(receiver)
    message = hook(f"http://127.0.0.1:{port}/in")
    result = await send(Webhook([OLD, NEW], CLOCK, timeout_s=5, anywhere=True), message)
    await runner.cleanup()
    assert result.fault is None
    [(headers, body)] = receiver.calls
    lowered = {name.lower(): value for name, value in headers.items()}
    assert Reference(base64.b64encode(key).decode()).verify(body, lowered) == {"a": "ä"}
    assert lowered["webhook-id"] == message.key


async def test_redirect_is_not_followed() -> None:
    receiver = Receiver(302, Location="/elsewhere")
    runner, port = await serving(receiver)
    result = await send(
        Webhook([OLD], CLOCK, timeout_s=5, anywhere=True), hook(f"http://127.0.0.1:{port}/in")
    )
    await runner.cleanup()
    assert len(receiver.calls) == 1
    assert result.fault
    assert result.fault.verdict is Verdict.REJECT


@pytest.mark.parametrize("host", [h for h in REFUSED.split() if "%" not in h])
async def test_address_inside_is_never_connected_to(host: str) -> None:
    """As written in the URL, and as the answer of a name server."""
    written = f"[{host}]" if ":" in host and not host.startswith("[") else host
    stub = Stub([host.strip("[]")])
    direct = await send(
        Webhook([OLD], CLOCK, timeout_s=2, resolver=stub), hook(f"https://{written}/in")
    )
    assert (direct.fault and direct.fault.name) == "endpoint"
    assert stub.asked == 0
    named = await send(
        Webhook([OLD], CLOCK, timeout_s=2, resolver=Stub([host.strip("[]")])),
        hook("https://hooks.example/in"),
    )
    assert (named.fault and named.fault.name) == "endpoint"


async def test_one_bad_address_among_good_ones_refuses_all() -> None:
    mixed = Stub(["93.184.216.34", "127.0.0.1"])
    provider = Webhook([OLD], CLOCK, timeout_s=2, resolver=mixed)
    result = await send(provider, hook("https://hooks.example/in"))
    assert (result.fault and result.fault.name) == "endpoint"


async def test_rebinding_name_is_never_connected_to_inside() -> None:
    """Public when asked first, private afterwards: each connection goes where it was judged."""
    arrived = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    guard = GuardedResolver(Stub(["93.184.216.34"], ["127.0.0.1"]))
    judged = await guard.resolve("rebind.example", port)
    assert [each["host"] for each in judged] == ["93.184.216.34"]
    for _ in range(3):
        with pytest.raises(Forbidden):
            await guard.resolve("rebind.example", port)
    provider = Webhook([OLD], CLOCK, timeout_s=1, resolver=Stub(["127.0.0.1"]))
    connector = provider._calls.session.connector
    assert isinstance(connector, TCPConnector)
    assert not connector.use_dns_cache
    result = await send(provider, hook("https://rebind.example/in"))
    server.close()
    assert (result.fault and result.fault.name) == "endpoint"
    assert arrived == 0


@pytest.mark.parametrize(
    "url", ["http://hooks.example/in", "https://hooks.example:22/in", "https://hooks.example:80/"]
)
async def test_other_schemes_and_ports_are_refused(url: str) -> None:
    provider = Webhook([OLD], CLOCK, timeout_s=2, resolver=Stub(["93.184.216.34"]))
    result = await send(provider, hook(url))
    assert (result.fault and result.fault.name) == "endpoint"
