"""User tokens: what a company's server signs so that its pages may speak for one user.

A JSON Web Token (RFC 7519) with `alg` HS256, `sub` the userId, `exp`, and as `kid` the first eight
characters of a secret key of the workspace. It is signed with the SHA-256 of that key, in
hexadecimal, as secret: the server can make it, we can check it, and the key itself is kept nowhere.
"""

import hmac
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from gateway.auth import CACHED_KEYS_MAX
from gateway.store import keys as store
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Unauthenticated

HEADER = "kairos-user-token"
CHARACTERS_MAX = 4096


class _Head(msgspec.Struct):
    alg: str
    kid: str


class _Claims(msgspec.Struct):
    sub: str
    exp: int | float


class UserTokens:
    """Checks user tokens; remembers signing keys, also that there is none, for `cache_s`."""

    def __init__(self, db: Database, clock: Clock, cache_s: float) -> None:
        self._db = db
        self._clock = clock
        self._cache_s = cache_s
        self._known: OrderedDict[tuple[str, str], tuple[float, Sequence[bytes]]] = OrderedDict()

    async def user_of(self, workspace: str, token: str) -> str:
        """The userId a token speaks for; raises Unauthenticated for one that is not valid now."""
        head, claims, signed, signature = _parts(token)
        if head.alg != "HS256" or not claims.sub or claims.exp <= self._clock.now().timestamp():
            raise Unauthenticated("The user token is not HS256, names no user, or has expired")
        for secret in await self._secrets(workspace, head.kid):
            expected = hmac.digest(secret.hex().encode(), signed, sha256)
            if hmac.compare_digest(expected, signature):
                return claims.sub
        raise Unauthenticated("The user token is not signed with a secret key of this workspace")

    async def _secrets(self, workspace: str, prefix: str) -> Sequence[bytes]:
        now_s = self._clock.monotonic()
        seen_s, secrets = self._known.get((workspace, prefix), (float("-inf"), ()))
        if now_s - seen_s >= self._cache_s:
            async with self._db.api(workspace, readonly=True) as tx:
                secrets = await store.signing_keys(tx, workspace, prefix)
            self._known[workspace, prefix] = (now_s, secrets)
            if len(self._known) > CACHED_KEYS_MAX:
                self._known.popitem(last=False)
        return secrets


def _parts(token: str) -> tuple[_Head, _Claims, bytes, bytes]:
    signed, _, signature = token.rpartition(".")
    head, _, claims = signed.partition(".")
    if len(token) > CHARACTERS_MAX:
        raise Unauthenticated(f"A user token has at most {CHARACTERS_MAX} characters")
    try:
        return (
            msgspec.json.decode(_decode(head), type=_Head),
            msgspec.json.decode(_decode(claims), type=_Claims),
            signed.encode("ascii"),
            _decode(signature),
        )
    except (ValueError, msgspec.DecodeError):
        raise Unauthenticated("The user token is no JSON Web Token with kid, sub and exp") from None


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
