"""The conformance suite: what every provider promises, on its sandbox twin."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from kit.clock import SystemClock
from kit.embedded.ports import free_port
from kit.ids import new_id
from sandbox.main import running
from sandbox.settings import Settings
from services.delivery.adapters.calls import retry_after_s
from services.delivery.adapters.http_mail import HttpMail
from services.delivery.adapters.smtp import Server, SmtpMail
from services.delivery.adapters.twilio import Twilio
from services.delivery.adapters.webhook import Webhook
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.mail import Content, Mail, message_id_header
from services.delivery.domain.outgoing import Hook, Note, Outgoing, Sms
from services.delivery.ports import Permit, PermitExpired, Provider
from tests.integration.sandbox.conftest import Running as Sandbox

CLOCK = SystemClock()


@dataclass
class Bench:
    """A provider and its twin."""

    provider: Provider[Any]
    sandbox: Sandbox
    ports: dict[str, int]

    @property
    def twin(self) -> str:
        """The sandbox's name for it."""
        return "sink" if self.provider.name == "webhook" else self.provider.name

    def message(self, **changed: Any) -> Outgoing:
        return message(self.provider.name, self.ports, **changed)

    async def send(self, *, permit_s: float = 1.0, **changed: Any) -> Result:
        permit = Permit(CLOCK.monotonic() + permit_s)
        return await self.provider.send(self.message(**changed), permit)

    async def fault(self, **fault: Any) -> None:
        await self.sandbox.fault(self.twin, **fault)


def mail(**changed: Any) -> Mail:
    key = new_id(CLOCK)
    given: dict[str, Any] = {
        "key": str(key),
        "sender": "Shop <shop@example.com>",
        "return_path": "bounces@example.com",
        "to": "anna@example.com",
        "content": Content("Grüße ✨", "<p>.\r\n.\n..Grüße</p>", ".\n..Grüße\n."),
        "message_id": message_id_header(key, "example.com"),
        "headers": {"List-Unsubscribe": "<https://kairos.example/u/v1.a.b>"},
        "at": CLOCK.now(),
    }
    return Mail(**given | changed)


def message(name: str, ports: dict[str, int], **changed: Any) -> Outgoing:
    """A message of the provider's channel."""
    about: dict[str, Any] = {"key": str(new_id(CLOCK)), "at": CLOCK.now(), **changed}
    if name == "twilio":
        about |= {"to": "+4915112345678", "content": Content("", "", "Grüße ✨"), "callback": ""}
        return Sms(**about)
    if name == "webhook":
        about |= {"to": f"http://127.0.0.1:{ports['http']}/sink/crm"}
        return Hook(**about, content=Content("", "", '{"a": 1}'))
    return mail(**changed)


def made(name: str, ports: dict[str, int], *, timeout_s: float = 5.0) -> Provider[Any]:
    if name == "smtp":
        server = Server.parse(f"smtp://127.0.0.1:{ports['smtp']}")
        return SmtpMail(server, CLOCK, hello="kairos.example", timeout_s=timeout_s)
    url = f"http://127.0.0.1:{ports['http']}"
    if name == "twilio":
        return Twilio(url, "AC1", "token", "+4930901820", CLOCK, timeout_s=timeout_s)
    if name == "webhook":
        return Webhook([b"k" * 24], CLOCK, timeout_s=timeout_s, anywhere=True)
    return HttpMail(url, CLOCK, timeout_s=timeout_s)


@pytest_asyncio.fixture(params=["smtp", "http", "twilio", "webhook"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    settings = Settings(port=0, smtp_port=0, data=tmp_path, receipts=False)
    async with (
        running(settings) as up,
        aiohttp.ClientSession(f"http://127.0.0.1:{up.http_port}") as http,
    ):
        ports = {"smtp": up.smtp_port, "http": up.http_port}
        provider = made(request.param, ports)
        yield Bench(provider, Sandbox(http, up.smtp_port), ports)
        await provider.close()


async def test_mail_arrives_as_it_was_written(bench: Bench) -> None:
    """Subject, both parts, headers, the same Message-ID; leading dots survive."""
    if bench.provider.name not in ("smtp", "http"):
        await _arrives(bench)
        return
    sent = mail()
    result = await bench.provider.send(sent, Permit(CLOCK.monotonic() + 1))
    assert result.fault is None
    assert result.provider_message_id
    [entry] = await bench.sandbox.ledger()
    assert entry["subject"] == "Grüße ✨"
    assert entry["recipient"] == "anna@example.com"
    assert entry["message_id"] == sent.message_id
    assert entry["headers"]["List-Unsubscribe"] == sent.headers["List-Unsubscribe"]
    lines = "\n".join(entry["html"].split("\r\n")).strip()
    assert lines == "<p>.\n.\n..Grüße</p>"
    assert "\n".join(entry["body"].split("\r\n")).strip("\n") == ".\n..Grüße\n."


async def _arrives(bench: Bench) -> None:
    sent = bench.message()
    assert not isinstance(sent, Note), "what is kept here calls nobody"
    result = await bench.provider.send(sent, Permit(CLOCK.monotonic() + 1))
    assert result.fault is None
    [entry] = await bench.sandbox.ledger()
    assert entry["recipient"] in (sent.to, "crm")
    assert entry["body"] == sent.content.text


async def test_many_at_once_arrive_once_each(bench: Bench) -> None:
    results = await asyncio.gather(*(bench.send() for _ in range(100)))
    assert [result.fault for result in results] == [None] * 100
    assert len([entry for entry in await bench.sandbox.ledger() if entry["accepted"]]) == 100


async def test_expired_permit_writes_nothing(bench: Bench) -> None:
    with pytest.raises(PermitExpired):
        await bench.send(permit_s=0)
    assert await bench.sandbox.ledger() == []
    assert (await bench.send()).fault is None


async def test_refusal_is_definite_and_the_next_mail_goes_out(bench: Bench) -> None:
    """A temporary and a final refusal, told by code and without the recipient."""
    await bench.fault(error_rate=1)
    later = await bench.send()
    await bench.fault(error_rate=1, status=429 if bench.provider.name != "smtp" else 451)
    slower = await bench.send()
    status = 554 if bench.provider.name == "smtp" else 422
    await bench.fault(error_rate=1, status=status)
    never = await bench.send()
    await bench.fault()
    assert later.fault
    assert slower.fault
    assert slower.fault.verdict is Verdict.RETRY
    assert never.fault
    assert (later.fault.verdict, never.fault.verdict) == (Verdict.RETRY, Verdict.REJECT)
    assert "anna" not in later.detail + never.detail
    assert (await bench.send()).fault is None


async def test_accepted_then_closed_is_unknown(bench: Bench) -> None:
    """The provider has it and says nothing."""
    await bench.send()
    await bench.fault(accept_then_close_rate=1)
    lost = await bench.send()
    await bench.fault()
    assert lost.fault
    assert lost.fault.verdict is Verdict.UNKNOWN
    assert (await bench.send()).fault is None


async def test_silence_is_unknown(bench: Bench) -> None:
    """A provider that takes longer than we wait may still accept."""
    impatient = made(bench.provider.name, bench.ports, timeout_s=0.5)
    await bench.fault(delay_ms=1500)
    result = await impatient.send(bench.message(), Permit(CLOCK.monotonic() + 5))
    await impatient.close()
    assert result.fault
    assert result.fault.verdict is Verdict.UNKNOWN


async def test_nobody_there_is_a_retry(bench: Bench) -> None:
    """Nothing was written, so nothing can have been accepted."""
    port = free_port()
    nobody = made(bench.provider.name, {"smtp": port, "http": port})
    sent = message(bench.provider.name, {"http": port})
    result = await nobody.send(sent, Permit(CLOCK.monotonic() + 1))
    await nobody.close()
    assert result.fault
    assert (result.fault.verdict, result.fault.name) == (Verdict.RETRY, "unreachable")


async def test_repeat_under_the_same_key_is_what_the_provider_says_it_is(bench: Bench) -> None:
    """`keyed` is a promise about duplicates: one acceptance, or two."""
    sent = bench.message()
    for _ in range(2):
        result = await bench.provider.send(sent, Permit(CLOCK.monotonic() + 1))
        assert result.fault is None
    accepted = [entry for entry in await bench.sandbox.ledger() if entry["accepted"]]
    # The sink honours `webhook-id`, but an endpoint need not, so only an account may promise it.
    once = bench.provider.keyed or bench.provider.name == "webhook"
    assert len(accepted) == (1 if once else 2)


async def test_kept_connection_that_was_closed_costs_nothing(bench: Bench) -> None:
    """The server closes idle connections; the next mail opens another without failing."""
    if isinstance(bench.provider, SmtpMail):
        await bench.send()
        [line] = bench.provider._idle
        transport = line.client.transport
        assert transport is not None
        transport.close()
    assert (await bench.send()).fault is None


async def test_slow_connection_does_not_use_an_old_permit() -> None:
    """The permit is looked at when the connection stands, right before the write."""
    arrived: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read = await reader.read(100)
        writer.close()
        await writer.wait_closed()
        arrived.set_result(read)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    class SlowResolver(aiohttp.abc.AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: Any = 0
        ) -> list[aiohttp.abc.ResolveResult]:
            await asyncio.sleep(0.3)
            return await aiohttp.ThreadedResolver().resolve("127.0.0.1", port, family)

        async def close(self) -> None:
            """Holds nothing."""

    provider = HttpMail(f"http://slow.example:{port}", CLOCK, timeout_s=3)
    connector = provider.calls.session.connector
    assert isinstance(connector, aiohttp.TCPConnector)
    connector._resolver = SlowResolver()
    with pytest.raises(PermitExpired):
        await provider.send(mail(), Permit(CLOCK.monotonic() + 0.1))
    await provider.close()
    assert await arrived == b""
    server.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "-5"}, 0),
        (
            {
                "Retry-After": "Mon, 02 Mar 2026 09:02:00 GMT",
                "Date": "Mon, 02 Mar 2026 09:00:00 GMT",
            },
            120,
        ),
        ({"Retry-After": "Mon, 02 Mar 2020 09:02:00 GMT"}, 0),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_s(headers, CLOCK.now()) == seconds


def test_server_urls_are_read() -> None:
    assert Server.parse("smtp://a%40b:p%3A@mail.example:2525") == Server(
        "mail.example", 2525, "a@b", "p:", tls=False
    )
    assert Server.parse("smtps://mail.example").port == 465
    for wrong in ("mail.example:25", "http://mail.example", "smtp://"):
        with pytest.raises(ValueError, match="looks like"):
            Server.parse(wrong)
