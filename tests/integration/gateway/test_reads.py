"""Reads: what the services say, as the public API shows it; nothing crosses workspaces."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.gen.kairos.catalog.v1 import catalog_pb2
from contracts.gen.kairos.decision.v1 import judging_pb2, requests_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.decisions.v1 import decision_pb2
from contracts.gen.kairos.deliveries.v1 import delivery_pb2
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery
from contracts.gen.kairos.history.v1 import service_pb2 as history
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.gen.kairos.profiles.v1 import profile_pb2
from contracts.topology import (
    APPLY,
    CATALOG,
    DECISION,
    JOURNEYS,
    MESSAGE,
    NEXT,
    OUTCOMES,
    PREVIEW,
    PROFILE,
    REPORT,
    SEND,
    TAKE_RECEIPTS,
    TIMELINE,
)
from kit.bus.rpc import Request
from kit.clock import to_us
from kit.errors import NotFound
from tests.integration.gateway.conftest import Door

PERSON, MERGED, DECISION_ID, MESSAGE_ID = (UUID(int=number) for number in range(1, 5))
AT_US = 1_767_225_600_000_000
AT = "2026-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def anna(door: Door) -> None:
    """One person, in one workspace."""

    def profile(request: Request) -> bytes:
        if request.workspace != "fitshop":
            raise NotFound("There is no such profile")
        return ingest.ProfileReply(
            profile=profile_pb2.Profile(
                id=PERSON.bytes,
                user_ids=["u1"],
                traits_json=b'{"email":"anna@example.com"}',
                created_at_us=AT_US,
                last_seen_at_us=AT_US,
                merged=[MERGED.bytes],
            )
        ).SerializeToString()

    door.toys.says(PROFILE, profile)


async def get(door: Door, path: str, key: str = "reader", **query: Any) -> Any:
    answer = await door.http.get(path, headers=door.key(key), params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_profile_is_shown(door: Door) -> None:
    assert await get(door, "/v1/profiles/user:u1") == {
        "id": str(PERSON),
        "user_ids": ["u1"],
        "anonymous_ids": [],
        "traits": {"email": "anna@example.com"},
        "created_at": AT,
        "last_seen_at": AT,
        "merged": [str(MERGED)],
    }
    request = ingest.ProfileRequest.FromString(door.toys.requests(PROFILE)[0].body)
    assert request.ref == "user:u1"


async def test_ref_may_contain_a_slash(door: Door) -> None:
    """Ids are whatever another system calls its people."""
    for path in ("", "/timeline", "/journeys"):
        await door.http.get(f"/v1/profiles/user:a%2Fb{path}", headers=door.key("reader"))

    asked = [ingest.ProfileRequest.FromString(r.body).ref for r in door.toys.requests(PROFILE)]
    assert asked == ["user:a/b"] * 3


async def test_nul_reaches_nobody(door: Door) -> None:
    """Postgres cannot store it."""
    for path in ("/v1/profiles/user:%00", "/v1/profiles/user:u1/timeline?cursor=%00"):
        answer = await door.http.get(path, headers=door.key("reader"))
        assert answer.status_code == 400
    assert door.toys.asked == {}


async def test_timeline_asks_for_all_of_the_person_and_leaves_out_what_is_absent(
    door: Door,
) -> None:
    item = history.TimelineItem(
        id=DECISION_ID.bytes,
        kind="decision",
        at_us=AT_US,
        recorded_at_us=AT_US,
        reason="cap",
        refs={"decision": str(DECISION_ID)},
        data_json=b'{"rule":"cap"}',
        trace_id="0af7651916cd43dd8448eb211c80319c",
    )
    reply = history.TimelineReply(items=[item], next_cursor="more")
    door.toys.says(TIMELINE, lambda _: reply.SerializeToString())
    shown = await get(
        door,
        "/v1/profiles/user:u1/timeline",
        kind=["decision,message", "event"],
        channel="email",
        since=AT,
        limit=7,
        cursor="c",
    )

    assert shown == {
        "items": [
            {
                "id": str(DECISION_ID),
                "kind": "decision",
                "at": AT,
                "recorded_at": AT,
                "reason": "cap",
                "refs": {"decision": str(DECISION_ID)},
                "data": {"rule": "cap"},
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
            }
        ],
        "next_cursor": "more",
    }
    asked = history.TimelineRequest.FromString(door.toys.requests(TIMELINE)[0].body)
    assert list(asked.persons) == [PERSON.bytes, MERGED.bytes]
    assert list(asked.kinds) == ["decision", "message", "event"]
    assert (list(asked.channels), asked.limit, asked.cursor) == (["email"], 7, "c")
    assert (asked.since_us, asked.until_us) == (AT_US, 0)


async def test_wrong_query_is_422(door: Door) -> None:
    wrong: dict[str, str | int] = {"limit": 0, "since": "yesterday", "sort": "asc"}
    answer = await door.http.get(
        "/v1/profiles/user:u1/timeline", params=wrong, headers=door.key("reader")
    )

    assert answer.status_code == 422
    assert {each["parameter"] for each in answer.json()["errors"]} == set(wrong)


async def test_decision_tells_the_whole_story(door: Door) -> None:
    verdict = decision_pb2.Verdict(
        rule="quiet_hours",
        outcome="held",
        reason="quiet",
        until_us=AT_US,
        sentence_en="It is night",
        sentence_de="Es ist Nacht",
    )
    candidate = decision_pb2.Candidate(
        template="hook", channel="email", message_class="marketing", priority=5, verdicts=[verdict]
    )
    made = decision_pb2.DecisionMade(
        outcome=decision_pb2.OUTCOME_HELD,
        at_us=AT_US,
        trigger_kind="event",
        trigger_name="Order Completed",
        candidates=[candidate],
        reason="held",
        reason_en="It waits until the morning",
        catalog_revision=3,
        action_probability=0.25,
        model_revision=8,
        bucket="quiet",
        actions=[decision_pb2.Action(template="hook", variant="b", channel="email", share=250_000)],
        seed=2**61,
    )
    reply = decision.DecisionReply(
        person=PERSON.bytes,
        decision=made,
        basis_json=b'{"seed":1}',
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    door.toys.says(DECISION, lambda _: reply.SerializeToString())

    assert await get(door, f"/v1/decisions/{DECISION_ID}") == {
        "id": str(DECISION_ID),
        "profile_id": str(PERSON),
        "outcome": "held",
        "at": AT,
        "trigger": {"kind": "event", "name": "Order Completed"},
        "reason": "held",
        "sentence": {"en": "It waits until the morning"},
        "candidates": [
            {
                "template": "hook",
                "channel": "email",
                "class": "marketing",
                "priority": 5,
                "verdicts": [
                    {
                        "rule": "quiet_hours",
                        "outcome": "held",
                        "reason": "quiet",
                        "until": AT,
                        "sentence": {"en": "It is night", "de": "Es ist Nacht"},
                    }
                ],
            }
        ],
        "catalog_revision": 3,
        "action_probability": 0.25,
        "actions": [{"template": "hook", "variant": "b", "channel": "email", "probability": 0.25}],
        "model_revision": 8,
        "bucket": "quiet",
        "seed": "2305843009213693952",
        "basis": {"seed": 1},
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


async def test_message_shows_attempts_and_receipts(door: Door) -> None:
    attempt = delivery_pb2.AttemptFinished(
        attempt=1,
        outcome=delivery_pb2.ATTEMPT_OUTCOME_ACCEPTED,
        at_us=AT_US,
        called_at_us=AT_US,
        provider="smtp",
        content_sha256=b"\x01\x02",
    )
    receipt = delivery_pb2.ReceiptTaken(kind=delivery_pb2.RECEIPT_KIND_OPENED, at_us=AT_US)
    reply = delivery.MessageReply(
        message_id=MESSAGE_ID.bytes,
        decision_id=DECISION_ID.bytes,
        person=PERSON.bytes,
        state="accepted",
        channel="email",
        template="hook",
        attempts=[attempt],
        receipts=[receipt],
    )
    door.toys.says(MESSAGE, lambda _: reply.SerializeToString())
    shown = await get(door, f"/v1/messages/{MESSAGE_ID}")

    assert (shown["id"], shown["state"]) == (str(MESSAGE_ID), "accepted")
    assert shown["attempts"][0]["outcome"] == "accepted"
    assert shown["attempts"][0]["content_sha256"] == "0102"
    assert shown["receipts"] == [{"kind": "opened", "at": AT, "machine": False}]


async def test_journeys_and_outcomes_are_shown(door: Door) -> None:
    journeys = decision.JourneysReply(journeys_json=b'[{"journey":"three-acts"}]')
    door.toys.says(JOURNEYS, lambda _: journeys.SerializeToString())
    counts = history.OutcomesReply(counts=[history.OutcomeCount(kind="decision", count=4)])
    door.toys.says(OUTCOMES, lambda _: counts.SerializeToString())

    shown = await get(door, "/v1/profiles/user:u1/journeys")
    assert shown == {"items": [{"journey": "three-acts"}]}
    shown = await get(door, "/v1/reports/outcomes")
    assert shown == {"items": [{"kind": "decision", "count": 4}]}


async def test_reports_are_tables_of_numbers(door: Door) -> None:
    """Items by column name; as CSV the same columns, absent values empty."""
    reply = history.ReportReply(
        columns=["channel", "sent", "open_rate"],
        rows_json=b'[["email",4,0.5],["sms",0,null]]',
        notes_json=b'{"x":1}',
    )
    door.toys.says(REPORT, lambda _: reply.SerializeToString())

    shown = await get(door, "/v1/reports/messages", by="channel,day", since="2026-05-01")
    assert shown["items"][0] == {"channel": "email", "sent": 4, "open_rate": 0.5}
    assert shown["notes"] == {"x": 1}
    asked = history.ReportRequest.FromString(door.toys.requests(REPORT)[0].body)
    assert (asked.report, list(asked.by)) == ("messages", ["channel", "day"])
    assert asked.since_us == to_us(datetime(2026, 5, 1, tzinfo=UTC))
    for report in ("entries", "pressure"):
        assert "items" in await get(door, f"/v1/reports/{report}")

    answer = await door.http.get("/v1/reports/messages?format=csv", headers=door.key("secret"))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines() == ["channel,sent,open_rate", "email,4,0.5", "sms,0,"]


async def test_catalog_is_applied_and_read(door: Door) -> None:
    change = catalog_pb2.Change(
        kind="topic", key="tips", change="updated", diff_json=b'[{"path":"/name"}]'
    )
    door.toys.says(
        APPLY,
        lambda _: decision.ApplyReply(revision=2, changes=[change]).SerializeToString(),
    )
    text = "kind: topic\nkey: tips\n---\nkind: policy\nkey: night\nrule: {from: 22:00}\n"
    answer = await door.http.post(
        "/v1/apply?dry_run=true",
        content=text,
        headers=door.key("secret") | {"content-type": "application/yaml"},
    )

    assert answer.json() == {
        "revision": 2,
        "dry_run": True,
        "advice": [],
        "changes": [
            {"kind": "topic", "key": "tips", "change": "updated", "diff": [{"path": "/name"}]}
        ],
    }
    asked = decision.ApplyRequest.FromString(door.toys.requests(APPLY)[0].body)
    assert asked.dry_run
    assert json.loads(asked.documents_json)[1]["rule"] == {"from": "22:00"}


async def test_one_document_is_put_where_the_path_says(door: Door) -> None:
    door.toys.says(APPLY, lambda _: decision.ApplyReply(revision=1).SerializeToString())
    headers = door.key("secret")
    answer = await door.http.put("/v1/events/Order Completed", json={}, headers=headers)
    assert answer.status_code == 200
    asked = decision.ApplyRequest.FromString(door.toys.requests(APPLY)[0].body)
    assert json.loads(asked.documents_json) == [{"kind": "event", "key": "Order Completed"}]

    answer = await door.http.put("/v1/topics/tips", json={"kind": "ask"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/kind", "detail": "must be topic here"}]
    answer = await door.http.put("/v1/topics/tips", json=[{}, {}], headers=headers)
    assert answer.status_code == 422


async def test_documents_are_listed_with_their_revision(door: Door) -> None:
    def answer(request: Request) -> bytes:
        asked = decision.CatalogRequest.FromString(request.body)
        tips = catalog_pb2.Document(
            kind="topic", key="tips", revision=2, body_json=b'{"kind":"topic","key":"tips"}'
        )
        found = [tips] if asked.kind == "topic" and asked.key in ("", "tips") else []
        return decision.CatalogReply(revision=5, documents=found).SerializeToString()

    door.toys.says(CATALOG, answer)
    tips = {"kind": "topic", "key": "tips", "revision": 2}
    assert await get(door, "/v1/topics") == {"items": [tips]}
    assert await get(door, "/v1/topics/tips") == tips
    missing = await door.http.get("/v1/topics/news", headers=door.key("reader"))
    assert missing.status_code == 404


async def test_webhook_reaches_delivery_untouched(door: Door) -> None:
    reply = delivery.TakeReceiptsReply(taken=2, repeated_items=1)
    door.toys.says(TAKE_RECEIPTS, lambda _: reply.SerializeToString())
    body = b'{ "signed":\n"exactly" }'
    answer = await door.http.post(
        "/v1/webhooks/sandbox",
        content=body,
        headers={"webhook-signature": "v1,abc", "cookie": "no"},
    )

    assert answer.json() == {"taken": 2, "repeated": 1, "unknown": 0}
    asked = delivery.TakeReceiptsRequest.FromString(door.toys.requests(TAKE_RECEIPTS)[0].body)
    assert (asked.provider, asked.body) == ("sandbox", body)
    assert asked.headers["webhook-signature"] == "v1,abc"
    assert "cookie" not in asked.headers


ROUTES = [
    "/v1/profiles/user:u1",
    "/v1/profiles/user:u1/timeline",
    "/v1/profiles/user:u1/permission",
    "/v1/profiles/user:u1/journeys",
    f"/v1/decisions/{DECISION_ID}",
    f"/v1/messages/{MESSAGE_ID}",
    "/v1/topics",
    "/v1/topics/tips",
    "/v1/reports/outcomes",
    "/v1/reports/messages",
]


async def test_workspace_is_the_keys_and_nothing_elses(door: Door) -> None:
    """No header, parameter or path can name another workspace."""
    headers = door.key("other") | {"kairos-workspace": "fitshop", "x-workspace": "fitshop"}
    for path in ROUTES:
        door.toys.asked.clear()
        await door.http.get(path, headers=headers)
        asked = [request for requests in door.toys.asked.values() for request in requests]
        assert {request.workspace for request in asked} == {"othershop"}, path


async def test_read_needs_a_secret_key(door: Door) -> None:
    for path in ROUTES:
        assert (await door.http.get(path)).status_code == 401, path
        assert (await door.http.get(path, headers=door.key("write"))).status_code == 403, path
    assert door.toys.asked == {}


async def test_decision_is_tried_and_says_why_not(door: Door) -> None:
    """What would be decided, and where the person stands; `at` reaches decision."""
    tried = decision_pb2.DecisionMade(outcome=decision_pb2.OUTCOME_SILENCE, at_us=AT_US)
    reply = judging_pb2.PreviewReply(
        at_us=AT_US,
        final=[tried],
        why_not=[judging_pb2.Standing(journey="j", step="s", template="t", standing="outside")],
    )
    door.toys.says(PREVIEW, lambda _: reply.SerializeToString())
    body = {"profile": str(PERSON), "at": AT, "template": "t"}
    found = await door.http.post("/v1/decisions/preview", json=body, headers=door.key("reader"))

    assert found.status_code == 200, found.text
    assert [one["outcome"] for one in found.json()["decisions"]] == ["silence"]
    assert found.json()["why_not"][0]["standing"] == "outside"
    asked = judging_pb2.PreviewRequest.FromString(door.toys.requests(PREVIEW)[0].body)
    assert (asked.at_us, asked.template) == (AT_US, "t")
    unknown = await door.http.post(
        "/v1/decisions/evaluate", json={"policy": "best"}, headers=door.key("reader")
    )
    assert unknown.status_code == 422


async def test_message_asked_for_is_taken_once_or_refused_with_its_reason(door: Door) -> None:
    """The idempotency key reaches decision; a refusal is a 409 that names the decision."""
    body = {"template": "reset", "to": {"profile": "user:u1"}, "class": "transactional"}
    taken = requests_pb2.SendReply(
        message_id=MESSAGE_ID.bytes, decision_id=DECISION_ID.bytes, outcome="message"
    )
    door.toys.says(SEND, lambda _: taken.SerializeToString())
    headers = door.key("secret") | {"idempotency-key": "k1"}
    answers = [await door.http.post("/v1/messages", json=body, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [202, 202], answers[0].text
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["message_id"] == str(MESSAGE_ID)
    [asked] = [requests_pb2.SendRequest.FromString(r.body) for r in door.toys.requests(SEND)]
    assert (asked.key, asked.message_class) == ("k1", "transactional")

    refused = requests_pb2.SendReply(
        decision_id=DECISION_ID.bytes, outcome="silence", reason="no_consent", sentence_en="No."
    )
    door.toys.says(SEND, lambda _: refused.SerializeToString())
    answer = await door.http.post("/v1/messages", json=body, headers=door.key("secret"))
    assert answer.status_code == 409
    assert answer.json()["reason"] == "no_consent"
    assert answer.json()["decision_id"] == str(DECISION_ID)


async def test_next_message_is_answered_or_why_there_is_none(door: Door) -> None:
    """A ref may contain a slash; a reading key may not take slots."""
    reply = requests_pb2.NextReply(
        message_json=b'{"template":"banner","variant":null}', decision_id=DECISION_ID.bytes
    )
    door.toys.says(NEXT, lambda _: reply.SerializeToString())
    body = {"channels": ["in_app"], "placement": "home"}
    path = "/v1/profiles/user:a/b/next"
    answer = await door.http.post(path, json=body, headers=door.key("secret"))

    assert answer.status_code == 200, answer.text
    assert answer.json()["message"] == {"template": "banner"}
    assert (await door.http.post(path, json=body, headers=door.key("reader"))).status_code == 403
    none = await door.http.post(path, json={"channels": []}, headers=door.key("secret"))
    assert none.status_code == 422
