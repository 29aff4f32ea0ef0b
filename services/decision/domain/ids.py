"""Identifiers that follow from what caused them, so that a replay makes the same ones."""

from hashlib import blake2b
from uuid import UUID

_TIMESTAMP_MASK = ((1 << 48) - 1) << 80
_VERSION_7 = 0x7 << 76
_VARIANT_RFC_9562 = 0b10 << 62
_RANDOM_MASK = ((1 << 128) - 1) & ~(_TIMESTAMP_MASK | (0xF << 76) | (0b11 << 62))


def derive_id(base: UUID, *parts: object) -> UUID:
    """Return the UUIDv7 that `base` and `parts` determine.

    It keeps the 48-bit timestamp of `base`, so derived ids sort near their cause; the other bits
    are a BLAKE2b hash of `base` and the text of each part. Equal arguments, equal ids.
    """
    digest = blake2b(base.bytes, digest_size=16, person=b"kairos-id")
    for part in parts:
        text = str(part).encode()
        digest.update(len(text).to_bytes(4, "big"))
        digest.update(text)
    random = int.from_bytes(digest.digest(), "big") & _RANDOM_MASK
    return UUID(int=(base.int & _TIMESTAMP_MASK) | _VERSION_7 | _VARIANT_RFC_9562 | random)


def derive_seed(base: UUID, *parts: object) -> int:
    """Return a seed of 62 random bits that `base` and `parts` determine."""
    return derive_id(base, "seed", *parts).int & ((1 << 62) - 1)
