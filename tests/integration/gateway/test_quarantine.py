"""The quarantine over HTTP: what is asked of ingest, and what comes back."""

from uuid import UUID

from contracts.gen.kairos.events.v1 import event_pb2
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.topology import ACCEPT, QUARANTINE, REPLAY_QUARANTINE
from tests.integration.gateway.conftest import Door

HELD = ingest.QuarantinedEvent(
    id=UUID(int=7).bytes,
    message_id="m-1",
    kind=event_pb2.EVENT_KIND_TRACK,
    name="Order Completed",
    user_id="u1",
    occurred_at_us=1,
    received_at_us=2,
    properties_json=b'{"total":"3"}',
    pointer="/properties/total",
    reason="breaks type of the schema: number",
)


async def test_what_waits_is_shown_with_the_reason(door: Door) -> None:
    reply = ingest.QuarantineReply(events=[HELD], more=True).SerializeToString()
    door.toys.says(QUARANTINE, lambda _: reply)
    answer = await door.http.get(
        "/v1/quarantine",
        params={"event": "Order Completed", "limit": 1, "cursor": str(UUID(int=3))},
        headers=door.key("reader"),
    )

    page = answer.json()
    assert page["next_cursor"] == page["items"][0]["id"] == str(UUID(int=7))
    assert page["items"][0]["properties"] == {"total": "3"}
    assert "anonymous_id" not in page["items"][0]
    asked = ingest.QuarantineRequest.FromString(door.toys.requests(QUARANTINE)[-1].body)
    assert (asked.event, asked.limit, asked.after) == ("Order Completed", 1, UUID(int=3).bytes)


async def test_wrong_cursor_is_refused(door: Door) -> None:
    answer = await door.http.get(
        "/v1/quarantine", params={"cursor": "x"}, headers=door.key("reader")
    )

    assert answer.status_code == 422


async def test_replay_names_what_it_wants(door: Door) -> None:
    reply = ingest.ReplayQuarantineReply(replayed=2, waiting=1).SerializeToString()
    door.toys.says(REPLAY_QUARANTINE, lambda _: reply)
    wanted = {"ids": [str(UUID(int=7))], "event": "Order Completed"}
    answer = await door.http.post("/v1/quarantine/replay", json=wanted, headers=door.key("secret"))

    assert answer.json() == {"replayed": 2, "waiting": 1}
    body = door.toys.requests(REPLAY_QUARANTINE)[-1].body
    asked = ingest.ReplayQuarantineRequest.FromString(body)
    assert ([*asked.ids], asked.event) == ([UUID(int=7).bytes], "Order Completed")
    refused = await door.http.post("/v1/quarantine/replay", json={}, headers=door.key("reader"))
    assert refused.status_code == 403


async def test_sender_of_a_quarantined_event_is_told_success(door: Door) -> None:
    """Nothing is lost, so there is nothing to send again."""
    reply = ingest.AcceptReply(quarantined=1).SerializeToString()
    door.toys.says(ACCEPT, lambda _: reply)
    answer = await door.http.post(
        "/v1/track", json={"userId": "u1", "event": "x"}, headers=door.key("secret")
    )

    assert answer.content == b'{"success": true}'
