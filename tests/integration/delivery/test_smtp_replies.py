"""What a mail server says at each step of the conversation, and what is made of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from kit.clock import SystemClock
from services.delivery.adapters.smtp import Server as MailServer
from services.delivery.adapters.smtp import SmtpMail
from services.delivery.domain.attempts import Result
from services.delivery.ports import Permit
from tests.integration.delivery.test_providers import mail

CLOCK = SystemClock()
GOOD = {
    "GREETING": "220 mail.example ESMTP",
    "EHLO": "250-mail.example\r\n250 8BITMIME",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go ahead",
    "CONTENT": "250 2.0.0 Ok: queued as 4XyZ12",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}
HANG_UP = ""


class Server:
    """A mail server that says what it is told; an empty reply hangs up."""

    def __init__(self, replies: Mapping[str, str]) -> None:
        self._replies = {**GOOD, **replies}
        self.heard: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._say(writer, "GREETING"):
                while line := await reader.readline():
                    word = line.decode().split()[0].upper()
                    self.heard.append(word)
                    if not await self._say(writer, word):
                        break
                    if word == "DATA" and self._replies["DATA"].startswith("354"):
                        await reader.readuntil(b"\r\n.\r\n")
                        if not await self._say(writer, "CONTENT"):
                            break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.heard.append("(gone)")
        finally:
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, word: str) -> bool:
        reply = self._replies.get(word, "502 5.5.1 Not here")
        writer.write(f"{reply}\r\n".encode() if reply else b"")
        await writer.drain()
        return bool(reply)


@asynccontextmanager
async def serving(
    replies: Mapping[str, str], login: str = ""
) -> AsyncIterator[tuple[SmtpMail, Server]]:
    server = Server(replies)
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    where = MailServer.parse(f"smtp://{login}127.0.0.1:{port}")
    provider = SmtpMail(where, CLOCK, hello="k.example", timeout_s=2)
    try:
        yield provider, server
    finally:
        await provider.close()
        listening.close()
        await asyncio.sleep(0.02)  # the server's side of the connection closes too


async def send(provider: SmtpMail) -> Result:
    return await provider.send(mail(), Permit(CLOCK.monotonic() + 1))


@pytest.mark.parametrize(
    ("step", "reply", "fault", "detail"),
    [
        ("GREETING", "554 5.7.1 We do not like you", "configuration", "SMTP 554 5.7.1 at greeting"),
        ("GREETING", "421 4.3.2 Busy", "server_busy", "SMTP 421 4.3.2 at greeting"),
        ("GREETING", HANG_UP, "unreachable", "SMTPConnectError"),
        ("MAIL", "451 4.7.1 Greylisted", "later", "SMTP 451 4.7.1 at sender"),
        ("MAIL", "530 5.7.0 Must issue STARTTLS", "credentials", "SMTP 530 5.7.0 at sender"),
        ("MAIL", HANG_UP, "broken_off", "SMTPServerDisconnected"),
        (
            "RCPT",
            "550 5.1.1 <anna@example.com> unknown",
            "no_such_recipient",
            "SMTP 550 5.1.1 at recipient",
        ),
        ("RCPT", "552 5.2.2 Mailbox full", "mailbox_full", "SMTP 552 5.2.2 at recipient"),
        ("RCPT", "450 Busy", "mailbox_busy", "SMTP 450 at recipient"),
        ("RCPT", HANG_UP, "broken_off", "SMTPServerDisconnected"),
        ("DATA", "554 5.5.1 No valid recipients", "refused", "SMTP 554 5.5.1 at content"),
        ("CONTENT", "554 5.6.0 Looks like spam", "refused", "SMTP 554 5.6.0 at content"),
        ("CONTENT", "452 4.3.1 Disk full", "server_busy", "SMTP 452 4.3.1 at content"),
        ("CONTENT", HANG_UP, "answer_lost", "SMTPServerDisconnected"),
    ],
)
async def test_reply_at_each_step(step: str, reply: str, fault: str, detail: str) -> None:
    """Told by code only: what stands after it often names the recipient."""
    async with serving({step: reply}) as (provider, _):
        result = await send(provider)
    assert result.fault
    assert (result.fault.name, result.detail) == (fault, detail)


async def test_accepted_mail_is_known_by_the_servers_name_for_it() -> None:
    async with serving({}) as (provider, server):
        results = [await send(provider) for _ in range(3)]
    assert {result.provider_message_id for result in results} == {"4XyZ12"}
    assert server.heard.count("EHLO") == 1
    assert server.heard[-1] == "QUIT"


async def test_half_made_mail_is_dropped_before_the_next() -> None:
    """After a refusal the connection is kept, and starts clean."""
    async with serving({"RCPT": "550 5.1.1 Unknown"}) as (provider, server):
        await send(provider)
        await send(provider)
    assert server.heard == ["EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "RSET", "QUIT"]


async def test_password_is_never_sent_in_the_clear() -> None:
    """The server offers no STARTTLS: our set-up is wrong, and nobody learns the password."""
    async with serving({}, login="shop:secret@") as (provider, server):
        result = await send(provider)
    assert result.fault
    assert result.fault.name == "configuration"
    assert "AUTH" not in server.heard
