"""E-mail through an HTTP API that honours `Idempotency-Key`: a repeat is no second message."""

import contextvars
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp
import msgspec
from aiohttp.connector import Connection

from kit.clock import Clock
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.mail import Mail
from services.delivery.ports import Permit, PermitExpired

ANSWER_BYTES_MAX = 64 * 1024
ID_CHARS_MAX = 200

_encoder = msgspec.json.Encoder()


class _Accepted(msgspec.Struct):
    id: str = ""


_decoder = msgspec.json.Decoder(_Accepted)


@dataclass
class _Call:
    """One call under way; `written` once its first byte may have left."""

    permit: Permit
    clock: Clock
    written: bool = False

    def start(self) -> None:
        """The last thing before the write; raises PermitExpired."""
        if self.clock.monotonic() >= self.permit.good_until_s:
            raise PermitExpired
        self.written = True


_call: contextvars.ContextVar[_Call] = contextvars.ContextVar("call")


class _PermittedRequest(aiohttp.ClientRequest):
    """Asks for the permit when the connection is held and nothing is written yet."""

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        _call.get().start()
        return await super().send(conn)


class HttpMail:
    """An e-mail API: `POST {url}/v1/email`."""

    name = "http"
    keyed = True

    def __init__(self, url: str, clock: Clock, *, timeout_s: float, token: str = "") -> None:
        self._url = url.rstrip("/") + "/v1/email"
        self._clock = clock
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),  # the lanes' slots bound it
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 3),
            request_class=_PermittedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(self, mail: Mail, permit: Permit) -> Result:
        """Calls the API once; raises PermitExpired when nothing was written any more."""
        call = _Call(permit, self._clock)
        _call.set(call)
        headers = {**self._headers, "Idempotency-Key": mail.key}
        try:
            async with self._session.post(
                self._url, data=_body(mail), headers=headers, allow_redirects=False
            ) as response:
                return await self._result(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if not call.written:
                return Result(faults.UNREACHABLE, detail=type(error).__name__)
            fault = faults.of_broken_connection(written=True)
            return Result(fault, detail=type(error).__name__)

    async def close(self) -> None:
        """Ends all connections."""
        await self._session.close()

    async def _result(self, response: aiohttp.ClientResponse) -> Result:
        """What the answer says. Of a refusal only the status is kept: bodies quote recipients."""
        fault = faults.of_http(response.status)
        detail = f"HTTP {response.status}"
        if fault is None:
            return Result(provider_message_id=await _id(response), detail=detail)
        wait_s = 0.0
        if fault.verdict is Verdict.RETRY:
            wait_s = retry_after_s(response.headers, self._clock.now())
        return Result(fault, detail=detail, retry_after_s=wait_s)


async def _id(response: aiohttp.ClientResponse) -> str:
    """The provider's name for the message; empty where it gives none. The status alone accepts."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                return ""
        found = _decoder.decode(body).id
    except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        return ""
    return found if found.isprintable() and len(found) <= ID_CHARS_MAX else ""


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds of `Retry-After`, in either form (RFC 9110 §10.2.3); 0 where there is none.

    A date counts from the answer's own `Date`, so that clocks need not agree.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
        since = parsedate_to_datetime(headers["Date"]) if "Date" in headers else now
        return max(0.0, (until - since).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _body(mail: Mail) -> bytes:
    return _encoder.encode(
        {
            "to": mail.to,
            "from": mail.sender,
            "subject": mail.content.subject,
            "html": mail.content.html,
            "text": mail.content.text,
            "headers": mail.headers,
            "message_id": mail.message_id,
        }
    )
