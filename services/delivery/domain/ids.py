"""Identifiers that follow from what they name, so that saying a thing twice gives the same id."""

from hashlib import blake2b
from uuid import UUID

_TIMESTAMP = ((1 << 48) - 1) << 80
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_FREE = ((1 << 128) - 1) & ~(_TIMESTAMP | (0xF << 76) | (0b11 << 62))


def attempt_fact_id(message_id: UUID, attempt: int) -> UUID:
    """The id of the fact that this attempt ended."""
    return _derived(message_id, f"attempt {attempt}")


def receipt_fact_id(message_id: UUID, provider: str, event_id: str) -> UUID:
    """The id of the fact that this event of the provider was taken."""
    return _derived(message_id, f"receipt {provider} {event_id}")


def _derived(base: UUID, words: str) -> UUID:
    """A UUIDv7 with the timestamp of `base`; all other bits are a hash of `base` and the words."""
    digest = blake2b(
        base.bytes + words.encode(), digest_size=16, person=b"kairos-delivery"
    ).digest()
    return UUID(
        int=(base.int & _TIMESTAMP) | _VERSION_7 | _VARIANT | (int.from_bytes(digest) & _FREE)
    )
