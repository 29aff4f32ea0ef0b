"""Questions between services."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kit.bus.connection import Connection
from kit.bus.rpc import REQUEST_BYTES_MAX, Caller, Endpoint, Endpoints, Request
from kit.bus.spec import EndpointSpec, Mode
from kit.db.database import Tx
from kit.errors import (
    Broken,
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    Overloaded,
    TooLarge,
    Unavailable,
)
from kit.telemetry import span
from tests.integration.bus.toys import World, value


def spec(method: str, mode: Mode = "plain", timeout_s: float = 2.0) -> EndpointSpec:
    return EndpointSpec("toys", method, mode, timeout_s)


@asynccontextmanager
async def serving(world: World, *endpoints: Endpoint) -> AsyncIterator[Caller]:
    """A service with these endpoints, and somebody to ask it."""
    db = await world.db("beta")
    async with world.bus("toys") as theirs, world.bus("asker") as ours:
        service = Endpoints("toys", theirs, db, endpoints)
        await service.start()
        try:
            yield Caller(ours)
        finally:
            await service.stop()


async def echo(request: Request) -> bytes:
    return request.workspace.encode() + b"|" + request.body


async def test_a_question_is_answered(world: World) -> None:
    async with serving(world, Endpoint(spec("echo"), echo)) as caller:
        assert await caller.call(spec("echo"), "shop", b"hello") == b"shop|hello"


@pytest.mark.parametrize("size", [512 * 1024, 512 * 1024 + 1, 3_000_000])
async def test_a_large_answer_comes_in_parts_and_whole(world: World, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)

    async def large(request: Request) -> bytes:
        return body[:size]

    async with serving(world, Endpoint(spec("large"), large)) as caller:
        answers = await asyncio.gather(
            *(caller.call(spec("large"), "shop", b"", timeout_s=10) for _ in range(3))
        )
    assert all(answer == body[:size] for answer in answers)


@pytest.mark.parametrize(
    "error",
    [
        NotFound("no such toy", toy="car"),
        Conflict("it is broken already"),
        Invalid("see errors", errors=[{"at": "/size", "want": "a number"}]),
        Overloaded("later", retry_after_s=7),
        Unavailable("away"),
        Broken("one wheel too many"),
    ],
    ids=lambda error: error.type,
)
async def test_an_error_travels_with_its_type_and_words(world: World, error: Exception) -> None:
    """The caller catches the class the handler raised, with detail and extra members."""

    async def refuse(request: Request) -> bytes:
        raise error

    async with serving(world, Endpoint(spec("refuse"), refuse)) as caller:
        with pytest.raises(type(error)) as caught:
            await caller.call(spec("refuse"), "shop", b"")
    assert caught.value.problem() == error.problem()  # type: ignore[attr-defined]


async def test_an_unknown_error_says_nothing_about_the_inside(world: World) -> None:
    async def fail(request: Request) -> bytes:
        raise ZeroDivisionError("the secret is 42")

    async with serving(world, Endpoint(spec("fail"), fail)) as caller:
        with pytest.raises(Broken) as caught:
            await caller.call(spec("fail"), "shop", b"")
    assert "42" not in str(caught.value.problem())


async def test_the_reply_carries_the_headers_of_the_micro_protocol(world: World) -> None:
    """Foreign clients see errors too (ADR-32)."""

    async def refuse(request: Request) -> bytes:
        raise NotFound("no such toy")

    async with serving(world, Endpoint(spec("refuse"), refuse)), world.bus("foreign") as foreign:
        reply = await foreign.request(spec("refuse").subject, b"", timeout_s=2)
    assert reply.headers == {"Nats-Service-Error": "Not found", "Nats-Service-Error-Code": "404"}
    assert json.loads(reply.data)["type"] == "/problems/not-found"


async def test_nobody_there_is_said_at_once(world: World) -> None:
    async with world.bus("asker") as bus:
        async with asyncio.timeout(1):
            with pytest.raises(Unavailable):
                await Caller(bus).call(spec("nobody", timeout_s=30), "shop", b"")


async def test_a_read_is_asked_again_where_nobody_was(world: World) -> None:
    """A service that restarts between the two tries is not noticed."""
    db = await world.db("beta")
    async with world.bus("asker") as ours, world.bus("toys") as theirs:

        async def read(tx: Tx, request: Request) -> bytes:
            return b"here"

        service = Endpoints("toys", theirs, db, [Endpoint(spec("read", "read"), read)])
        asked = asyncio.create_task(Caller(ours).call(spec("read", "read"), "shop", b""))
        await asyncio.sleep(0.03)
        await service.start()
        assert await asked == b"here"
        await service.stop()


async def test_an_answer_too_late_is_unavailable(world: World) -> None:
    async def slow(request: Request) -> bytes:
        await asyncio.sleep(0.5)
        return b""

    async with serving(world, Endpoint(spec("slow"), slow)) as caller:
        with pytest.raises(Unavailable, match=r"toys\.slow did not answer within 0\.1 s"):
            await caller.call(spec("slow"), "shop", b"", timeout_s=0.1)


async def test_more_than_can_wait_is_refused_at_once(world: World) -> None:
    """One works, two wait, the others are Overloaded; those that waited are answered."""
    release = asyncio.Event()

    async def slow(request: Request) -> bytes:
        await release.wait()
        return b"done"

    endpoint = Endpoint(spec("slow"), slow, at_once_max=1, waiting_max=2)
    async with serving(world, endpoint) as caller:
        calls = [asyncio.create_task(caller.call(spec("slow"), "shop", b"")) for _ in range(10)]
        await asyncio.sleep(0.3)
        refused = [each for each in calls if each.done()]
        release.set()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert len(refused) == 7
    assert all(isinstance(each.exception(), Overloaded) for each in refused)
    assert outcomes.count(b"done") == 3


async def test_a_question_nobody_waits_for_any_more_is_not_started(world: World) -> None:
    started = []

    async def slow(request: Request) -> bytes:
        started.append(request.body)
        await asyncio.sleep(0.3)
        return b""

    async with serving(world, Endpoint(spec("slow"), slow, at_once_max=1)) as caller:
        first = asyncio.create_task(caller.call(spec("slow"), "shop", b"1"))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable):
            await caller.call(spec("slow"), "shop", b"2", timeout_s=0.1)
        await first
        await caller.call(spec("slow"), "shop", b"3")
    assert started == [b"1", b"3"]


async def test_read_and_write_run_in_a_transaction_of_the_workspace(world: World) -> None:
    """`write` commits, `read` cannot write, both see whose workspace it is."""

    async def write(tx: Tx, request: Request) -> bytes:
        await tx.execute("INSERT INTO heard VALUES ('f', 'anna', 1, 'now', DEFAULT, 'rpc')")
        return str(await tx.fetchval("SELECT current_setting('kairos.workspace')")).encode()

    reading, writing = spec("reading", "read"), spec("writing", "write")
    async with serving(world, Endpoint(writing, write), Endpoint(reading, write)) as caller:
        with pytest.raises(Broken):
            await caller.call(reading, "shop", b"")
        assert await caller.call(writing, "shop", b"") == b"shop"
        with pytest.raises(Malformed):
            await caller.call(writing, "No Workspace", b"")
    assert await value(world.opened[0], "SELECT count(*) FROM heard") == 1


async def test_a_failed_write_leaves_nothing(world: World) -> None:
    async def write(tx: Tx, request: Request) -> bytes:
        await tx.execute("INSERT INTO heard VALUES ('f', 'anna', 1, 'now', DEFAULT, 'rpc')")
        raise Conflict("no")

    async with serving(world, Endpoint(spec("write", "write"), write)) as caller:
        with pytest.raises(Conflict):
            await caller.call(spec("write", "write"), "shop", b"")
    assert await value(world.opened[0], "SELECT count(*) FROM heard") == 0


async def test_a_question_too_large_is_refused_before_it_is_sent(world: World) -> None:
    async with world.bus("asker") as bus:
        with pytest.raises(TooLarge):
            await Caller(bus).call(spec("echo"), "shop", b"x" * (REQUEST_BYTES_MAX + 1))


async def test_the_service_can_be_discovered_and_counts_what_it_does(world: World) -> None:
    """$SRV.PING, INFO and STATS answer with what really happened, failures too."""

    async def fail(request: Request) -> bytes:
        raise Conflict("no")

    endpoints = (Endpoint(spec("echo"), echo), Endpoint(spec("fail"), fail))
    async with serving(world, *endpoints) as caller, world.bus("foreign") as foreign:
        for _ in range(3):
            await caller.call(spec("echo"), "shop", b"")
        with pytest.raises(Conflict):
            await caller.call(spec("fail"), "shop", b"")
        ping = await _discover(foreign, "$SRV.PING")
        info = await _discover(foreign, "$SRV.INFO.toys")
        stats = await _discover(foreign, f"$SRV.STATS.toys.{ping['id']}")
    assert ping["type"] == "io.nats.micro.v1.ping_response"
    assert {each["subject"] for each in info["endpoints"]} == {
        "kairos.svc.toys.v1.echo",
        "kairos.svc.toys.v1.fail",
        "kairos.svc.toys.v1.health",
    }
    counts = {each["name"]: each for each in stats["endpoints"]}
    assert counts["echo"]["num_requests"] == 3
    assert counts["echo"]["num_errors"] == 0
    assert counts["echo"]["average_processing_time"] > 0
    assert (counts["fail"]["num_errors"], counts["fail"]["last_error"]) == (1, "Conflict")


async def test_replicas_share_the_questions(world: World) -> None:
    answered: list[str] = []

    async def run(name: str) -> Endpoint:
        async def answer(request: Request) -> bytes:
            answered.append(name)
            return b""

        return Endpoint(spec("share"), answer)

    db = await world.db("beta")
    async with world.bus("a") as one, world.bus("b") as two, world.bus("asker") as ours:
        services = [
            Endpoints("toys", one, db, [await run("one")]),
            Endpoints("toys", two, db, [await run("two")]),
        ]
        for each in services:
            await each.start()
        await asyncio.gather(*(Caller(ours).call(spec("share"), "shop", b"") for _ in range(60)))
        for each in services:
            await each.stop()
    assert len(answered) == 60
    assert set(answered) == {"one", "two"}


async def test_stopping_answers_what_was_taken_in(world: World) -> None:
    async def slow(request: Request) -> bytes:
        await asyncio.sleep(0.3)
        return b"done"

    db = await world.db("beta")
    async with world.bus("toys") as theirs, world.bus("asker") as ours:
        service = Endpoints("toys", theirs, db, [Endpoint(spec("slow"), slow)])
        await service.start()
        asked = asyncio.create_task(Caller(ours).call(spec("slow"), "shop", b""))
        await asyncio.sleep(0.1)
        await service.stop()
        assert await asked == b"done"


async def test_health_is_built_in(world: World) -> None:
    async with serving(world) as caller:
        answer = json.loads(await caller.call(spec("health"), "", b""))
    assert answer == {"service": "toys", "status": "ok"}


async def test_a_trace_goes_on_in_the_service(world: World, spans: InMemorySpanExporter) -> None:
    """Asker and answerer are one trace, the answer a child of the call."""
    async with serving(world, Endpoint(spec("echo"), echo)) as caller:
        with span("outside"):
            await caller.call(spec("echo"), "shop", b"")
    named = {each.name: each for each in spans.get_finished_spans()}
    outside, call, answer = named["outside"], named["call toys.echo"], named["answer toys.echo"]
    assert call.parent is not None
    assert answer.parent is not None
    assert call.parent.span_id == outside.context.span_id
    assert answer.parent.span_id == call.context.span_id
    assert answer.context.trace_id == outside.context.trace_id


async def _discover(bus: Connection, subject: str) -> dict[str, Any]:
    reply = await bus.request(subject, b"", timeout_s=2)
    answer: dict[str, Any] = json.loads(reply.data)
    return answer
