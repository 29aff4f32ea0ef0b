"""Dead letters: facts no handler could take, kept in the consumer's schema until a person decides.

Replaying runs the fact through the same subscription's handler right away, in one transaction with
the change of state, in whatever process is asked. That is safe beside running consumers because
handlers lock the person's row and dedupe by natural key; it is simpler than feeding the fact
through the stream again, and the answer says if it worked.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kit.bus import erasure
from kit.bus.floors import ERASURE_LOCK
from kit.bus.framing import first_field_above, read_field
from kit.bus.passing import passes
from kit.bus.spec import IncomingFact
from kit.bus.subscription import Handler
from kit.db.database import RETRYABLE, Database, Tx
from kit.errors import Conflict, KairosError, Malformed, NotFound, Unavailable

Handlers = Mapping[tuple[str, str], Handler]
"""(stream, lane) -> handler."""

ERROR_CHARS_MAX = 500
_WORKSPACE_FIELD, _PERSON_FIELD, _LAST_FIELD = 2, 3, 9
"""Of kairos.bus.v1.Fact: the fields of what is told are those above the last."""
_HEAD_BYTES = 512
"""Of a body: holds all fields before what is told, at most 170 bytes."""
_PERSONAL = (
    (re.compile(r"[^\s@\"'<>(=,;]+@[^\s@\"'<>),;]+"), "[address]"),
    (re.compile(r"\+?\d[\d ()/.-]{5,}\d"), "[number]"),
)
"""What may stand in the words of an error and leads to somebody."""

_INSERT = """
INSERT INTO dead_letters (id, workspace, stream, lane, partition, seq, index, body, traceparent,
    error_type, error, attempts, state, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', $13)
ON CONFLICT (id) DO UPDATE SET failed_again_at = excluded.recorded_at,
    attempts = dead_letters.attempts + excluded.attempts
WHERE dead_letters.state = 'open'
"""
_LIST = """
SELECT id, workspace, stream, lane, partition, seq, index, error_type, error, attempts,
    recorded_at, coalesce(failed_again_at, recorded_at) AS last_at, traceparent,
    substring(body FROM 1 FOR $5) AS head
FROM dead_letters
WHERE workspace = $1 AND state = 'open' AND (recorded_at, id) < ($2::timestamptz, $3::uuid)
ORDER BY recorded_at DESC, id DESC LIMIT $4
"""
_LOCK = "SELECT * FROM dead_letters WHERE id = $1 AND workspace = $2 FOR UPDATE"
_SETTLE = """
UPDATE dead_letters SET state = $3, settled_at = $4, body = '' WHERE id = $1 AND workspace = $2
"""
_FAILED_AGAIN = """
UPDATE dead_letters SET attempts = attempts + 1, error_type = $3, error = $4, failed_again_at = $5
WHERE id = $1 AND workspace = $2 AND state = 'open' RETURNING attempts
"""


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as a person sees it: everything but the body.

    Args:
        kind: field number of what it tells in kairos.bus.v1.Fact; 0 where it cannot be read.
        person: whom it is about; None where it cannot be read.
        error: without addresses and numbers of people.
        recorded_at: when it failed first.
        last_at: when it failed last.
    """

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
    recorded_at: datetime
    last_at: datetime
    traceparent: str
    kind: int
    person: UUID | None


async def bury(
    tx: Tx,
    fact: IncomingFact,
    error: Exception,
    *,
    service: str,
    attempts: int,
    traceparent: str,
    at: datetime,
) -> None:
    """Records a fact that cannot be handled; the same fact is recorded once."""
    await tx.execute(
        _INSERT,
        letter_id(service, fact),
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
    tx: Tx, workspace: str, *, before: tuple[datetime, UUID] | None = None, limit: int = 100
) -> list[DeadLetter]:
    """Those of a workspace that wait, newest first, from a cursor (`recorded_at`, `id`) on."""
    until, last = before or (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
    rows = await tx.fetch(_LIST, workspace, until, last, limit, _HEAD_BYTES)
    return [_listed(dict(row)) for row in rows]


async def discard(tx: Tx, workspace: str, letter: UUID, at: datetime) -> None:
    """Settles a dead letter for good; raises NotFound, or Conflict if it is settled."""
    await _open(tx, workspace, letter)
    await tx.execute(_SETTLE, letter, workspace, "discarded", at)


async def replay(
    db: Database, workspace: str, letter: UUID, handlers: Handlers, at: datetime
) -> None:
    """Runs the fact through its handler again and settles it, both or neither.

    Of several at the same time one runs it. Raises NotFound, and Conflict if it is settled or fails
    again, which is counted and kept. An error that says "not now" comes as it is, and counts
    nothing.
    """
    try:
        async with db.worker() as tx:
            # As a batch does, and before any row is locked: see `kit.bus.erasure`.
            await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", ERASURE_LOCK)
            fact = await _open(tx, workspace, letter)
            await _handle(handlers, tx, fact)
            await tx.execute(_SETTLE, letter, workspace, "replayed", at)
    except _FailedAgainError as failed:
        error = failed.error
        if isinstance(error, (KairosError, *RETRYABLE)) and passes(error):
            raise error from failed
        if passes(error):
            raise Unavailable("Something its handler needs is away; try again") from error
        name, said = type(error).__name__, _said(error)
        async with db.worker() as tx:
            attempts = await tx.fetchval(_FAILED_AGAIN, letter, workspace, name, said, at)
        raise Conflict(
            f"It failed again and is kept ({name}: {said})", error_type=name, attempts=attempts
        ) from error


class _FailedAgainError(Exception):
    """The handler's error, told apart from ours."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def _handle(handlers: Handlers, tx: Tx, fact: IncomingFact) -> None:
    handler = handlers.get((fact.stream, fact.lane))
    if handler is None:
        raise Conflict(f"Nothing here handles {fact.stream} {fact.lane} any more")
    if fact.index < 0:
        raise _FailedAgainError(Malformed("The envelope cannot be read"))
    try:
        for living in await erasure.living(tx, [fact]):
            await handler(tx, [living])
    except Exception as error:
        raise _FailedAgainError(error) from error


async def _open(tx: Tx, workspace: str, letter: UUID) -> IncomingFact:
    row = await tx.fetchrow(_LOCK, letter, workspace)
    if row is None:
        raise NotFound(f"There is no dead letter {letter}")
    if row["state"] != "open":
        raise Conflict(f"Dead letter {letter} is {row['state']} already")
    place = (row["stream"], row["lane"], row["partition"], row["seq"], row["index"])
    return IncomingFact(*place, row["body"])


def _listed(row: dict[str, Any]) -> DeadLetter:
    head: bytes = row.pop("head")
    return DeadLetter(
        **row, kind=first_field_above(head, _LAST_FIELD), person=_person(row["index"], head)
    )


def _person(index: int, head: bytes) -> UUID | None:
    """Of a fact; an envelope that cannot be read names nobody."""
    person = read_field(head, _PERSON_FIELD, cut=True) if index >= 0 else b""
    return UUID(bytes=person) if len(person) == 16 else None


def _said(error: Exception) -> str:
    """The words of an error, without what leads to somebody."""
    said = str(error).replace("\x00", "")
    for pattern, instead in _PERSONAL:
        said = pattern.sub(instead, said)
    return said[:ERROR_CHARS_MAX]


def letter_id(service: str, fact: IncomingFact) -> UUID:
    """The same for the same fact of the same stream, however often a service gets it.

    Another service that cannot take it has a letter of its own.
    """
    place = f"{service}\0{fact.stream}\0".encode()
    return UUID(bytes=hashlib.blake2b(place + fact.body, digest_size=16).digest())
