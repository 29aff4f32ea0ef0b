"""HTTP calls under a permit, which is looked at when the connection stands, before the first byte.

aiohttp takes 0.16 ms of CPU for a call, httpx 0.5 ms and more.
"""

import contextvars
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.connector import Connection

from kit.clock import Clock
from services.delivery.domain import faults
from services.delivery.domain.attempts import Result
from services.delivery.ports import Permit, PermitExpired

ANSWER_BYTES_MAX = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back; the body is empty where it broke off or was too long."""

    status: int
    headers: Mapping[str, str]
    body: bytes


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


class Calls:
    """One pool of connections. Follows no redirects and keeps no cookies."""

    def __init__(
        self, clock: Clock, *, timeout_s: float, connector: aiohttp.BaseConnector | None = None
    ) -> None:
        self.clock = clock
        self.session = aiohttp.ClientSession(
            # Unlimited: the slots of the accounts bound it.
            connector=connector or aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 3),
            request_class=_PermittedRequest,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(
        self, url: str, data: bytes, headers: Mapping[str, str], permit: Permit
    ) -> Answer | Result:
        """One call; a Result where no status came back.

        Raises PermitExpired when nothing was written any more.
        """
        call = _Call(permit, self.clock)
        _call.set(call)
        try:
            async with self.session.post(
                url, data=data, headers=headers, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await _body(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            fault = faults.of_broken_connection(written=True)
            return Result(fault if call.written else faults.UNREACHABLE, detail=_name(error))

    async def close(self) -> None:
        """Ends all connections."""
        await self.session.close()


def _name(error: Exception) -> str:
    return type(error).__name__


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The status alone says what happened, so whatever is wrong with the body is no fault."""
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                response.close()
                return b""
    except (aiohttp.ClientError, TimeoutError, OSError):
        return b""
    return bytes(body)


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
