"""Answers what is on timelines."""

import msgspec

from kit.bus.rpc import Request
from kit.db.database import Tx
from services.history import wire
from services.history.domain.page import Place
from services.history.ports import Timelines


async def on_timeline(tx: Tx, request: Request, *, timelines: Timelines) -> bytes:
    """A page of somebody's timeline, newest first."""
    query = wire.read_query(request)
    entries = await timelines.page(tx, msgspec.structs.replace(query, limit=query.limit + 1))
    if len(entries) <= query.limit:
        return wire.page_reply(entries, None)
    last = entries[query.limit - 1]
    return wire.page_reply(entries[: query.limit], Place(last.at, last.recorded_at, last.id))
