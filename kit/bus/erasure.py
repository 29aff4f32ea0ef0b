"""Erasing what belongs to somebody, and telling it to them: two questions, the same everywhere.

A service lists its tables that hold rows of people (`Personal`); the rest is done here. Erasing
takes a lock that every batch of facts holds in share: so a batch either commits before the rows are
deleted, or finds its people in `erased` and passes their facts over. It may be asked again at any
time; the answer says what still waits in the outbox, which is gone once all consumers have it.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.bus.floors import ERASURE_LOCK
from kit.bus.rpc import Endpoint, Request
from kit.bus.spec import EndpointSpec, IncomingFact
from kit.clock import Clock
from kit.db.database import WORKSPACE, Database, Tx
from kit.errors import Malformed

EXPORT_ROWS_MAX = 100_000
"""Of one table; more is cut off, and said so."""

Decode = Callable[[bytes], Any]
BeforeErase = Callable[[Tx, str, Sequence[UUID]], Awaitable[None]]
"""Runs in the transaction that erases, before anything is deleted."""


@dataclass(frozen=True)
class Personal:
    """A table with rows of people.

    Args:
        column: holds the person's id, or what `via` names.
        via: `table.column`: rows belong to whoever has that column's value in a row of that table,
            which must come later in the list. The table must have a column `owner`.
        owner: the column that holds the person's id in the table of `via`.
        shown: whether it is part of an export; what only repeats others is not.
        decode: how binary columns are read for an export; others are left out.
    """

    table: str
    column: str = "person"
    via: str = ""
    owner: str = "person"
    shown: bool = True
    decode: Mapping[str, Decode] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The condition under which a row belongs to one of $2 in workspace $1."""
        if not self.via:
            return f"workspace = $1 AND {self.column} = ANY($2::uuid[])"
        table, _, column = self.via.partition(".")
        return (
            f"workspace = $1 AND {self.column} IN (SELECT {column} FROM {table}"
            f" WHERE workspace = $1 AND {self.owner} = ANY($2::uuid[]))"
        )


def erase_spec(service: str) -> EndpointSpec:
    """The question that erases people in one service."""
    return EndpointSpec(service, "erase", "plain", timeout_s=20.0)


def export_spec(service: str) -> EndpointSpec:
    """The question for all that one service has about people."""
    return EndpointSpec(service, "export", "plain", timeout_s=20.0)


def asked(workspace: str, persons: Sequence[UUID]) -> bytes:
    """The body of both questions."""
    return json.dumps({"workspace": workspace, "persons": [str(each) for each in persons]}).encode()


def endpoints(
    service: str,
    db: Database,
    clock: Clock,
    personal: Sequence[Personal],
    before: BeforeErase | None,
) -> list[Endpoint]:
    """What a service with rows of people answers."""

    async def erase(request: Request) -> bytes:
        workspace, persons = _read(request)
        async with db.worker() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock($1)", ERASURE_LOCK)
            if before:
                await before(tx, workspace, persons)
            rows = await _erase(tx, personal, workspace, persons, clock)
            waiting = await _waiting(tx, persons)
        return json.dumps({"rows": rows, "waiting": waiting}).encode()

    async def export(request: Request) -> bytes:
        workspace, persons = _read(request)
        async with db.worker(readonly=True) as tx:
            shown = [each for each in personal if each.shown]
            told = {each.table: await _export(tx, each, workspace, persons) for each in shown}
        return json.dumps(told, default=str).encode()

    return [
        Endpoint(erase_spec(service), erase, at_once_max=1),
        Endpoint(export_spec(service), export, at_once_max=4),
    ]


async def _erase(
    tx: Tx, personal: Sequence[Personal], workspace: str, persons: Sequence[UUID], clock: Clock
) -> int:
    await tx.execute(
        "INSERT INTO erased (workspace, person, at) SELECT $1, person, $3"
        " FROM unnest($2::uuid[]) AS people (person) ON CONFLICT DO NOTHING",
        workspace,
        persons,
        clock.now(),
    )
    rows = 0
    for each in personal:
        # workspace = $1 stands in `where`.
        status = await tx.execute(
            f"DELETE FROM {each.table} WHERE {each.where}", workspace, persons
        )
        rows += int(status.rsplit(" ", 1)[-1])
    status = await tx.execute(
        "DELETE FROM dead_letters WHERE workspace = $1 AND EXISTS ("
        " SELECT FROM unnest($2::bytea[]) AS people (person) WHERE position(person IN body) > 0)",
        workspace,
        [each.bytes for each in persons],
    )
    return rows + int(status.rsplit(" ", 1)[-1])


async def _waiting(tx: Tx, persons: Sequence[UUID]) -> int:
    """Rows of the outbox that name one of these people: on their way, or not yet consumed."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM outbox WHERE EXISTS ("
        " SELECT FROM unnest($1::bytea[]) AS people (person) WHERE position(person IN body) > 0)",
        [each.bytes for each in persons],
    )
    return count


async def _export(
    tx: Tx, table: Personal, workspace: str, persons: Sequence[UUID]
) -> list[dict[str, Any]]:
    rows = await tx.fetch(
        f"SELECT * FROM {table.table} WHERE {table.where} LIMIT $3",
        workspace,
        persons,
        EXPORT_ROWS_MAX,
    )
    return [_shown(table, row) for row in rows]


def _shown(table: Personal, row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, bytes):
            if name in table.decode and value:
                shown[name] = table.decode[name](value)
        elif name != "workspace" and value is not None:
            shown[name] = _readable(value)
    return shown


def _readable(value: Any) -> Any:
    """JSON columns come as text; they are shown as what they say."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _read(request: Request) -> tuple[str, list[UUID]]:
    told = json.loads(request.body)
    if not WORKSPACE.fullmatch(told["workspace"]):
        raise Malformed("The question names no workspace")
    return told["workspace"], [UUID(each) for each in told["persons"]]


# Facts that come late.


async def living(tx: Tx, facts: Sequence[IncomingFact]) -> list[IncomingFact]:
    """The facts whose people have not been erased; the caller holds ERASURE_LOCK in share."""
    people = [_person_of(fact.body) for fact in facts]
    keys = {each for each in people if each is not None}
    if not keys:
        return list(facts)
    gone = await tx.fetch(
        "SELECT erased.workspace, erased.person FROM erased"
        " JOIN unnest($1::text[], $2::uuid[]) AS named (workspace, person)"
        " ON erased.workspace = named.workspace AND erased.person = named.person",
        [workspace for workspace, _ in keys],
        [person for _, person in keys],
    )
    if not gone:
        return list(facts)
    erased = {(row["workspace"], row["person"]) for row in gone}
    return [fact for fact, who in zip(facts, people, strict=True) if who not in erased]


def _person_of(body: bytes) -> tuple[str, UUID] | None:
    """Workspace and person of a kairos.bus.v1.Fact, its second and third field.

    Every writer puts the fields in their order, the id of 16 bytes first; a body that is written
    otherwise names nobody here, and its handler says what it is.
    """
    try:
        if body[:2] != b"\x0a\x10" or body[18] != 0x12:
            return None
        end = 20 + body[19]
        if body[end : end + 2] != b"\x1a\x10":
            return None
        return body[20:end].decode(), UUID(bytes=body[end + 2 : end + 18])
    except (IndexError, ValueError):
        return None
