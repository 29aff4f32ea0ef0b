"""Reads people's past from ingest, page by page."""

from collections.abc import Sequence
from uuid import UUID

from contracts.topology import PAST
from kit.bus.rpc import Caller
from services.decision.domain.recounting import Past, PastEvent
from services.decision.wire import past as wire


class IngestPast:
    """Asks ingest; Unavailable where it does not answer."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def read(
        self, workspace: str, profiles: Sequence[UUID], events: Sequence[str], *, traits: bool
    ) -> Past:
        """Events of these names of at most 1,000 profiles, and their traits if asked for."""
        found: dict[UUID, list[PastEvent]] = {}
        body = wire.past_request(profiles, events, None, traits=traits)
        past, page, more = wire.past_page(await self._caller.call(PAST, workspace, body))
        while True:
            for event in page:
                found.setdefault(event.profile, []).append(event)
            if not more:
                return past._replace(events=found)
            body = wire.past_request(profiles, events, page[-1], traits=False)
            _, page, more = wire.past_page(await self._caller.call(PAST, workspace, body))
