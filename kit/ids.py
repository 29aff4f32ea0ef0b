"""Identifiers: UUIDv7 (RFC 9562), sortable by time, and the partition a person falls into."""

import os
from datetime import datetime
from uuid import UUID
from zlib import crc32

from kit.clock import Clock, to_us

PARTITIONS = 16
"""Partitions of every stream: enough for 16 processes a service; changing it means new streams."""


def new_id(clock: Clock) -> UUID:
    """A fresh UUIDv7: 48 bits of milliseconds, 74 random bits."""
    return UUID(int=_v7(to_us(clock.now()) // 1000, int.from_bytes(os.urandom(10))))


def new_ids(at: datetime, count: int) -> list[UUID]:
    """Up to 65,536 fresh UUIDv7 of one instant, ascending; one question for randomness.

    RFC 9562, section 6.2, method 2: a random start and steps of one. 58 random bits keep batches of
    the same millisecond apart.
    """
    milliseconds = to_us(at) // 1000
    start = int.from_bytes(os.urandom(8)) << 16
    return [UUID(int=_v7(milliseconds, start + number)) for number in range(count)]


def _v7(milliseconds: int, random_80: int) -> int:
    rand_a = random_80 >> 68
    rand_b = random_80 & ((1 << 62) - 1)
    return (milliseconds << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b


def partition_of(person: UUID, partitions: int = PARTITIONS) -> int:
    """The partition of a person: stable for ever, evenly spread."""
    return crc32(person.bytes) % partitions
