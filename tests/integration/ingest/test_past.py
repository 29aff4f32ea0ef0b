"""What is on record of people, for rules that begin to ask for it."""

import json
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.ingest.v1 import service_pb2
from kit.bus.rpc import Request
from kit.errors import TooLarge
from services.ingest.handlers import past
from services.ingest.handlers.past import Archive
from tests.integration.ingest.conftest import WORKSPACE, Desk


async def ask(desk: Desk, **asked: Any) -> service_pb2.PastReply:
    body = service_pb2.PastRequest(**asked).SerializeToString()
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        answer = await Archive(desk.store).on_past(tx, Request(WORKSPACE, body, {}))
    return service_pb2.PastReply.FromString(answer)


async def profile_of(desk: Desk, user: str) -> UUID:
    async with desk.db.api(WORKSPACE, readonly=True) as tx:
        found: UUID = await tx.fetchval("SELECT profile FROM identities WHERE value = $1", user)
    return found


async def test_past_is_read_by_name_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "EVENTS_MAX", 2)
    await desk.send({"type": "identify", "userId": "u1", "traits": {"city": "Berlin"}})
    await desk.send(
        *({"type": "track", "userId": "u1", "event": name, "properties": {"n": i}}
          for i, name in enumerate(("ordered", "viewed", "ordered"))),
        {"type": "page", "userId": "u1", "name": "Home"},
        {"type": "track", "userId": "u2", "event": "ordered"},
    )  # fmt: skip
    anna = await profile_of(desk, "u1")
    asked = {"profiles": [anna.bytes], "events": ["ordered", "$page"], "with_traits": True}

    first = await ask(desk, **asked)
    last = first.events[-1]
    second = await ask(desk, **asked, after_profile=last.profile, after_seq=last.seq)

    [profile] = first.profiles
    assert (profile.last_seq, json.loads(profile.traits_json)) == (5, {"city": "Berlin"})
    assert [(each.event, each.seq) for each in first.events] == [("ordered", 2), ("ordered", 4)]
    assert [json.loads(each.properties_json) for each in second.events] == [{"name": "Home"}]
    assert (first.more, second.more, list(second.profiles)) == (True, False, [])


async def test_too_many_profiles_at_once_are_refused(desk: Desk) -> None:
    with pytest.raises(TooLarge):
        await ask(desk, profiles=[bytes(16)] * 1_001)
