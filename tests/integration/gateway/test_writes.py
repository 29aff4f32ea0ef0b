"""Idempotency-Key and audit trail."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.delivery.v1 import service_pb2 as delivery
from contracts.gen.kairos.ingest.v1 import service_pb2 as ingest
from contracts.gen.kairos.profiles.v1 import profile_pb2
from contracts.topology import APPLY, CHECK_TEMPLATES, PROFILE, RENDER_TEMPLATE
from gateway import writes
from gateway.store import idempotency as store
from kit.bus.rpc import Request
from kit.errors import Invalid, Unavailable
from tests.integration.gateway.conftest import Door

BODY = {"documents": [{"kind": "topic", "key": "tips"}]}


@pytest.fixture(autouse=True)
def catalog(door: Door) -> None:
    """Decision makes a new revision with each apply."""

    def apply(_: Request) -> bytes:
        revision = len(door.toys.requests(APPLY))
        return decision.ApplyReply(revision=revision).SerializeToString()

    door.toys.says(APPLY, apply)


async def apply(
    door: Door, key: str | None = None, body: object = BODY, who: str = "secret"
) -> httpx.Response:
    headers = door.key(who) | ({"idempotency-key": key} if key is not None else {})
    return await door.http.post("/v1/apply", json=body, headers=headers)


async def rows(door: Door, sql: str) -> list[Any]:
    async with door.ctx.db.worker(readonly=True) as tx:
        return await tx.fetch(sql)


async def test_same_request_is_answered_from_the_record(door: Door) -> None:
    first = await apply(door, "k1")
    second = await apply(door, "k1")

    assert second.status_code == 200
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["idempotency-replayed"] == "true"
    assert len(door.toys.requests(APPLY)) == 1


async def test_other_request_under_the_same_key_is_refused(door: Door) -> None:
    await apply(door, "k1")
    answer = await apply(door, "k1", {"documents": []})

    assert answer.status_code == 422
    assert len(door.toys.requests(APPLY)) == 1


async def test_key_belongs_to_its_workspace(door: Door) -> None:
    await apply(door, "k1")
    answer = await apply(door, "k1", who="other")

    assert answer.status_code == 200
    assert door.toys.requests(APPLY)[1].workspace == "othershop"


async def test_second_request_while_the_first_is_under_way_is_409(door: Door) -> None:
    answers = await asyncio.gather(*(apply(door, "k1") for _ in range(10)))
    statuses = {each.status_code for each in answers}

    assert statuses <= {200, 409}
    assert 200 in statuses
    assert len(door.toys.requests(APPLY)) == 1


async def test_refusal_is_kept_too(door: Door) -> None:
    def refuse(_: Request) -> bytes:
        raise Invalid("No such kind")

    door.toys.says(APPLY, refuse)
    first, second = await apply(door, "k1"), await apply(door, "k1")

    assert first.status_code == second.status_code == 422
    assert second.json()["detail"] == "No such kind"
    assert second.headers["content-type"] == "application/problem+json"
    assert len(door.toys.requests(APPLY)) == 1


async def test_request_that_failed_may_be_tried_again(door: Door) -> None:
    answers = iter([Unavailable(), None])

    def fail_once(_: Request) -> bytes:
        if error := next(answers):
            raise error
        return decision.ApplyReply(revision=7).SerializeToString()

    door.toys.says(APPLY, fail_once)
    assert (await apply(door, "k1")).status_code == 503
    assert (await apply(door, "k1")).json()["revision"] == 7


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ä"])
async def test_unusable_key_is_refused(door: Door, key: str) -> None:
    headers = [*door.key("secret").items(), ("idempotency-key", key)]
    raw = [(name.encode(), value.encode()) for name, value in headers]
    answer = await door.http.post("/v1/apply", json=BODY, headers=raw)

    assert answer.status_code == 422


async def test_request_of_a_gateway_that_died_may_be_taken_over(door: Door) -> None:
    await apply(door, "k1")
    async with door.ctx.db.worker() as tx:
        await tx.execute("UPDATE idempotency_records SET status = NULL, body = NULL")
    assert (await apply(door, "k1")).status_code == 409

    async with door.ctx.db.worker() as tx:
        await tx.execute(
            "UPDATE idempotency_records SET begun_at = begun_at - $1::interval",
            writes.STALE_AFTER,
        )
    assert (await apply(door, "k1")).status_code == 200
    assert len(door.toys.requests(APPLY)) == 2


async def test_record_is_forgotten_after_a_day(door: Door) -> None:
    await apply(door, "k1")
    async with door.ctx.db.worker() as tx:
        await tx.execute(
            "UPDATE idempotency_records SET begun_at = begun_at - $1::interval",
            writes.KEPT_FOR + timedelta(seconds=1),
        )
    await apply(door, "k1", {"documents": []})
    assert len(door.toys.requests(APPLY)) == 2

    async with door.ctx.db.worker() as tx:
        assert await store.forget_expired(tx, door.ctx.clock.now()) == 1
    assert await rows(door, "SELECT 1 FROM idempotency_records") == []


async def test_every_write_is_in_the_audit_trail_without_personal_data(door: Door) -> None:
    applied = await apply(door)
    await door.http.put(
        "/v1/profiles/email:anna@example.com/mute", json={}, headers=door.key("secret")
    )
    await apply(door, who="reader")

    found = await rows(door, "SELECT * FROM audit_entries ORDER BY id")
    assert [(each["action"], each["status"]) for each in found] == [
        ("POST /v1/apply", 200),
        ("PUT /v1/profiles/{ref}/mute", 500),
    ]
    assert found[0]["trace_id"] == applied.headers["x-request-id"]
    assert "anna" not in json.dumps([str(dict(each)) for each in found])


TEMPLATE = {"kind": "template", "key": "t", "channel": "email", "topic": "tips"}


def _says(door: Door, *, refuses: bool) -> None:
    finding = delivery.TemplateFinding(
        document="template t", path="content.de", flaw="no_imprint", expected="it", refuses=refuses
    )
    reply = delivery.CheckTemplatesReply(findings=[finding]).SerializeToString()
    door.toys.says(CHECK_TEMPLATES, lambda _: reply)


async def test_template_that_is_not_fit_to_be_sent_is_not_saved(door: Door) -> None:
    _says(door, refuses=True)
    answer = await apply(door, body={"documents": [TEMPLATE]})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["flaw"] == "no_imprint"
    assert door.toys.requests(APPLY) == []


async def test_advice_comes_with_the_revision(door: Door) -> None:
    _says(door, refuses=False)
    answer = await apply(door, body={"documents": [TEMPLATE]})

    assert answer.status_code == 200
    assert answer.json()["advice"][0]["flaw"] == "no_imprint"


async def test_catalog_without_templates_needs_no_delivery(door: Door) -> None:
    await door.toys.stop("delivery")
    body = {"documents": [{"kind": "ask", "key": "a", "done_when": {"event": "x"}}]}
    assert (await apply(door, body=body)).status_code == 200
    assert (await apply(door, body={"documents": [TEMPLATE]})).status_code == 503


async def test_preview_is_rendered_with_the_persons_traits(door: Door) -> None:
    person = profile_pb2.Profile(
        id=bytes(16), traits_json=b'{"first_name": "Anna", "locale": "de"}'
    )
    door.toys.says(PROFILE, lambda _: ingest.ProfileReply(profile=person).SerializeToString())
    reply = delivery.RenderTemplateReply(channel="email", subject="S", html="H", text="T")
    door.toys.says(RENDER_TEMPLATE, lambda _: reply.SerializeToString())
    answer = await door.http.post(
        "/v1/templates/t/render",
        json={"profile": "user:anna", "data": {"amount": 3}},
        headers=door.key("reader"),
    )

    assert answer.json() == {"channel": "email", "subject": "S", "html": "H", "text": "T"}
    asked = delivery.RenderTemplateRequest.FromString(door.toys.requests(RENDER_TEMPLATE)[0].body)
    assert asked.locale == "de"
    assert json.loads(asked.variables_json)["profile"]["first_name"] == "Anna"
    assert json.loads(asked.variables_json)["event"] == {"amount": 3}
