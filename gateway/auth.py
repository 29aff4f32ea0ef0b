"""Who is calling: keys, their workspace and what they may do.

Two sorts of keys. A write key only reports events: `write-server` is secret, `write-browser` is
public and what it says stays unproven. A secret key does all else, within its scopes. The workspace
of a request is its key's; nothing in a request can name another.
"""

import asyncio
import hashlib
from base64 import b64decode
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from gateway.store import keys as store
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import Forbidden, Malformed, Unauthenticated

KeyKind = Literal["write-server", "write-browser", "secret"]
Scope = Literal["admin", "read"]

CACHED_KEYS_MAX = 10_000
"""Known and unknown ones; a flood of guesses pushes out guesses."""


@dataclass(frozen=True)
class Key:
    """A key that is valid now."""

    workspace: str
    id: UUID
    kind: KeyKind
    scopes: frozenset[str]


class Keys:
    """Looks keys up by hash; remembers the answer, also "unknown", for `cache_s`."""

    def __init__(self, db: Database, clock: Clock, cache_s: float) -> None:
        self._db = db
        self._clock = clock
        self._cache_s = cache_s
        self._known: OrderedDict[bytes, tuple[float, Key | None]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Key | None]] = {}

    async def find(self, text: str) -> Key:
        """The key written as `text`; raises Unauthenticated where it is unknown or revoked."""
        digest = key_hash(text)
        seen_at, key = self._known.get(digest, (float("-inf"), None))
        if self._clock.monotonic() - seen_at >= self._cache_s:
            key = await self._ask(digest)
        if key is None:
            raise Unauthenticated("This key is unknown or revoked")
        return key

    async def _ask(self, digest: bytes) -> Key | None:
        """One question at a time for each key, however many requests wait for the answer."""
        task = self._asking.get(digest)
        if task is None:
            task = self._asking[digest] = asyncio.create_task(self._look_up(digest))
            task.add_done_callback(lambda _: self._asking.pop(digest))
        return await asyncio.shield(task)

    async def _look_up(self, digest: bytes) -> Key | None:
        asked_at = self._clock.monotonic()
        async with self._db.autocommit() as tx:
            row = await store.find_key(tx, digest)
        key = None
        if row is not None:
            key = Key(row["workspace"], row["id"], row["kind"], frozenset(row["scopes"]))
        self._known[digest] = (asked_at, key)
        self._known.move_to_end(digest)
        if len(self._known) > CACHED_KEYS_MAX:
            self._known.popitem(last=False)
        return key


def key_hash(text: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(text.encode()).digest()


async def secret_key(keys: Keys, authorization: str | None, scope: Scope) -> Key:
    """The secret key of `Authorization: Bearer`; raises Forbidden where it lacks the scope.

    `admin` includes `read`.
    """
    kind, text = _credentials(authorization)
    if kind != "bearer":
        raise Unauthenticated("Send a secret key as Authorization: Bearer")
    key = await keys.find(text)
    if key.kind != "secret":
        raise Forbidden("A write key only reports events; use a secret key")
    if not key.scopes & {scope, "admin"}:
        raise Forbidden(f"This key lacks the scope {scope}")
    return key


async def tracking_key(keys: Keys, authorization: str | None, body: bytes) -> Key:
    """The key of a tracking call: Basic with the write key as user name, Bearer, or in the body."""
    kind, text = _credentials(authorization)
    if not kind:
        text = _write_key_in(body)
    key = await keys.find(text)
    if key.kind == "secret" and "admin" not in key.scopes:
        raise Forbidden("This key may only read")
    return key


def _credentials(authorization: str | None) -> tuple[str, str]:
    """Scheme and key; both empty where none came."""
    if not authorization:
        return "", ""
    scheme, _, rest = authorization.partition(" ")
    kind, text = scheme.lower(), rest.strip()
    if kind == "basic":
        try:
            text = b64decode(text, validate=True).decode().partition(":")[0]
        except ValueError:
            raise Unauthenticated("The Basic credentials cannot be read") from None
    elif kind != "bearer":
        raise Unauthenticated("Use Basic with a write key, or Bearer with a secret key")
    if not text:
        raise Unauthenticated("The Authorization header carries no key")
    return kind, text


class _WithKey(msgspec.Struct):
    """The members of a tracking body that the gateway may need."""

    writeKey: object = ""  # noqa: N815 - the name in Segment's specification
    batch: object = None


_with_key = msgspec.json.Decoder(_WithKey)


def _write_key_in(body: bytes) -> str:
    """The `writeKey` of a body, or of the first item of its batch, where analytics.js puts it;
    raises Malformed where the body is not a JSON object.
    """
    try:
        told = _with_key.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("The body must be a JSON object") from None
    text = told.writeKey
    if not text and isinstance(told.batch, list) and told.batch:
        first = told.batch[0]
        text = first.get("writeKey") if isinstance(first, dict) else ""
    if not isinstance(text, str) or not text:
        raise Unauthenticated("Send the write key as user name of Basic authentication")
    return text
