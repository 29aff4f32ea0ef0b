"""Answers what is on timelines."""

import msgspec

from kit.bus.rpc import Request
from kit.db.database import Tx
from services.history.domain.page import Place
from services.history.ports import Timelines
from services.history.wire import answers


async def on_timeline(tx: Tx, request: Request, *, timelines: Timelines) -> bytes:
    """A page of somebody's timeline, newest first."""
    query = answers.read_query(request)
    entries = await timelines.page(tx, msgspec.structs.replace(query, limit=query.limit + 1))
    if len(entries) <= query.limit:
        return answers.page_reply(entries, None)
    last = entries[query.limit - 1]
    return answers.page_reply(entries[: query.limit], Place(last.at, last.recorded_at, last.id))
