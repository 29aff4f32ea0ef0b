"""A page of a timeline: what is asked for, in which order, and where the next one begins."""

import base64
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

LIMIT_DEFAULT, LIMIT_MAX = 50, 200
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = struct.Struct(">qq16s")


class Place(NamedTuple):
    """Where an entry stands: newest first means greatest first."""

    at: datetime
    recorded_at: datetime
    id: UUID


TOP = Place(END, END, UUID(int=(1 << 128) - 1))
"""Above every entry."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of which persons. Empty sets of kinds and channels mean all.

    `since` is the earliest instant included, `until` the first one not included; `before` is the
    place of the last entry already seen.
    """

    workspace: str
    persons: Sequence[UUID]
    kinds: Sequence[str] = ()
    channels: Sequence[str] = ()
    journey: str = ""
    campaign: str = ""
    since: datetime = BEGINNING
    until: datetime = END
    before: Place = TOP
    limit: int = LIMIT_DEFAULT


def write_cursor(place: Place) -> str:
    """A place as opaque text. It stays right while entries are added: they never move."""
    at, recorded_at = ((each - _EPOCH) // _MICROSECOND for each in place[:2])
    packed = _CURSOR.pack(at, recorded_at, place.id.bytes)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read_cursor(text: str) -> Place:
    """The inverse of `write_cursor`; raises ValueError for any other text."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        at, recorded_at, id_bytes = _CURSOR.unpack(packed)
        return Place(
            _EPOCH + at * _MICROSECOND, _EPOCH + recorded_at * _MICROSECOND, UUID(bytes=id_bytes)
        )
    except (ValueError, struct.error, OverflowError) as error:
        raise ValueError("not a cursor of this timeline") from error
