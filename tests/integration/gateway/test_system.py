"""Health, metrics, descriptions, request ids, schema."""

import asyncio
import logging
from datetime import UTC, datetime

import asyncpg
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from contracts.telemetry import SPAN_HTTP
from contracts.topology import ACCEPT, PROFILE
from gateway.tables import metadata
from kit.bus.rpc import Request
from kit.errors import NotFound
from tests.integration.conftest import Databases
from tests.integration.gateway.conftest import Door

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


async def test_ready_when_everything_answers(door: Door) -> None:
    answer = await door.http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"] == dict.fromkeys(
        ["postgres", "nats", "ingest", "decision", "delivery", "history"], True
    )


async def test_not_ready_while_one_is_missing(door: Door) -> None:
    await door.toys.stop("history")
    answer = await door.http.get("/readyz")

    assert answer.status_code == 503
    assert [name for name, is_up in answer.json()["checks"].items() if not is_up] == ["history"]
    assert (await door.http.get("/healthz")).json() == {"status": "ok"}


async def test_metrics_are_those_of_all_processes(door: Door) -> None:
    page = b"# HELP kairos_things Things\n# TYPE kairos_things gauge\nkairos_things 3\n"
    door.toys.answers["metrics"] = lambda _: page
    await door.toys.stop("history")
    answer = await door.http.get("/metrics")
    families = {each.name: each for each in text_string_to_metric_families(answer.text)}

    things = {each.labels["process"]: each.value for each in families["kairos_things"].samples}
    assert things == {"ingest": 3.0, "decision": 3.0, "delivery": 3.0}
    is_up = {each.labels["process"]: each.value for each in families["kairos_up"].samples}
    assert is_up == {"ingest": 1, "decision": 1, "delivery": 1, "history": 0, "gateway": 1}


async def test_descriptions_are_served(door: Door) -> None:
    assert (await door.http.get("/openapi.json")).json()["info"]["title"] == "Kairos"
    assert (await door.http.get("/asyncapi.json")).json()["asyncapi"] == "3.0.0"
    assert "/v1/batch" in (await door.http.get("/docs")).text


async def test_answer_carries_the_trace_as_request_id(door: Door) -> None:
    for path in ("/v1/track", "/nowhere", "/healthz"):
        answer = await door.http.post(path, json={})
        assert len(answer.headers["x-request-id"]) == 32
        assert answer.headers["traceparent"].split("-")[1] == answer.headers["x-request-id"]


async def test_trace_of_the_caller_goes_on_into_the_services(door: Door) -> None:
    answer = await door.http.post(
        "/v1/track", json={"writeKey": "write-key"}, headers={"traceparent": TRACEPARENT}
    )

    assert answer.headers["x-request-id"] == TRACE
    assert door.toys.requests(ACCEPT)[0].headers["traceparent"].split("-")[1] == TRACE


async def test_logs_metrics_and_spans_name_routes_and_never_people(
    door: Door, caplog: pytest.LogCaptureFixture, traced: InMemorySpanExporter
) -> None:
    """A path may carry an address."""

    def unknown(_: Request) -> bytes:
        raise NotFound("There is no such profile")

    caplog.set_level(logging.DEBUG)
    traced.clear()
    door.toys.says(PROFILE, unknown)
    anna = "email:anna@example.com"
    for path in (f"/v1/profiles/{anna}", f"/v1/profiles/{anna}/timeline", f"/nowhere/{anna}"):
        await door.http.get(path, headers=door.key("reader"))

    spans = traced.get_finished_spans()
    ours = [record for record in caplog.records if record.name.startswith("kairos")]
    named = [dict(each.attributes or {}) for each in spans if each.name == SPAN_HTTP]
    assert [each["http.route"] for each in named] == [
        "/v1/profiles/{ref}",
        "/v1/profiles/{ref}/timeline",
        "",
    ]
    assert all("anna" not in each.to_json() for each in spans)
    assert all("anna" not in record.getMessage() for record in ours)
    assert "anna" not in (await door.http.get("/metrics")).text


async def test_development_clock_is_off(door: Door) -> None:
    for answer in (
        await door.http.get("/v1/dev/clock", headers=door.key("secret")),
        await door.http.post("/v1/dev/clock", json={"advance": "P1D"}, headers=door.key("secret")),
    ):
        assert answer.status_code == 404


async def test_revoked_key_is_refused_within_five_seconds(door: Door) -> None:
    path = "/v1/topics/tips"
    assert (await door.http.get(path, headers=door.key("reader"))).status_code != 401
    async with door.ctx.db.worker() as tx:
        await tx.execute("UPDATE api_keys SET revoked_at = $1", datetime(2026, 1, 1, tzinfo=UTC))

    async with asyncio.timeout(6):
        while (await door.http.get(path, headers=door.key("reader"))).status_code != 401:
            await asyncio.sleep(0.2)


async def test_dump_of_the_database_holds_no_usable_key(door: Door) -> None:
    async with door.ctx.db.worker(readonly=True) as tx:
        found = await tx.fetch("SELECT * FROM api_keys")
    assert len(found) == 5
    assert "secret-key" not in str([list(each.values()) for each in found])


async def test_api_role_sees_one_workspace(databases: Databases) -> None:
    """Row-level security is forced, and without a workspace nothing is seen."""
    api, _ = databases.dsns["gateway"]
    connection = await asyncpg.connect(api)
    try:
        for table in metadata.tables:
            assert await connection.fetchval(
                "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class"
                " WHERE oid = $1::regclass",
                table,
            ), table
            assert await connection.fetch(f"SELECT * FROM {table}") == []
    finally:
        await connection.close()
