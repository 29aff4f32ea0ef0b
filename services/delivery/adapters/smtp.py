"""E-mail over SMTP (RFC 5321): one conversation after another on kept connections.

SMTP has no idempotency key. Once the final dot is written, a connection that breaks may have been
an acceptance (RFC 1047), so the outcome is `unknown`; any reply is definite.
"""

import re
from collections import deque
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponse

from kit.clock import Clock
from services.delivery.adapters.dkim import Signer
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Fault, Stage
from services.delivery.domain.mail import Mail, assemble
from services.delivery.ports import Permit, PermitExpired

MAILS_PER_CONNECTION_MAX = 500
"""Servers count them too; a fresh connection spreads over a pool of servers."""
IDLE_S_MAX = 30.0
"""RFC 5321 §4.5.3.2.7 lets a server close after 5 minutes; most do much earlier."""

_ENHANCED = re.compile(r"^\d\.\d{1,3}\.\d{1,3}\b")
_QUEUED = re.compile(r"(?:queued as|accepted as|id=)\s*([\w.<>@-]{1,100})", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """Where mail goes: `smtp://user:password@host:587` or `smtps://…` (TLS from the first byte).

    With `smtp:` STARTTLS is used where the server offers it, and required once a password is given.
    """

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "Server":
        """Reads the URL; ValueError names what is wrong with it."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("an SMTP URL looks like smtp://user:password@host:587")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
        )


class _Refused(Exception):
    """The server said no at some stage."""

    def __init__(self, stage: Stage, response: SMTPResponse) -> None:
        super().__init__(stage, response.code)
        self.stage = stage
        self.response = response


@dataclass
class _Line:
    """One connection to the server."""

    client: SMTP
    mails: int = 0
    used_at_s: float = 0.0


class SmtpMail:
    """A mail server. Many tasks may send: each mail has a connection to itself meanwhile."""

    name = "smtp"
    keyed = False

    def __init__(
        self,
        server: Server,
        clock: Clock,
        *,
        hello: str,
        timeout_s: float,
        signer: Signer | None = None,
    ) -> None:
        self._server = server
        self._clock = clock
        self._hello = hello
        self._timeout_s = timeout_s
        self._signer = signer
        self._idle: deque[_Line] = deque()

    async def send(self, message: Mail, permit: Permit) -> Result:
        """Sends one mail; raises PermitExpired when its content was not written any more."""
        content = assemble(message)
        if self._signer:
            content = self._signer.signed(content, message.at)
        while True:
            try:
                line = await self._line()
            except _Refused as refused:
                return _refusal(refused)
            except (OSError, TimeoutError) as error:
                return Result(faults.UNREACHABLE, detail=type(error).__name__)
            except SMTPException as error:  # the server lacks what we insist on
                return Result(faults.CONFIGURATION, detail=type(error).__name__)
            result = await self._converse(line, message, content, permit)
            if result is not None:
                return result

    async def _converse(
        self, line: _Line, mail: Mail, content: bytes, permit: Permit
    ) -> Result | None:
        """One mail on one connection; None where a kept connection turned out to be closed."""
        stage = Stage.SENDER
        try:
            self._check(permit)
            await _say(line, stage, b"MAIL", b"FROM:<%b>" % mail.return_path.encode("ascii"))
            stage = Stage.RECIPIENT
            await _say(line, stage, b"RCPT", b"TO:<%b>" % mail.to.encode("ascii"))
            self._check(permit)
            stage = Stage.CONTENT
            response = await line.client.data(content)
        except _Refused as refused:
            await self._keep(line, clean=False)
            return _refusal(refused)
        except PermitExpired:
            await self._keep(line, clean=False)
            raise
        except aiosmtplib.SMTPResponseException as error:
            await self._keep(line, clean=True)
            return _refusal(_Refused(Stage.CONTENT, SMTPResponse(error.code, error.message)))
        except (SMTPException, OSError, TimeoutError) as error:
            line.client.close()
            if stage is Stage.SENDER and line.mails:
                return None
            fault = faults.of_broken_connection(written=stage is Stage.CONTENT)
            return Result(fault, detail=type(error).__name__)
        await self._keep(line, clean=True)
        return _accepted(response)

    async def close(self) -> None:
        """Says goodbye on all idle connections."""
        while self._idle:
            await _quit(self._idle.pop())

    def _check(self, permit: Permit) -> None:
        if self._clock.monotonic() >= permit.good_until_s:
            raise PermitExpired

    async def _line(self) -> _Line:
        """A connection ready for MAIL: the one used last, or a new one."""
        while self._idle:
            line = self._idle.pop()
            fresh = self._clock.monotonic() - line.used_at_s < IDLE_S_MAX
            if fresh and line.client.is_connected:
                return line
            line.client.close()
        return _Line(await self._connect())

    async def _connect(self) -> SMTP:
        server = self._server
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._hello,  # without it the library asks the DNS for ours
            timeout=self._timeout_s,
            use_tls=server.tls,
            start_tls=False if server.tls else (True if server.password else None),
        )
        try:
            await client.connect()
            await client.ehlo() if client.is_ehlo_or_helo_needed else None
        except aiosmtplib.SMTPAuthenticationError as error:
            raise _Refused(Stage.AUTH, SMTPResponse(error.code, error.message)) from error
        except aiosmtplib.SMTPResponseException as error:
            stage = Stage.HELLO if isinstance(error, aiosmtplib.SMTPHeloError) else Stage.GREETING
            raise _Refused(stage, SMTPResponse(error.code, error.message)) from error
        return client

    async def _keep(self, line: _Line, *, clean: bool) -> None:
        """Puts a connection back; after a refusal the half-made mail on it is dropped first."""
        line.mails += 1
        try:
            if not clean and line.client.is_connected:
                await line.client.rset()
        except (SMTPException, OSError, TimeoutError):
            line.client.close()
        if line.client.is_connected and line.mails < MAILS_PER_CONNECTION_MAX:
            line.used_at_s = self._clock.monotonic()
            self._idle.append(line)
        else:
            await _quit(line)


async def _say(line: _Line, stage: Stage, *words: bytes) -> None:
    """One command; raises _Refused unless the server goes along."""
    response = await line.client.execute_command(*words)
    if faults.of_smtp(stage, response.code) is not None:
        raise _Refused(stage, response)


async def _quit(line: _Line) -> None:
    try:
        if line.client.is_connected:
            await line.client.quit(timeout=2)
    except (SMTPException, OSError, TimeoutError):
        line.client.close()


def _refusal(refused: _Refused) -> Result:
    """Code and enhanced code only: the text after them often quotes the recipient."""
    code, text = refused.response.code, refused.response.message
    enhanced = _ENHANCED.match(text)
    detail = f"SMTP {code} {enhanced.group()}" if enhanced else f"SMTP {code}"
    fault: Fault = faults.of_smtp(refused.stage, code) or faults.REFUSED
    return Result(fault, detail=f"{detail} at {refused.stage}")


def _accepted(response: SMTPResponse) -> Result:
    queued = _QUEUED.search(response.message)
    return Result(
        provider_message_id=queued.group(1) if queued else "", detail=f"SMTP {response.code}"
    )
