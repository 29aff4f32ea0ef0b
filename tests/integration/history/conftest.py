"""History's handlers on a real database, without the bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest_asyncio

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.history.v1 import service_pb2
from kit.bus.rpc import Request
from kit.bus.spec import IncomingFact
from kit.clock import ShiftedClock, SystemClock, to_us
from kit.db.database import Database
from services.history.domain.goals import Goal
from services.history.handlers.attributing import Attributor, Watch
from services.history.handlers.experimenting import Experimenter
from services.history.handlers.reading import on_timeline
from services.history.handlers.recording import Recorder
from services.history.handlers.reporting import on_outcomes, on_report
from services.history.ports import Stores
from services.history.store.credits import CreditStore
from services.history.store.experiments import ExperimentStore
from services.history.store.goals import GoalStore
from services.history.store.messages import MessageStore
from services.history.store.reports import ReportStore
from services.history.store.timeline import TimelineStore
from tests.integration.conftest import Databases

WORKSPACE = "shop"
START = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = ShiftedClock(datetime(2027, 5, 4, tzinfo=UTC) - SystemClock().now())
ANNA, BERT = UUID(int=1), UUID(int=2)
_numbers = count(1)


def at(minute: float) -> int:
    """An instant as facts carry it."""
    return to_us(START + timedelta(minutes=minute))


def fact(person: UUID = ANNA, minute: float = 0, workspace: str = WORKSPACE, **body: Any) -> Fact:
    """A fact recorded in that minute after the start."""
    number = next(_numbers)
    return Fact(
        id=UUID(int=1000 + number).bytes,
        workspace=workspace,
        person=person.bytes,
        person_seq=number,
        recorded_at_us=at(minute),
        traceparent=f"00-{number:032x}-{number:016x}-01",
        **body,
    )


class CatalogOfGoals:
    """The goals of each revision, as decision would tell them; 0 is the newest."""

    def __init__(self) -> None:
        self.revisions: dict[int, list[Goal]] = {0: []}

    async def at(self, workspace: str, revision: int) -> list[Goal]:
        return self.revisions[revision]

    def apply(self, revision: int, *goals: Goal) -> None:
        self.revisions[revision] = self.revisions[0] = list(goals)


@dataclass
class Desk:
    """Everything history does."""

    db: Database

    def __post_init__(self) -> None:
        self.timelines, self.reports = TimelineStore(), ReportStore()
        self.goals = CatalogOfGoals()
        experiments, watch = ExperimentStore(), Watch()
        stores = Stores(self.timelines, MessageStore(), CreditStore(), experiments)
        self.recorder = Recorder(stores, watch)
        self.attributor = Attributor(self.db, stores, self.goals, watch)
        self.experimenter = Experimenter(experiments, self.goals, LATER)

    async def deliver(self, *facts: Fact, stream: str = "EVENTS") -> None:
        """Facts arrive as one batch."""
        incoming = [
            IncomingFact(stream, "now", 0, 1, index, each.SerializeToString())
            for index, each in enumerate(facts)
        ]
        async with self.db.worker() as tx:
            await self.recorder.on_facts(tx, incoming)

    async def page(
        self, *persons: UUID, workspace: str = WORKSPACE, **asked: Any
    ) -> service_pb2.TimelineReply:
        """One page."""
        people = [each.bytes for each in persons or (ANNA,)]
        body = service_pb2.TimelineRequest(persons=people, **asked).SerializeToString()
        handler = partial(on_timeline, timelines=self.timelines)
        async with self.db.api(workspace, readonly=True) as tx:
            return service_pb2.TimelineReply.FromString(
                await handler(tx, Request(workspace, body, {}))
            )

    async def names(self, *persons: UUID, **asked: Any) -> list[str]:
        """The names of a page's items, newest first."""
        return [item.name for item in (await self.page(*persons, **asked)).items]

    async def outcomes(self, since_us: int = 0) -> dict[tuple[str, str, str, str], int]:
        """Counts by kind, name, channel and reason."""
        body = service_pb2.OutcomesRequest(since_us=since_us).SerializeToString()
        async with self.db.api(WORKSPACE, readonly=True) as tx:
            answer = await on_outcomes(tx, Request(WORKSPACE, body, {}), store=self.reports)
        counts = service_pb2.OutcomesReply.FromString(answer).counts
        return {(each.kind, each.name, each.channel, each.reason): each.count for each in counts}

    async def report(
        self, report: str, *by: str, until: datetime | None = None, **options: str
    ) -> list[dict[str, Any]]:
        """The rows of a report, each by the names of its columns."""
        return (await self.report_with_notes(report, *by, until=until, **options))[0]

    async def experiment(self, **asked: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The arms of an experiment, and the notes."""
        body = service_pb2.ExperimentRequest(**asked).SerializeToString()
        async with self.db.api(WORKSPACE, readonly=True) as tx:
            answer = await self.experimenter.on_experiment(tx, Request(WORKSPACE, body, {}))
        return _table(service_pb2.ExperimentReply.FromString(answer).arms)

    async def report_with_notes(
        self, report: str, *by: str, until: datetime | None = None, **options: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A report's rows and its notes."""
        until_us = to_us(until) if until else 0
        asked = service_pb2.ReportRequest(report=report, by=by, until_us=until_us, options=options)
        async with self.db.api(WORKSPACE, readonly=True) as tx:
            request = Request(WORKSPACE, asked.SerializeToString(), {})
            answer = await on_report(tx, request, store=self.reports, goals=GoalStore())
        return _table(service_pb2.ReportReply.FromString(answer))


def _table(told: service_pb2.ReportReply) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = msgspec.json.decode(told.rows_json, type=list[list[Any]])
    notes = msgspec.json.decode(told.notes_json) if told.notes_json else {}
    return [dict(zip(told.columns, row, strict=True)) for row in rows], notes


@pytest_asyncio.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    """History on a fresh database."""
    db = await databases.open("history")
    try:
        yield Desk(db)
    finally:
        await db.close()
