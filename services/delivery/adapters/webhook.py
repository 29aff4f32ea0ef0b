"""Outgoing webhooks per Standard Webhooks 1.0, to addresses that may be called only.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

import aiohttp

from kit.clock import Clock
from services.delivery.adapters.calls import Answer, Calls, retry_after_s
from services.delivery.adapters.guarded import Forbidden, GuardedResolver
from services.delivery.domain import faults
from services.delivery.domain.addresses import is_public
from services.delivery.domain.attempts import Result
from services.delivery.domain.faults import Verdict
from services.delivery.domain.outgoing import Hook
from services.delivery.ports import Permit

TIMEOUT_S_MAX = 15.0
"""The specification's advice is 15 to 30 s; a slot is held that long."""
PORTS = (443, 8443)


class Webhook:
    """Calls the endpoints of a workspace, each payload signed with every key (two in a rotation).

    Args:
        idempotent: the receivers promise to act once per `webhook-id`; makes the account keyed.
        anywhere: also calls http, other ports and private addresses: for development only.
    """

    name = "webhook"

    def __init__(
        self, keys: Sequence[bytes], clock: Clock, *, timeout_s: float, idempotent: bool = False,
        anywhere: bool = False, resolver: aiohttp.abc.AbstractResolver | None = None,
    ) -> None:  # fmt: skip
        self.keyed = idempotent
        self._keys = keys
        self._clock = clock
        self._anywhere = anywhere
        connector = None
        if not anywhere:
            # The connector dials what the resolver answers, so the address that was judged is the
            # one that is called; a kept answer would outlive the judgement.
            guard = GuardedResolver(resolver or aiohttp.ThreadedResolver())
            connector = aiohttp.TCPConnector(limit=0, resolver=guard, use_dns_cache=False)
        self._calls = Calls(clock, timeout_s=min(timeout_s, TIMEOUT_S_MAX), connector=connector)

    async def send(self, message: Hook, permit: Permit) -> Result:
        """Calls the endpoint once; raises PermitExpired when nothing was written any more."""
        if not self._anywhere and (why := _why_not(message.to)):
            return Result(faults.ENDPOINT, detail=why)
        body = message.content.text.encode()
        headers = signed(self._keys, message.key, self._clock.now(), body)
        try:
            answer = await self._calls.post(message.to, body, headers, permit)
        except Forbidden as error:
            return Result(faults.ENDPOINT, detail=str(error))
        return self._result(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Ends all connections."""
        await self._calls.close()

    def _result(self, answer: Answer) -> Result:
        """The body is neither kept nor shown: it is a stranger's."""
        fault = faults.of_webhook(answer.status)
        detail = f"HTTP {answer.status}"
        if fault is None:
            return Result(detail=detail)
        wait_s = 0.0
        if fault.verdict is Verdict.RETRY:
            wait_s = retry_after_s(answer.headers, self._clock.now())
        return Result(fault, detail=detail, retry_after_s=wait_s)


def signed(keys: Sequence[bytes], key: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a signed call at an instant."""
    timestamp = str(int(at.timestamp()))
    content = f"{key}.{timestamp}.".encode() + body
    macs = (b64encode(hmac.digest(each, content, sha256)).decode() for each in keys)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Kairos-Webhooks/1",
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{mac}" for mac in macs),
    }


def _why_not(url: str) -> str:
    """Why this URL is not called whatever it resolves to; empty where it is.

    An address written as such never reaches the resolver, so it is judged here.
    """
    parts = urlsplit(url)
    if parts.scheme != "https":
        return "only https is called"
    if (parts.port or 443) not in PORTS:
        return "only ports 443 and 8443 are called"
    if is_public(parts.hostname or "") is False:
        return "the address is not public"
    return ""
