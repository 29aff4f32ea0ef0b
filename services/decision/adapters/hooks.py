"""Signed calls of other systems, after Standard Webhooks (standardwebhooks.com).

The receiver knows a repeat by `webhook-id`. A redirect is no answer: following one to a login page
once counted as "dispatched" elsewhere (notifuse#317).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import aiohttp

from services.decision.ports.hooks import Answered

_PREFIX = "whsec_"


class HttpHooks:
    """Calls over HTTP; secrets are read from the environment by the name the catalog gives."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self, url: str, secret: str, call_id: str, at_s: int, body: bytes, timeout_s: float
    ) -> Answered:
        """Calls once; a broken connection is an answer without a status."""
        key = signing_key(self._env.get(secret, ""))
        if key is None:
            return Answered(0, f"the environment variable {secret} holds no signing key")
        headers = {
            "content-type": "application/json",
            "webhook-id": call_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(key, call_id, at_s, body),
        }
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return Answered(response.status, f"HTTP {response.status}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answered(0, type(error).__name__)

    async def close(self) -> None:
        """Ends all connections."""
        if self._session is not None:
            await self._session.close()


def signing_key(secret: str) -> bytes | None:
    """The key behind a secret such as whsec_<base64>; None where it holds none."""
    if not secret:
        return None
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def signature(key: bytes, call_id: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`: HMAC-SHA256 over id, time and body."""
    signed = f"{call_id}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
