"""Segments at the public door."""

import json

from contracts import topology
from contracts.gen.kairos.catalog.v1 import catalog_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.gen.kairos.profiles.v1 import profile_pb2
from kit.ids import new_id
from tests.integration.gateway.conftest import Door, clock

RULE = {"rule": {"event": "ordered"}}


async def test_segment_is_answered_with_size_and_progress(door: Door) -> None:
    document = catalog_pb2.Document(
        kind="segment", key="buyers", revision=3, body_json=json.dumps(RULE).encode()
    )
    told = {"members": 7, "state": "counting", "counting": {"done": 10, "people": 100}}
    door.toys.says(
        topology.CATALOG,
        lambda _: decision.CatalogReply(revision=3, documents=[document]).SerializeToString(),
    )
    door.toys.says(
        topology.SEGMENT,
        lambda _: decision.SegmentReply(segment_json=json.dumps(told).encode()).SerializeToString(),
    )

    answer = await door.http.get("/v1/segments/buyers", headers=door.key("reader"))

    assert answer.json() == {
        "kind": "segment", "key": "buyers", "revision": 3, **RULE, **told,
    }  # fmt: skip


async def test_unknown_segment_is_not_found(door: Door) -> None:
    answer = await door.http.get("/v1/segments/nobody", headers=door.key("reader"))

    assert answer.status_code == 404


async def test_members_are_paged(door: Door) -> None:
    people = [new_id(clock) for _ in range(2)]
    door.toys.says(
        topology.MEMBERS,
        lambda _: decision.MembersReply(
            members=[decision.Member(person=each.bytes, entered_at_us=1) for each in people]
        ).SerializeToString(),
    )
    url = "/v1/segments/buyers/members"

    answer = await door.http.get(url, params={"limit": 2}, headers=door.key("reader"))
    cursor = answer.json()["next_cursor"]
    await door.http.get(url, params={"cursor": cursor}, headers=door.key("reader"))
    wrong = await door.http.get(url, params={"cursor": "x"}, headers=door.key("reader"))

    assert [each["profile_id"] for each in answer.json()["items"]] == [str(p) for p in people]
    second = decision.MembersRequest.FromString(door.toys.requests(topology.MEMBERS)[1].body)
    assert second.after == people[-1].bytes
    assert wrong.status_code == 422


async def test_segments_of_a_person(door: Door) -> None:
    anna = new_id(clock)
    door.toys.says(
        topology.PROFILE,
        lambda _: ingest.ProfileReply(
            profile=profile_pb2.Profile(id=anna.bytes)
        ).SerializeToString(),
    )
    told = [{"segment": "buyers", "entered_at": "2026-03-02T12:00:00Z"}]
    door.toys.says(
        topology.SEGMENTS_OF,
        lambda _: decision.SegmentsOfReply(
            segments_json=json.dumps(told).encode()
        ).SerializeToString(),
    )

    answer = await door.http.get(f"/v1/profiles/{anna}/segments", headers=door.key("reader"))

    assert answer.json() == {"items": told}


async def test_preview_is_asked_with_the_rule_and_its_mistakes_are_told(door: Door) -> None:
    told = {"count": 2, "exact": True, "people": 9, "sample": [], "unknown": []}
    door.toys.says(
        topology.SEGMENT_PREVIEW,
        lambda _: decision.SegmentPreviewReply(
            preview_json=json.dumps(told).encode()
        ).SerializeToString(),
    )

    answer = await door.http.post(
        "/v1/segments/preview", json=RULE | {"sample": 3}, headers=door.key("reader")
    )
    wrong = await door.http.post("/v1/segments/preview", json={}, headers=door.key("reader"))

    [asked] = door.toys.requests(topology.SEGMENT_PREVIEW)
    request = decision.SegmentPreviewRequest.FromString(asked.body)
    assert answer.json() == told
    assert (json.loads(request.rule_json), request.exact, request.sample) == (RULE["rule"], True, 3)
    assert wrong.status_code == 422


async def test_schema_of_a_kind_is_answered(door: Door) -> None:
    door.toys.says(
        topology.SCHEMA,
        lambda _: decision.SchemaReply(schema_json=b'{"title": "segment"}').SerializeToString(),
    )

    answer = await door.http.get("/v1/schemas/segment", headers=door.key("reader"))

    assert answer.json() == {"title": "segment"}
