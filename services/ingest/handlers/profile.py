"""Answers who somebody is."""

from kit.bus.rpc import Request
from kit.db.database import Tx
from kit.errors import NotFound
from services.ingest import wire
from services.ingest.domain import refs
from services.ingest.ports import Store


async def on_profile(tx: Tx, request: Request, *, store: Store) -> bytes:
    """The living profile a reference leads to; NotFound for an unknown or unreadable one."""
    ref = refs.parse(wire.read_profile(request))
    person = await store.find_person(tx, request.workspace, ref) if ref else None
    if person is None:
        raise NotFound(
            "There is no such profile: name it by its id, user:<userId>, anonymous:<id> or "
            "email:<address>"
        )
    return wire.profile_reply(person)
