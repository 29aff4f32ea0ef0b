"""The relay's queries on the outbox of its schema.

`relay_streams` says which incarnation of a stream we publish to and how far it acknowledged us.
Every write that says "this row is in the stream" goes through its row, so a relay that still
believes in an older stream marks nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kit.db.database import Database

READ_ROWS = 1024
READ_BYTES = 8 * 1024 * 1024
"""One read of a lane: enough for full envelopes in all partitions, and a bound on memory."""

Place = tuple[str, int]
"""Lane and partition."""

_UNPUBLISHED = """
SELECT position, partition, body, traceparent, rounds FROM (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY position) - octet_length(body) AS before
    FROM (
        SELECT position, partition, body, traceparent, rounds FROM outbox
        WHERE stream = $1 AND lane = $2 AND published_seq IS NULL
        ORDER BY position LIMIT $3
    ) AS first
) AS counted
WHERE before < $4 ORDER BY position
"""
_MARK = """
WITH current AS (
    UPDATE relay_streams SET last_seq = greatest(last_seq, $5::bigint)
    FROM set_config('synchronous_commit', 'off', true)
    WHERE stream = $1 AND incarnation = $2 RETURNING stream
), locked AS (
    -- In order, as the feed does: rows taken in another one are a deadlock.
    SELECT position FROM outbox WHERE position = ANY($3::bigint[])
    ORDER BY position FOR NO KEY UPDATE
)
UPDATE outbox SET published_seq = acked.seq, incarnation = $2
FROM unnest($3::bigint[], $4::bigint[]) AS acked (position, seq), current, locked
WHERE outbox.position = acked.position AND outbox.position = locked.position
    AND outbox.published_seq IS NULL
"""
_KNOWN = "SELECT incarnation, last_seq FROM relay_streams WHERE stream = $1"
_ADOPT = """
INSERT INTO relay_streams (stream, incarnation, last_seq) VALUES ($1, $2, $3)
ON CONFLICT (stream) DO UPDATE SET incarnation = excluded.incarnation, last_seq = excluded.last_seq
"""
_AGAIN = """
UPDATE outbox SET published_seq = NULL, incarnation = NULL, rounds = rounds + 1
WHERE stream = $1 AND published_seq IS NOT NULL AND incarnation <> $2
"""
_EXPIRED = """
SELECT EXISTS (
    SELECT FROM unnest($4::text[], $5::int[], $6::bigint[]) AS floors (lane, partition, seq)
    WHERE EXISTS (
        SELECT FROM outbox WHERE outbox.stream = $1 AND outbox.incarnation = $2
            AND outbox.lane = floors.lane AND outbox.partition = floors.partition
            AND outbox.published_seq > floors.seq AND outbox.published_seq < $3
    )
)
"""
_FORGET = """
WITH gone AS (
    DELETE FROM outbox USING unnest($3::text[], $4::int[], $5::bigint[])
        AS floors (lane, partition, seq), set_config('synchronous_commit', 'off', true)
    WHERE outbox.stream = $1 AND outbox.incarnation = $2 AND outbox.lane = floors.lane
        AND outbox.partition = floors.partition AND outbox.published_seq <= floors.seq
        AND outbox.feed IS NULL
    RETURNING 1
)
SELECT count(*) FROM gone
"""
_WAITING = "SELECT EXISTS (SELECT FROM outbox WHERE stream = $1 AND published_seq IS NULL)"


@dataclass(frozen=True, slots=True)
class Row:
    """One unpublished row."""

    position: int
    partition: int
    body: bytes
    traceparent: str
    rounds: int


@dataclass(frozen=True)
class Known:
    """The stream as we last published to it."""

    incarnation: str
    last_seq: int


async def unpublished(db: Database, stream: str, lane: str) -> list[Row]:
    """The oldest unpublished rows of a lane, in order."""
    async with db.autocommit() as tx:
        rows = await tx.fetch(_UNPUBLISHED, stream, lane, READ_ROWS, READ_BYTES)
    return [Row(*row) for row in rows]


def was_full(found: Sequence[Row]) -> bool:
    """Whether a read of `unpublished` stopped at one of its bounds."""
    return len(found) == READ_ROWS or sum(len(row.body) for row in found) >= READ_BYTES


async def any_unpublished(db: Database, stream: str) -> bool:
    async with db.autocommit() as tx:
        return bool(await tx.fetchval(_WAITING, stream))


async def mark(db: Database, stream: str, incarnation: str, acked: Mapping[int, int]) -> None:
    """Notes position -> sequence, unless the stream was replaced since.

    Does not wait for the disk: a mark that is lost only means that the row is published again.
    """
    async with db.autocommit() as tx:
        await tx.execute(
            _MARK, stream, incarnation, list(acked), list(acked.values()), max(acked.values())
        )


async def known(db: Database, stream: str) -> Known | None:
    """What we know of the stream; None before the first contact."""
    async with db.autocommit() as tx:
        row = await tx.fetchrow(_KNOWN, stream)
    return Known(*row) if row else None


async def adopt(db: Database, stream: str, incarnation: str, last_seq: int) -> int:
    """Publishes to this incarnation from now on; returns how many rows go out again."""
    async with db.worker() as tx:
        await tx.execute(_ADOPT, stream, incarnation, last_seq)
        return _count(await tx.execute(_AGAIN, stream, incarnation))


async def any_expired(
    db: Database, stream: str, incarnation: str, first_seq: int, floors: Mapping[Place, int]
) -> bool:
    """Whether a row has left the stream before all have consumed it."""
    async with db.autocommit() as tx:
        return bool(await tx.fetchval(_EXPIRED, stream, incarnation, first_seq, *_columns(floors)))


async def forget(db: Database, stream: str, incarnation: str, floors: Mapping[Place, int]) -> int:
    """Deletes rows that all have consumed and that owe nothing to the feed."""
    async with db.autocommit() as tx:
        count: int = await tx.fetchval(_FORGET, stream, incarnation, *_columns(floors))
    return count


def _columns(floors: Mapping[Place, int]) -> tuple[list[str], list[int], list[int]]:
    places: Sequence[Place] = sorted(floors)
    return [lane for lane, _ in places], [each for _, each in places], [floors[p] for p in places]


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
