"""The number that stands for a segment in a person's state."""

from hashlib import blake2b


def number_of(key: str) -> int:
    """Return the 32 bits that stand for a segment in a state: five bytes, whatever its name."""
    return int.from_bytes(blake2b(key.encode(), digest_size=4, person=b"kairos-segment").digest())
