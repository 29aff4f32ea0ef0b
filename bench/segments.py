"""Decision alone, with Postgres and NATS: events decided per second under 20 segments, counting
100,000 existing people into a new segment, and the preview of a rule over them.

Bars: at least 5,000 events/s decided without a message (given as µs per event, at most 200), a
preview of 100,000 people in at most 4 s.

    .venv/bin/python -m bench.segments
"""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from bench import pure_step
from bench.results import Figure
from contracts import topology
from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.events.v1 import event_pb2
from kit.bus.connection import Connection
from kit.bus.outbox import write_outbox
from kit.bus.relay import Relay
from kit.bus.rpc import Caller
from kit.bus.spec import OutgoingFact
from kit.bus.streams import ensure_streams
from kit.clock import SystemClock, to_us
from kit.db.database import Database
from kit.db.provision import prepare
from kit.embedded.nats import EmbeddedNats
from kit.embedded.postgres import EmbeddedPostgres
from kit.errors import Unavailable
from kit.ids import new_id, partition_of
from services.decision.domain import state as states
from services.decision.domain.catalog import parse_catalog
from services.decision.domain.inputs import SettleInput
from services.decision.domain.step import step

HOMES = {
    "ingest": "services.ingest",
    "decision": "services.decision",
    "delivery": "services.delivery",
    "history": "services.history",
    "gateway": "gateway",
}
WORKSPACE = "bench"
PEOPLE, EVENTS_EACH = 10_000, 4
STORED = 100_000
BAR_EVENT_US, BAR_PREVIEW_S = 200.0, 4.0
RULE = {"all": [
    {"event": "order_completed", "at_least": 20},
    {"none": [{"event": "workout_completed", "within": "P14D"}]},
]}  # fmt: skip
clock = SystemClock()


async def measure() -> list[Figure]:
    """The figures of one decision process on fresh servers."""
    async with AsyncExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = await stack.enter_async_context(EmbeddedPostgres(data, throwaway=True))
        server = await stack.enter_async_context(EmbeddedNats(data / "nats"))
        dsns = await prepare(postgres.dsn, data, HOMES)
        bus = await Connection.open(server.url, name="ingest")
        stack.push_async_callback(bus.close)
        await ensure_streams(bus, topology.STREAMS)
        decision = await Database.connect(*dsns["decision"], write_outbox)
        stack.push_async_callback(decision.close)
        ingest = await Database.connect(*dsns["ingest"], write_outbox)
        stack.push_async_callback(ingest.close)
        stop = asyncio.Event()
        relay = Relay(bus, ingest, [topology.EVENTS], clock)
        ingest.on_facts(relay.wake)
        relaying = asyncio.create_task(relay.run(stop))
        try:
            async with _process(dsns["decision"], server.url):
                await _apply(bus, _segments())
                decided = await _decide(ingest, decision)
                counted = await _count_in(bus, decision)
                previewed = await _preview(bus)
        finally:
            stop.set()
            await relaying
    return [
        Figure("segments", "an event decided, 20 segments", decided, "µs", BAR_EVENT_US),
        Figure("segments", "count 100,000 people into a segment", counted, "s"),
        Figure("segments", "preview of 100,000 people", previewed, "s", BAR_PREVIEW_S),
    ]


def _segments() -> list[dict[str, Any]]:
    return [each for each in pure_step.documents() if each["kind"] == "segment"]


@contextlib.asynccontextmanager
async def _process(dsns: tuple[str, str], nats_url: str) -> AsyncIterator[None]:
    """A decision process as it runs in production."""
    api, worker = dsns
    env = {
        **os.environ,
        "KAIROS_POSTGRES_API_DSN": api,
        "KAIROS_POSTGRES_WORKER_DSN": worker,
        "KAIROS_NATS_URL": nats_url,
    }
    command = [sys.executable, "-m", "services.decision.main"]
    process = await asyncio.create_subprocess_exec(*command, env=env)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _apply(bus: Connection, documents: list[dict[str, Any]]) -> None:
    body = service_pb2.ApplyRequest(documents_json=msgspec.json.encode(documents))
    caller = Caller(bus)
    for _ in range(50):
        with contextlib.suppress(Unavailable):
            await caller.call(topology.APPLY, WORKSPACE, body.SerializeToString())
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("decision did not come up")


async def _decide(ingest: Database, decision: Database) -> float:
    """µs of one event while a backlog is decided: the rest is told by a last event of each
    partition.
    """
    people = [new_id(clock) for _ in range(PEOPLE)]
    begun = clock.monotonic()
    names = ["order_completed", "workout_completed", "product_viewed", "search_performed"]
    for seq in range(1, EVENTS_EACH + 1):
        for start in range(0, PEOPLE, 500):
            async with ingest.worker() as tx:
                for person in people[start : start + 500]:
                    tx.emit(_fact(person, seq, names[seq % len(names)]))
    last: dict[int, UUID] = {}
    while len(last) < topology.EVENTS.partitions:
        person = new_id(clock)
        last.setdefault(partition_of(person), person)
    async with ingest.worker() as tx:
        for person in last.values():
            tx.emit(_fact(person, 1, "order_completed"))
    await _until(
        decision,
        lambda found: found == len(last),
        "SELECT count(*) FROM person_states WHERE workspace = $1 AND person = ANY($2::uuid[])",
        list(last.values()),
    )
    return (clock.monotonic() - begun) * 1e6 / (PEOPLE * EVENTS_EACH)


def _fact(person: UUID, seq: int, name: str) -> OutgoingFact:
    at_us = to_us(clock.now())
    fact = Fact(
        id=new_id(clock).bytes,
        workspace=WORKSPACE,
        person=person.bytes,
        person_seq=seq,
        recorded_at_us=at_us,
        event_accepted=event_pb2.EventAccepted(
            kind=event_pb2.EVENT_KIND_TRACK,
            name=name,
            occurred_at_us=at_us,
            received_at_us=at_us,
            properties_json=b'{"product":"kettlebell","amount":49.9}',
            key_kind=event_pb2.KEY_KIND_SERVER,
        ),
    )
    body = fact.SerializeToString()
    return OutgoingFact(topology.EVENTS.name, "now", partition_of(person), body)


async def _count_in(bus: Connection, decision: Database) -> float:
    """Seconds from applying a new segment until everybody is counted into it."""
    now = clock.now()
    catalog = parse_catalog(_segments())
    state = step(pure_step.person(), [SettleInput(pure_step.PERSON, now)], catalog, now).state
    for start in range(0, STORED, 5_000):
        people = [new_id(clock) for _ in range(min(5_000, STORED - start))]
        rows = []
        for person in people:
            state.person, state.applied = person, {person.bytes: [1, 480]}
            rows.append(states.encode(state))
        async with decision.worker() as tx:
            await tx.execute(
                "INSERT INTO person_states (workspace, person, state, changed_at)"
                " SELECT $1, person, state, $4"
                " FROM unnest($2::uuid[], $3::bytea[]) AS new (person, state)",
                WORKSPACE, people, rows, now,
            )  # fmt: skip
    begun = clock.monotonic()
    await _apply(bus, [{"kind": "segment", "key": "new-one", "rule": RULE}])
    await _until(
        decision,
        bool,
        "SELECT settled_at_revision >= 2 FROM settlements WHERE workspace = $1 AND $2::int = 0",
        0,
    )
    return clock.monotonic() - begun


async def _preview(bus: Connection) -> float:
    body = service_pb2.SegmentPreviewRequest(
        rule_json=msgspec.json.encode(RULE), exact=True, sample=10
    ).SerializeToString()
    begun = clock.monotonic()
    answer = await Caller(bus).call(topology.SEGMENT_PREVIEW, WORKSPACE, body)
    took_s = clock.monotonic() - begun
    told = msgspec.json.decode(service_pb2.SegmentPreviewReply.FromString(answer).preview_json)
    if not told["exact"] or told["people"] < STORED:
        raise RuntimeError(f"not everybody was looked at: {told}")
    return took_s


async def _until(db: Database, holds: Callable[[Any], bool], sql: str, arg: object) -> None:
    for _ in range(3_000):
        async with db.autocommit() as tx:
            if holds(await tx.fetchval(sql, WORKSPACE, arg)):
                return
        await asyncio.sleep(0.1)
    raise RuntimeError("it does not come to an end")


def main() -> int:
    """Measures and prints; fails above a bar."""
    figures = asyncio.run(measure())
    for each in figures:
        print(each)
    return 0 if all(each.holds for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
