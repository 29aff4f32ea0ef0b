"""Answers about segments: how many are in one and who, how far counting is, where a person is."""

from typing import Any

from kit.bus.rpc import Request
from kit.db.database import Tx
from kit.errors import NotFound
from services.decision.domain.catalog import Catalog
from services.decision.domain.civil import from_s
from services.decision.domain.segment_numbers import number_of
from services.decision.domain.state import PersonState
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.permission import read_state
from services.decision.handlers.previews import PreviewDesk
from services.decision.ports.members import MemberStore, Settlement
from services.decision.ports.queries import Store
from services.decision.wire import segments as wire


class SegmentDesk:
    """Answers `segment`, `members` and `segments_of`; `previews` answers about rules to be."""

    def __init__(
        self, store: Store, members: MemberStore, catalogs: Catalogs, previews: PreviewDesk
    ) -> None:
        self.previews = previews
        self._store = store
        self._members = members
        self._catalogs = catalogs

    async def on_segment(self, tx: Tx, request: Request) -> bytes:
        """How many members a segment has, and whether everybody has been counted in."""
        key = wire.segment_key(request.body)
        revision = await self._revision_of(tx, request.workspace, key)
        settlement = await self._members.get_settlement(tx, request.workspace)
        members = await self._members.count_members(tx, request.workspace, key)
        return wire.segment_reply({"members": members, **_progress(settlement, revision)})

    async def on_members(self, tx: Tx, request: Request) -> bytes:
        """One page of members, in order of person."""
        asked = wire.members_request(request.body)
        await self._revision_of(tx, request.workspace, asked.key)
        found = await self._members.list_members(
            tx, request.workspace, asked.key, asked.after, asked.limit
        )
        return wire.members_reply(found)

    async def on_segments_of(self, tx: Tx, request: Request) -> bytes:
        """The segments a person is in, and since when."""
        key = (request.workspace, wire.person_of_segments(request.body))
        catalog = (await self._catalogs.current(tx, {request.workspace}))[request.workspace]
        state = await read_state(tx, self._store, key)
        return wire.segments_of_reply(_memberships(state, catalog))

    async def _revision_of(self, tx: Tx, workspace: str, key: str) -> int:
        catalog = (await self._catalogs.current(tx, {workspace}))[workspace]
        segment = catalog.segments.numbers.get(number_of(key))
        if segment is None or segment.key != key:
            raise NotFound("There is no segment with this key")
        return segment.revision


def _progress(settlement: Settlement | None, revision: int) -> dict[str, Any]:
    """`active` once everybody has been counted in, `counting` until then."""
    if settlement is None or settlement.revision < revision:
        return {"state": "counting", "counting": {"done": 0}}
    if settlement.settled_at_revision >= revision:
        return {"state": "active"}
    counting = {
        "done": settlement.done,
        "people": max(settlement.people, settlement.done),
        "started_at": settlement.started_at,
    }
    return {"state": "counting", "counting": counting}


def _memberships(state: PersonState, catalog: Catalog) -> list[dict[str, Any]]:
    found = [
        {"segment": segment.key, "entered_at": from_s(since_s)}
        for number, since_s in state.segments.items()
        if (segment := catalog.segments.numbers.get(number))
    ]
    return sorted(found, key=lambda each: str(each["segment"]))
