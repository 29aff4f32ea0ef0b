"""Identifiers that follow from what caused them, so that a replay makes the same ones."""

from hashlib import blake2b
from uuid import UUID

_SEPARATOR = "\x1f"  # ASCII unit separator: in no key, name or number
_TIMESTAMP_MASK = ((1 << 48) - 1) << 80
_VERSION_7 = 0x7 << 76
_VARIANT_RFC_9562 = 0b10 << 62
_RAND_A_MASK = 0xFFF << 64
_SEED_MASK = (1 << 62) - 1
_RANDOM_MASK = ((1 << 80) - 1) & ~(0xF << 76) & ~(0b11 << 62)


def derive_id(base: UUID, *parts: object) -> UUID:
    """Return the UUIDv7 that `base` and `parts` determine.

    It keeps the 48-bit timestamp of `base`, so derived ids sort near their cause; the other bits
    are a BLAKE2b hash of `base` and the text of each part. Equal arguments, equal ids.
    """
    return UUID(int=_derived(base, parts))


def _derived(base: UUID, parts: tuple[object, ...]) -> int:
    text = _SEPARATOR.join([part if type(part) is str else str(part) for part in parts])
    digest = blake2b(base.bytes + text.encode(), digest_size=10, person=b"kairos-id").digest()
    random = int.from_bytes(digest, "big") & _RANDOM_MASK
    return base.int & _TIMESTAMP_MASK | _VERSION_7 | _VARIANT_RFC_9562 | random


def numbered_id(at_us: int, seq: int, base: UUID, *parts: object) -> UUID:
    """Return a derived id that sorts by time, then by `seq` (modulo 4096) within a millisecond.

    What one step says about a person happens at one instant: so their timeline keeps its order.
    """
    kept = _derived(base, parts) & ~(_TIMESTAMP_MASK | _RAND_A_MASK)
    return UUID(int=kept | (at_us // 1000 << 80) | ((seq & 0xFFF) << 64))


def seed_of(derived: UUID) -> int:
    """Return the last 62 bits of a derived id, which are hash, as a seed."""
    return derived.int & _SEED_MASK
