"""Stand-in for Twilio's Messages API, its status callbacks and its webhook for incoming SMS.

`POST /2010-04-01/Accounts/{sid}/Messages.json` answers 201 with a `sid`, or an error code as Twilio
does; its test numbers (https://www.twilio.com/docs/iam/test-credentials) fail as documented there.
There is no idempotency key: two calls are two messages. `POST /twilio/incoming` plays a recipient's
answer: `{"url": …, "from": …, "to": …, "body": …}`. Everything it posts is signed with the token.
"""

import asyncio
import hmac
import logging
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from typing import Any

import aiohttp
import msgspec
from aiohttp import BasicAuth, web

from kit.clock import Clock
from sandbox.intake import Answer, Intake
from sandbox.ledger import Arrival
from sandbox.web import answer, body

CHARS_MAX = 1600
POST_TIMEOUT_S, POSTS_MAX, POST_PAUSE_S = 10.0, 5, 0.5
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SENDER = re.compile(r"\+[1-9][0-9]{6,14}|[A-Za-z0-9 ]{1,11}|MG[0-9a-f]{32}|[0-9]{3,8}")
_TEST_NUMBERS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_BY_STATUS = {401: 20003, 404: 20404, 429: 20429, 500: 20500, 503: 20503}

_log = logging.getLogger(__name__)


class Incoming(msgspec.Struct):
    """A short message from a person's telephone."""

    url: str
    sender: str = msgspec.field(name="from")
    to: str
    body: str
    account_sid: str = "AC" + "0" * 32


_incoming = msgspec.json.Decoder(Incoming)


class Twilio:
    """The handlers; `routes` is what they answer to."""

    def __init__(self, intake: Intake, clock: Clock, token: str) -> None:
        self._intake = intake
        self._clock = clock
        self._token = token
        self._posting: set[asyncio.Task[None]] = set()
        self._incoming = 0

    def routes(self) -> list[web.RouteDef]:
        """Path → handler."""
        return [
            web.post("/2010-04-01/Accounts/{sid}/Messages.json", self._send),
            web.post("/twilio/incoming", self._receive),
        ]

    async def close(self) -> None:
        """Drops callbacks that were not taken yet."""
        for task in self._posting:
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    async def _send(self, request: web.Request) -> web.Response:
        account = request.match_info["sid"]
        if not _signed_in(request, account):
            return _error(401, 20003)
        form = {name: str(value) for name, value in (await request.post()).items()}
        if code := _wrong(form):
            return _error(400, code)
        arrival = Arrival(
            channel="sms",
            provider="twilio",
            recipient=form["To"],
            sender=form.get("From", form.get("MessagingServiceSid", "")),
            text=form["Body"],
            data=dict(form),
        )
        taken = await self._intake.take(arrival)
        sid = f"SM{taken.number:032x}"
        if taken.answer is Answer.REFUSED:
            wait = taken.retry_after_s
            headers = {} if wait is None else {"Retry-After": str(wait)}
            return _error(taken.status, _BY_STATUS.get(taken.status, 0), headers)
        if url := form.get("StatusCallback"):
            self._start(self._report(url, account, sid, form))
        if taken.answer is Answer.NOTHING:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=201)
        about = {"sid": sid, "account_sid": account, "status": "queued", "to": form["To"]}
        return answer({**about, "body": form["Body"], "error_code": None}, 201)

    async def _receive(self, request: web.Request) -> web.Response:
        said = await body(request, _incoming)
        self._incoming += 1
        sid = f"SM{self._incoming:08x}{int(self._clock.now().timestamp()):024x}"
        form = {
            "MessageSid": sid,
            "AccountSid": said.account_sid,
            "From": said.sender,
            "To": said.to,
            "Body": said.body,
            "NumMedia": "0",
        }
        status = await self._post(said.url, form)
        return answer({"sid": sid, "status": status}, 202)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _report(self, url: str, account: str, sid: str, form: Mapping[str, str]) -> None:
        """`sent`, then `delivered`, each until it is taken."""
        for status in ("sent", "delivered"):
            said = {
                "MessageSid": sid,
                "SmsSid": sid,
                "AccountSid": account,
                "MessageStatus": status,
                "To": form["To"],
                "From": form.get("From", ""),
                "ApiVersion": "2010-04-01",
            }
            for tried in range(POSTS_MAX):
                answered = await self._post(url, said)
                if answered is not None and answered < 300:
                    break
                await asyncio.sleep(POST_PAUSE_S * 2**tried)

    async def _post(self, url: str, form: Mapping[str, str]) -> int | None:
        """The status of one try; None: no answer."""
        headers = {"X-Twilio-Signature": signature(self._token, url, form)}
        timeout = aiohttp.ClientTimeout(total=POST_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=dict(form), headers=headers) as response,
            ):
                if response.status >= 300:
                    said = (await response.text())[:200]
                    _log.warning("a callback was not taken", extra={"facts": {"said": said}})
                return response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            _log.warning("a callback found nobody", extra={"facts": {"said": str(error)}})
            return None


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """https://www.twilio.com/docs/usage/security: HMAC-SHA1 over URL and sorted parameters."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return b64encode(hmac.digest(token.encode(), text.encode(), sha1)).decode()


def _signed_in(request: web.Request, account: str) -> bool:
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        return False
    return given.login == account and bool(given.password)


def _wrong(form: Mapping[str, str]) -> int:
    """Twilio's error code for a form it refuses; 0 where it takes it."""
    to, text = form.get("To", ""), form.get("Body", "")
    sender = form.get("From") or form.get("MessagingServiceSid", "")
    if not to:
        return 21604
    if to in _TEST_NUMBERS:
        return _TEST_NUMBERS[to]
    if not _NUMBER.fullmatch(to):
        return 21211
    if not sender:
        return 21603
    if not _SENDER.fullmatch(sender):
        return 21212
    if not text:
        return 21602
    return 21617 if len(text) > CHARS_MAX else 0


def _error(status: int, code: int, headers: Mapping[str, str] = {}) -> web.Response:
    more = f"https://www.twilio.com/docs/errors/{code}"
    about = {"code": code, "message": "Refused", "more_info": more, "status": status}
    return answer(about, status, headers)
