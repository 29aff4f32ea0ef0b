"""Answers "whom would this rule let in?" by the evaluator that serves live traffic, over states."""

from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Database, Tx
from kit.errors import Invalid, NotFound
from services.decision.domain import state as states
from services.decision.domain.catalog import Catalog, CatalogError
from services.decision.domain.civil import to_s
from services.decision.domain.kinds import KINDS, schema_for
from services.decision.domain.segment_numbers import number_of
from services.decision.handlers.catalogs import Catalogs
from services.decision.ports.members import MemberStore
from services.decision.wire import segments as wire

PAGE = 1_000
"""States read and looked at per round: 1.5 MB, some 10 ms of work."""
PIECES, PIECE = 20, 100
"""An estimate looks at so many pieces of so many people, spread over all."""


BUDGET_S = 8.0
"""Whoever asks waits 10 s; what has not been looked at by now is estimated."""


class PreviewDesk:
    """Answers `preview` and `schema`."""

    def __init__(
        self, members: MemberStore, catalogs: Catalogs, db: Database, clock: Clock
    ) -> None:
        self._members = members
        self._catalogs = catalogs
        self._db = db
        self._clock = clock

    async def on_schema(self, request: Request) -> bytes:
        """The JSON Schema of a kind of document."""
        kind = wire.schema_kind(request.body)
        if kind not in KINDS:
            raise NotFound(f"There is no kind of document of this name ({', '.join(KINDS)})")
        return wire.schema_reply(schema_for(kind))

    async def on_preview(self, request: Request) -> bytes:
        """How many people a rule holds for now, and some of them; keeps nothing.

        `unknown` names what no state holds yet because no rule has asked for it: until a segment
        with this rule is applied, it is missing for everybody. Raises Invalid for a wrong rule.
        """
        asked = wire.preview_request(request.body)
        workspace = request.workspace
        async with self._db.api(workspace, readonly=True) as tx:
            current = (await self._catalogs.current(tx, {workspace}))[workspace]
            catalog, key = await self._with_rule(tx, workspace, current, asked.rule)
            people, first, last = await self._members.range_of_people(tx, workspace)
        pages = self._all(workspace)
        if not asked.exact and people > 2 * PIECES * PIECE and first and last:
            pages = self._pieces(workspace, first, last)
        told = await self._count(pages, _holds(catalog, key, to_s(self._clock.now())), asked.sample)
        count, seen, sample = told
        is_exact = seen >= people
        return wire.preview_reply(
            {
                "count": count if is_exact or not seen else round(count * people / seen),
                "exact": is_exact,
                "people": max(people, seen),
                "sample": [str(person) for person in sample],
                "unknown": _unknown(current, catalog),
            }
        )

    async def _with_rule(
        self, tx: Tx, workspace: str, current: Catalog, rule: dict[str, Any]
    ) -> tuple[Catalog, str]:
        """The catalog as it stands and a segment with this rule, under a key nobody has."""
        key = "preview"
        while number_of(key) in current.segments.numbers:
            key += "-"
        document = {"kind": "segment", "key": key, "rule": rule}
        try:
            return await self._catalogs.extended(tx, workspace, current.revision, [document]), key
        except CatalogError as error:
            problems = [
                {"path": each.path, "expected": each.expected, "got": each.got}
                for each in error.problems
            ]
            raise Invalid("The rule is not valid", errors=problems) from error

    async def _count(
        self, pages: AsyncIterator[list[tuple[UUID, bytes]]], holds: "Holds", sample_max: int
    ) -> tuple[int, int, list[UUID]]:
        """How many hold, of how many, and the first of them."""
        count, seen = 0, 0
        sample: list[UUID] = []
        until_s = self._clock.monotonic() + BUDGET_S
        async for page in pages:
            found = [person for person, state in page if holds(state)]
            seen += len(page)
            count += len(found)
            sample += found[: sample_max - len(sample)]
            if self._clock.monotonic() > until_s:
                break
        return count, seen, sample

    async def _all(self, workspace: str) -> AsyncIterator[list[tuple[UUID, bytes]]]:
        after: UUID | None = None
        while True:
            page = await self._page(workspace, after, PAGE)
            yield page
            if len(page) < PAGE:
                return
            after = page[-1][0]

    async def _pieces(
        self, workspace: str, first: UUID, last: UUID
    ) -> AsyncIterator[list[tuple[UUID, bytes]]]:
        """Ids rise with the time people were first seen: pieces at even distances of it."""
        reached = first.int - 1
        for i in range(PIECES):
            start = max(reached, first.int - 1 + (last.int - first.int) * i // PIECES)
            page = await self._page(workspace, UUID(int=start), PIECE)
            if page:
                reached = page[-1][0].int
            yield page

    async def _page(
        self, workspace: str, after: UUID | None, limit: int
    ) -> list[tuple[UUID, bytes]]:
        async with self._db.autocommit() as tx:
            found = await self._members.page_of_people(tx, workspace, after, limit)
        return [(person, row.state) for person, row in found]


Holds = Callable[[bytes], bool]


def _holds(catalog: Catalog, key: str, now_s: int) -> Holds:
    test = catalog.segments.numbers[number_of(key)].test
    nobody = states.new(UUID(int=0))

    def holds(state: bytes) -> bool:
        return test(states.decode(state) if state else nobody, now_s, {})

    return holds


def _unknown(current: Catalog, catalog: Catalog) -> list[str]:
    new = catalog.segments.needs.keys() - current.segments.needs.keys()
    words = {"trait": "the trait {}", "tally": "counts nobody has asked for yet"}
    return sorted({words[kind].format(name) for kind, name in new if kind in words})
