"""Journeys at work: who is where, who is let in by the API, versions in force, people moved."""

import json
from collections.abc import Sequence
from typing import Any

from kit.bus.rpc import Request
from kit.clock import Clock
from kit.db.database import Tx
from kit.errors import Invalid, NotFound
from kit.ids import new_id
from services.decision.domain.catalog import Catalog
from services.decision.domain.inputs import EnterInput, MoveInput
from services.decision.domain.journeys.moving import target_of
from services.decision.handlers.catalog import CatalogDesk
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.deciding import Decider, Work
from services.decision.handlers.views import run_view
from services.decision.ports.queries import Store
from services.decision.ports.runs import RunStore
from services.decision.wire import journeys as wire

MOVED_MAX = 500
"""People moved per request, about 100 ms; the answer says how many are left."""
STATUSES = {"activate": "live", "drain": "draining", "archive": "archived"}


class JourneyDesk:
    """Answers `enter`, `journey` and `runs`."""

    def __init__(
        self,
        decider: Decider,
        store: Store,
        runs: RunStore,
        catalogs: Catalogs,
        catalog: CatalogDesk,
        controls: ControlsDesk,
        clock: Clock,
    ) -> None:
        self._decider = decider
        self._store = store
        self._runs = runs
        self._catalogs = catalogs
        self._catalog = catalog
        self._controls = controls
        self._clock = clock

    async def on_enter(self, tx: Tx, request: Request) -> bytes:
        """Lets a person in, as far as the journey's own rules allow."""
        asked = wire.enter_request(request.body)
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        journey = catalog.current.get(asked.journey)
        if journey is None:
            raise NotFound("There is no live journey with this key")
        if not journey.entry.by_api:
            raise Invalid("This journey is not entered by the API: its entry has no `api: true`")
        now = self._clock.now()
        run = new_id(self._clock)
        entry = EnterInput(run, asked.journey, now, asked.properties)
        trace = request.headers.get("traceparent", "")
        work = Work((request.workspace, asked.person), [entry], trace)
        [result] = await self._decider.decide(tx, [work], "now")
        entered = any(note.result == "applied" for note in result.notes)
        return wire.enter_reply(entered=entered, run=run)

    async def on_journey(self, tx: Tx, request: Request) -> bytes:
        """How a journey stands; with an action, after it."""
        asked = wire.journey_request(request.body)
        if asked.action == "move":
            return wire.journey_reply(await self._move(tx, request, asked))
        if asked.action in STATUSES:
            await self._set_status(tx, request.workspace, asked)
        if asked.action in ("activate", "pause"):
            paused = asked.action == "pause"
            await self._controls.pause(tx, request.workspace, asked.journey, paused=paused)
        left = 0
        if asked.action == "archive":
            left = await self._end_runs(tx, request, asked.journey)
        told = await self._report(tx, request.workspace, asked.journey)
        return wire.journey_reply(told | ({"left": left} if left else {}))

    async def on_runs(self, tx: Tx, request: Request) -> bytes:
        """Who is at a step, since when, and until when: one page."""
        asked = wire.runs_request(request.body)
        rows = await self._runs.list_runs(
            tx, request.workspace, asked.journey, asked.step, asked.after, asked.limit
        )
        return wire.runs_reply([run_view(row) for row in rows], rows, asked.limit)

    async def _report(self, tx: Tx, workspace: str, key: str) -> dict[str, Any]:
        catalogs = await self._catalogs.current(tx, {workspace})
        catalog = catalogs[workspace]
        versions = _versions(catalog, key)
        counts = await self._runs.count_runs(tx, workspace, key)
        if not versions and not counts:
            raise NotFound("There is no journey with this key")
        head = (await self._store.heads(tx, {workspace})).get(workspace)
        paused = head is not None and key in head.controls.paused_journeys
        serving = next((v for v in versions if catalog.journeys[key, v].status != "draft"), None)
        status = catalog.journeys[key, serving].status if serving else "draft"
        return {
            "journey": key,
            "status": "paused" if paused and status == "live" else status,
            "version": serving,
            "people": sum(people for _, _, people, _, _ in counts),
            "versions": [
                {
                    "version": version,
                    "status": catalog.journeys[key, version].status
                    if version in versions
                    else "removed",
                    "steps": [
                        {"step": step, "people": people, "next_at": next_at, "since": since}
                        for at, step, people, next_at, since in counts
                        if at == version
                    ],
                }
                for version in sorted({*versions, *(c[0] for c in counts)}, reverse=True)
            ],
        }

    async def _set_status(self, tx: Tx, workspace: str, asked: wire.JourneyAsked) -> None:
        """Writes the status into the document of the version it is about: a draft that is there
        for `activate`, else the version in force.
        """
        catalog = (await self._catalogs.current(tx, {workspace}))[workspace]
        versions = _versions(catalog, asked.journey)
        if not versions:
            raise NotFound("There is no journey with this key")
        drafts = asked.action == "activate"
        version = next(
            (v for v in versions if drafts or catalog.journeys[asked.journey, v].status != "draft"),
            versions[0],
        )
        rows = await self._store.documents(tx, workspace, catalog.revision, "journey")
        rows += await self._store.former_journeys(tx, workspace, catalog.revision)
        for _, key, _, body in rows:
            document = json.loads(body)
            if key == asked.journey and document["version"] == version:
                document["status"] = STATUSES[asked.action]
                await self._catalog.publish(tx, workspace, [document])
                return
        raise NotFound("There is no journey with this key")

    async def _end_runs(self, tx: Tx, request: Request, key: str) -> int:
        counts = await self._runs.count_runs(tx, request.workspace, key)
        left = 0
        for version in sorted({count[0] for count in counts}):
            left += await self._page(tx, request, MoveInput(
                new_id(self._clock), key, version, 0, self._clock.now()
            ))  # fmt: skip
        return left

    async def _page(self, tx: Tx, request: Request, move: MoveInput) -> int:
        """Moves one page of people; returns how many people are left after it."""
        people = await self._runs.people_in_version(
            tx, request.workspace, move.journey, move.from_version, MOVED_MAX + 1
        )
        work = [Work((request.workspace, person), [move]) for person in people[:MOVED_MAX]]
        if work:
            await self._decider.decide(tx, work, "bulk")
        counts = await self._runs.count_runs(tx, request.workspace, move.journey)
        return sum(count[2] for count in counts if count[0] == move.from_version)

    async def _move(self, tx: Tx, request: Request, asked: wire.JourneyAsked) -> dict[str, Any]:
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        journey = catalog.journeys.get((asked.journey, asked.to_version))
        if journey is None:
            raise NotFound(f"There is no version {asked.to_version} of this journey")
        counts = await self._runs.count_runs(tx, request.workspace, asked.journey)
        moves, nowhere = [], []
        for version, step, people, _, _ in counts:
            if version == asked.from_version:
                target = target_of(journey, step, asked.steps)
                moves.append({"from": step, "to": target, "people": people})
                if target is None:
                    nowhere.append({"pointer": f"/steps/{step}", "detail": "names no step there"})
        if nowhere:
            raise Invalid("Some steps are not in that version: say where people go", errors=nowhere)
        told = {"journey": asked.journey, "dry_run": asked.dry_run, "moves": moves}
        if asked.dry_run:
            return told
        move = MoveInput(
            new_id(self._clock), asked.journey, asked.from_version, asked.to_version,
            self._clock.now(), asked.steps,
        )  # fmt: skip
        return told | {"left": await self._page(tx, request, move)}


def _versions(catalog: Catalog, key: str) -> Sequence[int]:
    """The versions of a journey, newest first."""
    return sorted((version for k, version in catalog.journeys if k == key), reverse=True)
