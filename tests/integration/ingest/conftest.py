"""Ingest's handlers on a real database, without the bus."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest_asyncio

from contracts.gen.kairos.bus.v1.fact_pb2 import Envelope, Fact
from contracts.gen.kairos.catalog.v1 import catalog_pb2
from contracts.gen.kairos.decision.v1 import service_pb2 as decision
from contracts.gen.kairos.events.v1.event_pb2 import KEY_KIND_SERVER
from contracts.gen.kairos.ingest.v1 import service_pb2
from contracts.gen.kairos.profiles.v1.profile_pb2 import Profile
from contracts.topology import CATALOG
from kit.bus.rpc import Caller, Request
from kit.bus.spec import EndpointSpec
from kit.clock import SystemClock, to_us
from kit.db.database import Database
from kit.errors import Unavailable
from services.ingest.adapters.addresses import Addresses
from services.ingest.adapters.schemas import check_of
from services.ingest.handlers.accept import Reception
from services.ingest.handlers.committing import Acceptance, Outcome, Submission
from services.ingest.handlers.erasing import Erasures
from services.ingest.handlers.group import GroupCommit, Limits
from services.ingest.handlers.plans import Plans
from services.ingest.handlers.profile import Directory
from services.ingest.handlers.quarantine import Quarantine
from services.ingest.store.erased import ErasedStore
from services.ingest.store.postgres import PostgresStore
from tests.integration.conftest import Databases

WORKSPACE = "shop"


class SetClock(SystemClock):
    """A clock that can be set, and then stands still."""

    def __init__(self, at: datetime | None = None) -> None:
        self._at = at

    def set(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at or super().now()


@dataclass
class Catalog:
    """What decision would say; away where told so."""

    revision: int = 0
    documents: list[dict[str, Any]] = field(default_factory=list)
    is_away: bool = False
    asked: int = 0

    def apply(self, *documents: dict[str, Any]) -> None:
        """Makes these documents the catalog, of the next revision."""
        self.revision += 1
        self.documents = [{"revision": self.revision, **each} for each in documents]


class CatalogCaller(Caller):
    """Asks nobody but the catalog of the test."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def call(self, spec: EndpointSpec, workspace: str, body: bytes, **_: Any) -> bytes:
        assert spec is CATALOG
        self._catalog.asked += 1
        if self._catalog.is_away:
            raise Unavailable
        asked = decision.CatalogRequest.FromString(body)
        documents = [
            catalog_pb2.Document(
                kind=each["kind"],
                key=each["key"],
                revision=each["revision"],
                body_json=json.dumps(each).encode(),
            )
            for each in self._catalog.documents
            if each["kind"] == asked.kind
        ]
        reply = decision.CatalogReply(revision=self._catalog.revision, documents=documents)
        return reply.SerializeToString()


@dataclass
class Desk:
    """Everything ingest does."""

    db: Database
    admin_dsn: str
    store: PostgresStore = field(default_factory=PostgresStore)
    catalog: Catalog = field(default_factory=Catalog)

    def __post_init__(self) -> None:
        self.clock = SetClock()
        spelling = Addresses()
        caller = CatalogCaller(self.catalog)
        plans = self.plans = Plans(self.db, self.store, caller, self.clock, check_of)
        self.erasures = Erasures(ErasedStore(), b"a secret of the tests")
        acceptance = Acceptance(
            self.db, self.store, self.clock, spelling, plans.known, self.erasures
        )
        self.quarantine = Quarantine(self.db, self.store, plans, acceptance)
        self.commits: GroupCommit[Submission, Outcome] = GroupCommit(
            acceptance.commit,
            lambda submission: submission.weight,
            Limits(group_weight_max=500, queue_weight_max=20_000, workers=2),
        )
        self._reception = Reception(self.commits, self.clock, spelling, plans)
        self.directory = Directory(
            self.db, self.store, self.clock, spelling, acceptance, plans.known
        )

    async def send(
        self,
        *items: dict[str, Any],
        call: str = "batch",
        workspace: str = WORKSPACE,
        received_at: datetime | None = None,
    ) -> service_pb2.AcceptReply:
        """One request of the tracking API."""
        body = {"batch": items} if call in ("batch", "history") else items[0]
        return await self.send_raw(json.dumps(body).encode(), call, workspace, received_at)

    async def send_raw(
        self,
        body: bytes,
        call: str = "batch",
        workspace: str = WORKSPACE,
        received_at: datetime | None = None,
    ) -> service_pb2.AcceptReply:
        """One request with exactly these bytes."""
        asked = service_pb2.AcceptRequest(
            call=call,
            body_json=body,
            key_kind=KEY_KIND_SERVER,
            received_at_us=to_us(received_at or datetime(2026, 5, 4, 12, tzinfo=UTC)),
        )
        answer = await self._reception.on_accept(Request(workspace, asked.SerializeToString(), {}))
        return service_pb2.AcceptReply.FromString(answer)

    async def profile(self, ref: str, workspace: str = WORKSPACE) -> Profile:
        """Who somebody is."""
        asked = service_pb2.ProfileRequest(ref=ref).SerializeToString()
        async with self.db.api(workspace, readonly=True) as tx:
            answer = await self.directory.on_profile(tx, Request(workspace, asked, {}))
        return service_pb2.ProfileReply.FromString(answer).profile

    async def rows(self, sql: str) -> list[Any]:
        """What the tables hold, whoever may see it."""
        async with self.db.worker(readonly=True) as tx:
            return await tx.fetch(sql)

    async def as_admin(self, sql: str) -> None:
        """Changes the database behind ingest's back."""
        connection = await asyncpg.connect(self.admin_dsn)
        await connection.execute(sql)
        await connection.close()

    async def facts(self, lane: str | None = None) -> list[Fact]:
        """Everything said to the bus, in order."""
        rows = await self.rows("SELECT lane, body FROM outbox ORDER BY position")
        return [
            fact
            for row in rows
            if lane in (None, row["lane"])
            for fact in Envelope.FromString(row["body"]).facts
        ]

    async def check_record(self) -> None:
        """The record, the facts and the counters agree; every sequence is dense."""
        told: dict[UUID, list[int]] = defaultdict(list)
        for fact in await self.facts():
            told[UUID(bytes=fact.person)].append(fact.person_seq)
        for numbers in told.values():
            assert sorted(numbers) == list(range(1, len(numbers) + 1))
        kept = await self.rows(
            "SELECT workspace, profile AS person, person_seq FROM events"
            " UNION ALL SELECT workspace, winner, person_seq FROM merges"
        )
        assert len(kept) == sum(map(len, told.values()))
        assert all(row["person_seq"] in told[row["person"]] for row in kept)
        counters = await self.rows("SELECT workspace, id, last_seq FROM profiles")
        assert {row["id"]: row["last_seq"] for row in counters} == {
            row["id"]: len(told[row["id"]]) for row in counters
        }


def track(message: str, user: str = "anna", name: str = "Seen", **members: Any) -> dict[str, Any]:
    """One track call."""
    return {
        "type": "track",
        "event": name,
        "messageId": message,
        "userId": user or None,
    } | members


@pytest_asyncio.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    """Ingest on a fresh database."""
    db = await databases.open("ingest")
    try:
        yield Desk(db, databases.admin_dsn)
    finally:
        await db.close()
