"""The outbox of a schema: every query on it.

A commit writes one row for each partition it has something to say to. The row is the record until
every consumer has committed what it carries; the stream is only the transport. Table names are
found through the role's search path.

Within one person rows are in order of `position`: whoever writes a person's facts holds that
person's row lock until the commit, so a later fact gets a higher position and is seen later.
Between persons there is no order to keep.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from kit.bus.framing import frame
from kit.bus.spec import OutgoingFact
from kit.errors import Broken, TooLarge
from kit.telemetry import current_traceparent

ENVELOPE_BYTES_MAX = 256 * 1024
"""Largest envelope: a quarter of the server's default payload limit, and a batch a consumer can
hold many of.
"""

_FEED_TAIL = re.compile(r"[a-z][a-z0-9-]{1,39}\.[a-z0-9_-]{1,64}\.[a-z0-9_-]{1,64}")

FeedEntry = tuple[int, str, str]
"""Index of the fact in its envelope, tail of its feed subject, its id."""

_feed_encoder = msgspec.json.Encoder()
_feed_decoder = msgspec.json.Decoder(list[FeedEntry])

_INSERT = """
INSERT INTO outbox (stream, lane, partition, facts, body, traceparent, feed)
SELECT stream, lane, partition, facts, body, $6, feed
FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::bytea[], $7::bytea[])
     WITH ORDINALITY AS rows (stream, lane, partition, facts, body, feed, nth)
ORDER BY nth
"""


async def write_outbox(connection: Any, facts: Sequence[OutgoingFact]) -> None:
    """Stores a commit's facts, inside its transaction, right before the commit.

    Facts of one partition keep their order. Raises TooLarge for a fact that fits no envelope and
    Broken for a feed subject that is not `<workspace>.<domain>.<what>`, both before anything is
    written.
    """
    rows = rows_of(facts)
    columns = [list(column) for column in zip(*rows, strict=True)]
    streams, lanes, partitions, counts, bodies, feeds = columns
    await connection.execute(
        _INSERT, streams, lanes, partitions, counts, bodies, current_traceparent(), feeds
    )


def decode_feed(feed: bytes) -> list[FeedEntry]:
    """What of a row goes to the feed."""
    return _feed_decoder.decode(feed)


def encode_feed(entries: Sequence[FeedEntry]) -> bytes:
    """The inverse of `decode_feed`."""
    return _feed_encoder.encode(entries)


_Row = tuple[str, str, int, int, bytes, bytes | None]


def rows_of(facts: Sequence[OutgoingFact]) -> list[_Row]:
    """One row for each (stream, lane, partition), more where an envelope would grow too large."""
    groups: dict[tuple[str, str, int], list[OutgoingFact]] = {}
    for fact in facts:
        groups.setdefault((fact.stream, fact.lane, fact.partition), []).append(fact)
    return [row for key, group in groups.items() for row in _envelopes(key, group)]


def _envelopes(key: tuple[str, str, int], facts: Sequence[OutgoingFact]) -> list[_Row]:
    rows: list[_Row] = []
    frames: list[bytes] = []
    feed: list[FeedEntry] = []
    size = 0

    def close() -> None:
        encoded = encode_feed(feed) if feed else None
        rows.append((*key, len(frames), b"".join(frames), encoded))

    for fact in facts:
        framed = frame(fact.body)
        if len(framed) > ENVELOPE_BYTES_MAX:
            raise TooLarge(f"A fact of {len(framed)} bytes is over {ENVELOPE_BYTES_MAX}")
        if size + len(framed) > ENVELOPE_BYTES_MAX:
            close()
            frames, feed, size = [], [], 0
        if fact.feed is not None:
            feed.append((len(frames), _checked(fact), fact.id))
        frames.append(framed)
        size += len(framed)
    close()
    return rows


def _checked(fact: OutgoingFact) -> str:
    tail = fact.feed or ""
    if not _FEED_TAIL.fullmatch(tail) or not fact.id:
        raise Broken(f"{tail!r} with id {fact.id!r} cannot go to the feed")
    return tail
