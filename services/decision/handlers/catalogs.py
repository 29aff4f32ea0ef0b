"""The catalog of each workspace, parsed once per revision."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kit.db.database import Tx
from services.decision.domain.catalog import Catalog, parse_catalog
from services.decision.domain.model import NO_CONTROLS, Controls
from services.decision.ports.queries import Store
from services.decision.ports.states import Head

KEPT_MAX = 256
"""Parsed catalogs kept; a parse of 100 documents takes some milliseconds."""


class Catalogs:
    """The catalog at a revision; revisions are immutable, so a parsed one stays true."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, int], Catalog] = {}

    async def current(self, tx: Tx, workspaces: Iterable[str]) -> Mapping[str, Catalog]:
        """The head of each workspace, as this transaction sees it; an empty one before the first
        apply.
        """
        found = await self.current_with_controls(tx, workspaces)
        return {name: catalog for name, (catalog, _) in found.items()}

    async def current_with_controls(
        self, tx: Tx, workspaces: Iterable[str]
    ) -> Mapping[str, tuple[Catalog, Controls]]:
        """As `current`, each with the workspace's switches, from one read."""
        wanted = set(workspaces)
        heads = await self._store.heads(tx, wanted)
        none = Head(0, NO_CONTROLS)
        found = {name: heads.get(name, none) for name in wanted}
        return {
            name: (await self.at(tx, name, head.revision), head.controls)
            for name, head in found.items()
        }

    async def at(self, tx: Tx, workspace: str, revision: int) -> Catalog:
        """The catalog of a workspace as it was at a revision."""
        kept = self._kept.get((workspace, revision))
        if kept is None:
            kept = await self._load(tx, workspace, revision)
            if len(self._kept) >= KEPT_MAX:
                self._kept.pop(next(iter(self._kept)))
            self._kept[workspace, revision] = kept
        return kept

    async def extended(
        self, tx: Tx, workspace: str, revision: int, documents: list[dict[str, Any]]
    ) -> Catalog:
        """The catalog at a revision with some documents more, not kept; CatalogError if wrong."""
        return await self._load(tx, workspace, revision, documents)

    async def _load(
        self, tx: Tx, workspace: str, revision: int, more: Sequence[dict[str, Any]] = ()
    ) -> Catalog:
        rows = await self._store.documents(tx, workspace, revision)
        rows += await self._store.former_journeys(tx, workspace, revision)
        bodies: list[dict[str, Any]] = [json.loads(body) for _, _, _, body in rows]
        revisions = {(kind, key): at for kind, key, at, _ in rows}
        since = await self._store.needs(tx, workspace, revision)
        return parse_catalog([*bodies, *more], revision=revision, revisions=revisions, since=since)
