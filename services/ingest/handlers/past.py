"""Answers what is on record of people, for rules that begin to ask for more than was kept."""

from kit.bus.rpc import Request
from kit.db.database import Tx
from services.ingest import wire
from services.ingest.ports import Store

EVENTS_MAX = 5_000
"""Events per answer: about 1 MB."""


class Archive:
    """Answers `past`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_past(self, tx: Tx, request: Request) -> bytes:
        """A page of events of these profiles, in order of profile and number.

        The last numbers are read first: what is answered holds every event up to them.
        """
        asked = wire.read_past(request)
        heads, traits = {}, {}
        if asked.after is None:
            heads = await self._store.last_seqs(tx, request.workspace, asked.profiles)
            if asked.with_traits:
                keys = [(request.workspace, profile) for profile in asked.profiles]
                traits = await self._store.traits(tx, keys)
        events = await self._store.past_events(tx, request.workspace, asked, EVENTS_MAX)
        known = {profile: found for (_, profile), found in traits.items()}
        return wire.past_reply(heads, known, events, more=len(events) == EVENTS_MAX)
