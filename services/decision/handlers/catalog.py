"""The catalog's one owner: apply is all or nothing and makes one revision of the whole."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Invalid
from services.decision.domain.catalog import Catalog, CatalogError, parse_catalog
from services.decision.ports.queries import Store
from services.decision.wire import catalog as wire

Documents = dict[tuple[str, str], dict[str, Any]]
Change = tuple[str, str, str, list[Any]]
"""Kind, key, created | updated | unchanged, differences."""

_POLICY_KINDS = frozenset({"policy", "workspace"})
"""Documents that may free what waits; what they forbid is found at the permit and at wake-ups."""


class CatalogDesk:
    """Answers `apply` and `catalog`; calls `applied` after each commit of a new revision."""

    def __init__(self, store: Store, clock: Clock, applied: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._applied = applied

    async def on_apply(self, tx: Tx, request: Request) -> bytes:
        """Checks the whole catalog as it would be, then makes it the head; applying the same again
        changes nothing.

        Raises Invalid with every problem: document, path, what was expected.
        """
        given, dry_run = wire.apply_request(request.body)
        revision, changes = await self.publish(tx, request.workspace, given, dry_run=dry_run)
        return wire.apply_reply(revision, changes)

    async def publish(
        self, tx: Tx, workspace: str, given: Sequence[dict[str, Any]], *, dry_run: bool = False
    ) -> tuple[int, list[Change]]:
        """Makes one revision of the catalog as it stands and what is given."""
        now = self._clock.now()
        head = await self._store.lock_head(tx, workspace, now)
        current = _by_key(await self._store.documents(tx, workspace, head))
        former = [
            json.loads(body) for *_, body in await self._store.former_journeys(tx, workspace, head)
        ]
        wanted = _wanted(current, former, given)
        catalog = _checked(
            [*wanted.values(), *_others([*former, *current.values()], wanted)], head + 1
        )
        changes = [_change(key, current.get(key), wanted[key]) for key in _keys(given)]
        changed = [each for each in changes if each[2] != "unchanged"]
        revision = head + 1 if changed else head
        if changed and not dry_run:
            rows = [(kind, key, json.dumps(wanted[kind, key])) for kind, key, _, _ in changed]
            await self._store.insert_documents(tx, workspace, revision, rows, now)
            needed = set(await self._store.needs(tx, workspace, head))
            needs = set(catalog.segments.needs)
            await self._store.save_needs(
                tx, workspace, revision, [*(needs - needed)], [*(needed - needs)]
            )
            tx.after_commit(self._applied)
            if any(kind in _POLICY_KINDS for kind, *_ in changed):
                await self._store.ask_to_reconsider(tx, workspace, now)
        return revision, changes

    async def on_catalog(self, tx: Tx, request: Request) -> bytes:
        """Documents of a kind at a revision; none found is an empty answer."""
        kind, key, revision = wire.catalog_request(request.body)
        heads = await self._store.heads(tx, {request.workspace})
        found = heads.get(request.workspace)
        head = found.revision if found else 0
        at = min(revision, head) if revision else head
        rows = await self._store.documents(tx, request.workspace, at, kind, key)
        return wire.catalog_reply(
            at, [(k, key_, rev, body.encode()) for k, key_, rev, body in rows]
        )


def _by_key(rows: Sequence[tuple[str, str, int, str]]) -> Documents:
    return {(kind, key): json.loads(body) for kind, key, _, body in rows}


def _keys(given: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(str(document.get("kind")), str(document.get("key"))) for document in given]


def _wanted(
    current: Documents, former: Sequence[dict[str, Any]], given: Sequence[dict[str, Any]]
) -> Documents:
    """The whole catalog after the apply. A journey that changed under its old version gets the next
    one.
    """
    keys = _keys(given)
    if twice := sorted({f"{kind} {key}" for kind, key in keys if keys.count((kind, key)) > 1}):
        raise Invalid(f"Given twice: {', '.join(twice)}")
    wanted = dict(current)
    for key, document in zip(keys, given, strict=True):
        known = [one for one in former if one["key"] == key[1]]
        known += [current[key]] if key in current else []
        is_journey = key[0] == "journey"
        wanted[key] = _versioned(document, known) if is_journey else document
    return wanted


def _versioned(document: dict[str, Any], known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The document with its version: the one that reads like it, a draft's own, else the next.

    The status of a version is no part of what it reads like; one that is not given stays.
    """
    highest = max((one["version"] for one in known), default=0)
    for one in known:
        if _reads(document) == _reads(one) and document.get("version", highest) == one["version"]:
            status = {"status": one["status"]} if "status" in one else {}
            return {**status, **document, "version": one["version"]}
    draft = any(one["version"] == highest and one.get("status") == "draft" for one in known)
    own = highest if draft else highest + 1
    version = document.get("version")
    return {**document, "version": version if isinstance(version, int) and version > own else own}


def _reads(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in ("version", "status")}


def _others(former: Sequence[dict[str, Any]], wanted: Documents) -> list[dict[str, Any]]:
    """Other versions of journeys, which stay beside the ones wanted."""
    return [
        one
        for one in former
        if one["kind"] == "journey" and wanted["journey", one["key"]]["version"] != one["version"]
    ]


def _checked(documents: Sequence[dict[str, Any]], revision: int) -> Catalog:
    try:
        return parse_catalog(documents, revision=revision)
    except CatalogError as error:
        problems = [
            {"document": p.document, "path": p.path, "expected": p.expected, "got": p.got}
            for p in error.problems
        ]
        raise Invalid(
            "The catalog would not be valid; nothing was changed", errors=problems
        ) from error


def _change(
    key: tuple[str, str], before: dict[str, Any] | None, after: dict[str, Any]
) -> tuple[str, str, str, list[Any]]:
    if before is None:
        return (*key, "created", [])
    if before == after:
        return (*key, "unchanged", [])
    return (*key, "updated", _differences("", before, after))


def _differences(path: str, before: Any, after: Any) -> list[dict[str, Any]]:
    """Where two JSON values differ, as {path, before, after}; lists are compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted(before.keys() | after.keys())
        return [
            difference
            for name in names
            for difference in _differences(f"{path}/{name}", before.get(name), after.get(name))
        ]
    return [] if before == after else [{"path": path, "before": before, "after": after}]
