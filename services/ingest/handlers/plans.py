"""The tracking plan of each workspace: fetched from decision, which owns the catalog, and kept.

Asked for at most every CHECK_S while events come: is the head still the revision we have? What was
fetched last stays in force while decision is away, across a restart too; accepting events never
depends on it.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from contracts.topology import CATALOG
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.db.database import Database
from kit.errors import KairosError
from services.ingest import wire
from services.ingest.domain.rules import Check, EventRule, Rules, Unknown
from services.ingest.ports import Store

log = logging.getLogger("kairos.ingest")

CHECK_S = 1.0
"""A changed plan is in force this much later, and one question more."""
ASK_TIMEOUT_S = 1.0
WORKSPACES_MAX = 10_000

Compile = Callable[[Mapping[str, Any]], Check]


@dataclass(frozen=True)
class _Kept:
    rules: Rules
    asked_s: float


class Plans:
    """The rules in force for a workspace."""

    def __init__(
        self, db: Database, store: Store, caller: Caller, clock: Clock, compile_schema: Compile
    ) -> None:
        self._db = db
        self._store = store
        self._caller = caller
        self._clock = clock
        self._compile = compile_schema
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Rules]] = {}

    def known(self, workspace: str) -> Rules:
        """The rules as last seen by this process."""
        kept = self._kept.get(workspace)
        return kept.rules if kept else Rules()

    async def rules(self, workspace: str) -> Rules:
        """The rules in force; waits for decision only where nothing is known of the workspace."""
        kept = self._kept.get(workspace)
        if kept is not None:
            if self._clock.monotonic() - kept.asked_s >= CHECK_S:
                _ = self._ask(workspace)
            return kept.rules
        return await asyncio.shield(self._ask(workspace))

    async def refreshed(self, workspace: str) -> Rules:
        """The rules as decision has them now, where it answers."""
        return await asyncio.shield(self._ask(workspace))

    def _ask(self, workspace: str) -> asyncio.Task[Rules]:
        """One question at a time for each workspace."""
        task = self._asking.get(workspace)
        if task is None:
            task = self._asking[workspace] = asyncio.create_task(self._refresh(workspace))
            task.add_done_callback(lambda _: self._asking.pop(workspace))
        return task

    async def _refresh(self, workspace: str) -> Rules:
        asked_s = self._clock.monotonic()
        kept = self._kept.get(workspace)
        rules = kept.rules if kept else Rules()
        try:
            rules = await self._fetch(workspace, rules)
        except KairosError as error:
            log.info("the tracking plan is asked for again: %s", type(error).__name__)
            if kept is None:
                rules = await self._stored(workspace)
        self._kept[workspace] = _Kept(rules, asked_s)
        self._kept.move_to_end(workspace)
        if len(self._kept) > WORKSPACES_MAX:
            self._kept.popitem(last=False)
        return rules

    async def _fetch(self, workspace: str, known: Rules) -> Rules:
        revision, documents = await self._documents(workspace, "workspace")
        if revision == known.revision:
            return known
        _, events = await self._documents(workspace, "event", revision)
        documents = [*documents, *events]
        async with self._db.worker() as tx:
            await self._store.keep_plan(tx, workspace, revision, msgspec.json.encode(documents))
        return read_rules(revision, documents, self._compile)

    async def _documents(
        self, workspace: str, kind: str, revision: int = 0
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        request = wire.catalog_request(kind, revision)
        answer = await self._caller.call(CATALOG, workspace, request, timeout_s=ASK_TIMEOUT_S)
        return wire.read_catalog(answer)

    async def _stored(self, workspace: str) -> Rules:
        async with self._db.worker(readonly=True) as tx:
            found = await self._store.kept_plan(tx, workspace)
        if found is None:
            return Rules()
        revision, documents = found
        return read_rules(revision, msgspec.json.decode(documents), self._compile)


def read_rules(
    revision: int, documents: Sequence[Mapping[str, Any]], compile_schema: Compile
) -> Rules:
    """The rules that catalog documents of the kinds workspace and event stand for."""
    workspace = next((each for each in documents if each["kind"] == "workspace"), {})
    events = {
        each["key"]: EventRule(
            revision=each["revision"],
            low_signal=bool(each.get("low_signal")),
            check=compile_schema(each["schema"]) if each.get("schema") is not None else None,
        )
        for each in documents
        if each["kind"] == "event"
    }
    return Rules(
        revision=revision,
        phone_region=workspace.get("phone_region", ""),
        identify_by=frozenset(workspace.get("identify_by", ())),
        unknown_events=Unknown(workspace.get("unknown_events", "allow")),
        events=events,
    )
