"""What our links say: small arrays, readable by whoever holds the signature's secret.

A token is `kit.tokens.sign(purpose, payload, secret)`; the payload is a MessagePack array that only
grows at its end. No address and no name are in it, and no target: a click names a stored one, so
that our domain never leads where somebody else wants it to.
"""

import hmac
from hashlib import blake2b, sha256
from uuid import UUID

import msgspec

UNSUBSCRIBE, PREFERENCES, CLICK, OPEN = "unsubscribe", "preferences", "click", "open"
"""Purposes: a token of one is worth nothing for another."""
SHORT_CHARS = 10
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class PageLink(msgspec.Struct, frozen=True, array_like=True):
    """Who ends or changes what, and through which message."""

    workspace: str
    person: UUID
    message_id: UUID
    channel: str
    topic: str


class ClickLink(msgspec.Struct, frozen=True, array_like=True):
    """A link of a message to a stored target."""

    workspace: str
    message_id: UUID
    target: UUID


class OpenLink(msgspec.Struct, frozen=True, array_like=True):
    """The pixel of a message."""

    workspace: str
    message_id: UUID


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(PageLink)


def encode(link: PageLink | ClickLink | OpenLink) -> bytes:
    """The payload to be signed."""
    return _encoder.encode(link)


def decode(payload: bytes) -> PageLink:
    """The link a verified payload says; ValueError where it is not one."""
    return _decoder.decode(payload)


def target_of(url: str) -> UUID:
    """The name of a target: the same for the same address."""
    return UUID(bytes=blake2b(url.encode("utf-8", "replace"), digest_size=16).digest())


def short_code(message_id: UUID, target: UUID, secret: bytes) -> str:
    """The code of a short link: 59 bits of a keyed hash, the same whenever it is made."""
    mac = hmac.digest(secret, b"short\x00" + message_id.bytes + target.bytes, sha256)
    number = int.from_bytes(mac[:16])
    letters = []
    for _ in range(SHORT_CHARS):
        number, at = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[at])
    return "".join(letters)
