"""Dead letters: facts no handler could take, kept in the consumer's schema until a person decides.

Replaying runs the fact through the same subscription's handler right away, in one transaction with
the change of state, in whatever process is asked. That is safe beside running consumers because
handlers lock the person's row and dedupe by natural key; it is simpler than feeding the fact
through the stream again, and the answer says if it worked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from kit.bus.framing import read_field
from kit.bus.spec import IncomingFact
from kit.bus.subscription import Handler
from kit.db.database import RETRYABLE, Database, Tx
from kit.errors import Conflict, NotFound

Handlers = Mapping[tuple[str, str], Handler]
"""(stream, lane) -> handler."""

ERROR_CHARS_MAX = 500
_WORKSPACE_FIELD = 2
"""Field number of `workspace` in kairos.bus.v1.Fact."""

_INSERT = """
INSERT INTO dead_letters (id, workspace, stream, lane, partition, seq, index, body, traceparent,
    error_type, error, attempts, state, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13)
ON CONFLICT (id) DO NOTHING
"""
_LIST = """
SELECT id, workspace, stream, lane, partition, seq, index, error_type, error, attempts, state,
    recorded_at, settled_at
FROM dead_letters
WHERE ($1 = '' OR workspace = $1) AND ($2 = '' OR state = $2)
    AND (recorded_at, id) > ($3::timestamptz, $4::uuid)
ORDER BY recorded_at, id LIMIT $5
"""
_LOCK = "SELECT * FROM dead_letters WHERE id = $1 AND ($2 = '' OR workspace = $2) FOR UPDATE"
_SETTLE = "UPDATE dead_letters SET state = $2, settled_at = $3 WHERE id = $1"
_FAILED_AGAIN = """
UPDATE dead_letters SET attempts = attempts + 1, error_type = $2, error = $3 WHERE id = $1
"""


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as a person sees it: everything but the body."""

    id: UUID
    workspace: str
    stream: str
    lane: str
    partition: int
    seq: int
    index: int
    error_type: str
    error: str
    attempts: int
    state: str
    recorded_at: datetime
    settled_at: datetime | None


async def bury(
    tx: Tx, fact: IncomingFact, error: Exception, *, attempts: int, traceparent: str, at: datetime
) -> None:
    """Records a fact that cannot be handled; the same fact is recorded once."""
    await tx.execute(
        _INSERT,
        letter_id(fact),
        read_field(fact.body, _WORKSPACE_FIELD).decode(errors="replace").replace("\x00", ""),
        fact.stream,
        fact.lane,
        fact.partition,
        fact.seq,
        fact.index,
        fact.body,
        traceparent,
        type(error).__name__,
        _said(error),
        attempts,
        at,
    )


async def listing(
    tx: Tx,
    *,
    workspace: str = "",
    state: str = "",
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[DeadLetter]:
    """Dead letters, oldest first, from a cursor (`recorded_at`, `id`) on."""
    since, last = after or (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    rows = await tx.fetch(_LIST, workspace, state, since, last, limit)
    return [DeadLetter(**dict(row)) for row in rows]


async def discard(tx: Tx, letter: UUID, at: datetime, *, workspace: str = "") -> None:
    """Settles a dead letter for good; raises NotFound, or Conflict if it is settled."""
    await _open(tx, letter, workspace)
    await tx.execute(_SETTLE, letter, "discarded", at)


async def replay(
    db: Database, letter: UUID, handlers: Handlers, at: datetime, *, workspace: str = ""
) -> None:
    """Runs the fact through its handler again and settles it, both or neither.

    Raises NotFound, Conflict if it is settled, and the handler's error if it fails again; that is
    counted and kept unless it only says "not now".
    """
    try:
        async with db.worker() as tx:
            fact = await _open(tx, letter, workspace)
            await _handle(handlers, tx, fact)
            await tx.execute(_SETTLE, letter, "replayed", at)
    except _FailedAgainError as failed:
        if not isinstance(failed.error, RETRYABLE) and not getattr(
            failed.error, "retryable", False
        ):
            async with db.worker() as tx:
                name = type(failed.error).__name__
                await tx.execute(_FAILED_AGAIN, letter, name, _said(failed.error))
        raise failed.error from failed


class _FailedAgainError(Exception):
    """The handler's error, told apart from ours."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def _handle(handlers: Handlers, tx: Tx, fact: IncomingFact) -> None:
    handler = handlers.get((fact.stream, fact.lane))
    if handler is None:
        raise NotFound(f"Nothing here handles {fact.stream} {fact.lane} any more")
    try:
        await handler(tx, [fact])
    except Exception as error:
        raise _FailedAgainError(error) from error


async def _open(tx: Tx, letter: UUID, workspace: str) -> IncomingFact:
    row = await tx.fetchrow(_LOCK, letter, workspace)
    if row is None:
        raise NotFound(f"There is no dead letter {letter}")
    if row["state"] != "open":
        raise Conflict(f"Dead letter {letter} is {row['state']} already")
    place = (row["stream"], row["lane"], row["partition"], row["seq"], row["index"])
    return IncomingFact(*place, row["body"])


def _said(error: Exception) -> str:
    return str(error).replace("\x00", "")[:ERROR_CHARS_MAX]


def letter_id(fact: IncomingFact) -> UUID:
    """The same for the same fact of the same stream, however often it is delivered."""
    digest = hashlib.blake2b(fact.stream.encode() + b"\0" + fact.body, digest_size=16)
    return UUID(bytes=digest.digest())
