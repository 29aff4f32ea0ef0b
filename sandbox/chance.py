"""Chance that can be repeated: the same words always fall on the same point."""

from hashlib import blake2b


def point(*words: str | int) -> float:
    """A number in [0, 1), spread evenly over different words, always the same for the same ones."""
    digest = blake2b("\x1f".join(map(str, words)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
