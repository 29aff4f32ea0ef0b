"""Decision's handlers on a real database, with a clock that stands still until it is moved."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest_asyncio
import yaml

from contracts.gen.kairos.bus.v1.fact_pb2 import Envelope, Fact
from contracts.gen.kairos.consents.v1 import consent_pb2
from contracts.gen.kairos.decision.v1 import service_pb2
from contracts.gen.kairos.events.v1 import event_pb2
from kit.bus.rpc import Request
from kit.bus.spec import IncomingFact
from kit.clock import to_us
from kit.db.database import Database
from kit.ids import new_id
from services.decision.domain.recounting import Past, PastEvent
from services.decision.handlers.catalog import CatalogDesk
from services.decision.handlers.catalogs import Catalogs
from services.decision.handlers.deciding import Decider
from services.decision.handlers.facts import Facts
from services.decision.handlers.models import Models
from services.decision.handlers.optins import OptInDesk
from services.decision.handlers.permission import PermissionDesk
from services.decision.handlers.permits import Permits
from services.decision.handlers.previews import PreviewDesk
from services.decision.handlers.segments import SegmentDesk
from services.decision.handlers.settling import Settler
from services.decision.handlers.wakeups import Wakeups
from services.decision.store import campaigns, members, runs, trials
from services.decision.store import permission as ledger
from services.decision.store import queries as store
from tests.integration.conftest import Databases

WORKSPACE = "fitshop"
PACK = Path(__file__).parents[3] / "examples" / "three-acts" / "catalog"


class StillClock:
    """Time that moves only when told."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time last set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds of the same time."""
        return self._now.timestamp()

    async def sleep_until(self, due: datetime) -> None:
        """Nobody sleeps on a clock that stands still."""
        raise AssertionError(f"slept until {due}")

    def pass_by(self, **span: float) -> None:
        """Lets time pass."""
        self._now += timedelta(**span)


class OpenGate:
    """The gateway keeps nothing."""

    def check(self) -> None:
        """Nothing stands against permits."""


class Record:
    """What ingest would have on record: every event of which a fact was made."""

    def __init__(self) -> None:
        self._events: list[PastEvent] = []
        self._traits: dict[UUID, dict[str, Any]] = {}
        self._last: dict[UUID, int] = {}
        self.reads = 0
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def add(
        self, person: UUID, seq: int, name: str, at_us: int, properties: Mapping[str, Any],
        traits: Mapping[str, Any],
    ) -> None:  # fmt: skip
        """An event is accepted."""
        event = PastEvent(person, seq, name, at_us // 1_000_000, properties)
        self._events.append(event)
        self._traits.setdefault(person, {}).update(traits)
        self._last[person] = seq

    async def read(
        self, workspace: str, profiles: Sequence[UUID], events: Sequence[str], *, traits: bool
    ) -> Past:
        """As ingest answers; `meanwhile` happens right after, once."""
        self.reads += 1
        found: dict[UUID, list[PastEvent]] = {}
        for event in self._events:
            if event.profile in profiles and event.name in events:
                found.setdefault(event.profile, []).append(event)
        past = Past(dict(self._last), {p: dict(t) for p, t in self._traits.items()}, found)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return past


@dataclass
class Desk:
    """Everything decision does, without the bus."""

    db: Database
    clock: StillClock
    seqs: dict[UUID, int] = field(default_factory=dict)
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        self.catalogs = Catalogs(store)
        self.models = Models(trials)
        self.decider = Decider(store, runs, campaigns, self.catalogs, self.clock, self.models)
        self.facts = Facts(self.decider, store, members, runs)
        self.settler = Settler(
            self.decider, members, self.catalogs, self.record, self.db, self.clock
        )
        self.catalog = CatalogDesk(store, self.clock, self.settler.wake)
        self.previews = PreviewDesk(members, self.catalogs, self.db, self.clock)
        self.segments = SegmentDesk(store, members, self.catalogs, self.previews)
        self.permission = PermissionDesk(self.decider, store, ledger, self.catalogs, self.clock)
        self.opt_ins = OptInDesk(self.decider, store, ledger, self.catalogs, self.clock)
        self.permits = Permits(self.decider, store, self.catalogs, self.db, self.clock, OpenGate())
        self.wakeups = Wakeups(self.decider, store, self.db, self.clock)

    async def apply(self, documents: list[dict[str, Any]]) -> service_pb2.ApplyReply:
        """Applies catalog documents."""
        body = service_pb2.ApplyRequest(documents_json=msgspec.json.encode(documents))
        async with self.db.api(WORKSPACE) as tx:
            answer = await self.catalog.on_apply(tx, request(body.SerializeToString()))
        return service_pb2.ApplyReply.FromString(answer)

    async def apply_pack(self) -> None:
        """Applies the three-acts pack."""
        await self.apply(
            [
                document
                for path in sorted(PACK.glob("*.yaml"))
                for document in yaml.safe_load_all(path.read_text())
            ]
        )

    async def event(self, person: UUID, name: str, **properties: Any) -> bytes:
        """A track event happens now; returns the fact."""
        body = self.fact(person, name, properties)
        await self.deliver(body)
        return body

    def fact(
        self,
        person: UUID,
        name: str,
        properties: Mapping[str, Any],
        traits: Mapping[str, Any] | None = None,
    ) -> bytes:
        """An accepted event as ingest would say it, numbered densely per person."""
        now_us = to_us(self.clock.now())
        self.seqs[person] = self.seqs.get(person, 0) + 1
        self.record.add(person, self.seqs[person], name, now_us, properties, traits or {})
        return Fact(
            id=new_id(self.clock).bytes,
            workspace=WORKSPACE,
            person=person.bytes,
            person_seq=self.seqs[person],
            recorded_at_us=now_us,
            event_accepted=event_pb2.EventAccepted(
                kind=event_pb2.EVENT_KIND_IDENTIFY if traits else event_pb2.EVENT_KIND_TRACK,
                name=name,
                occurred_at_us=now_us,
                received_at_us=now_us,
                properties_json=msgspec.json.encode(properties),
                traits_json=msgspec.json.encode(traits or {}),
                key_kind=event_pb2.KEY_KIND_SERVER,
            ),
        ).SerializeToString()

    async def identify(self, person: UUID) -> None:
        """Name, address, language."""
        traits = {"email": "anna@example.com", "first_name": "Anna", "timezone": "Europe/Berlin"}
        await self.deliver(self.fact(person, "", {}, traits))

    async def deliver(self, *bodies: bytes) -> None:
        """Facts arrive as one batch."""
        facts = [IncomingFact("EVENTS", "now", 0, 1, i, body) for i, body in enumerate(bodies)]

        async def once() -> None:
            async with self.db.worker() as tx:
                await self.facts.on_facts(tx, facts)

        await self.db.retrying(once)

    async def consent(self, person: UUID, status: str) -> None:
        """Consent for e-mail tips is granted or withdrawn."""
        change = consent_pb2.PermissionChanged(
            part=consent_pb2.PERMISSION_PART_CONSENT,
            status=f"PERMISSION_STATUS_{status.upper()}",
            purpose="contact",
            channel="email",
            topic="tips",
            basis="opt_in",
            evidence_json=b'{"wording": "yes"}',
        )
        body = service_pb2.ChangePermissionRequest(person=person.bytes, change=change)
        async with self.db.api(WORKSPACE) as tx:
            await self.permission.on_change(tx, request(body.SerializeToString()))

    async def permit(self, person: UUID, message_id: bytes) -> service_pb2.PermitAnswer:
        """May the call of this message start?"""
        question = service_pb2.PermitQuestion(
            workspace=WORKSPACE, person=person.bytes, message_id=message_id
        )
        body = service_pb2.PermitRequest(questions=[question]).SerializeToString()
        answer = await self.permits.on_permit(request(body))
        return service_pb2.PermitReply.FromString(answer).answers[0]

    async def outgoing(self) -> list[Fact]:
        """All facts in the outbox, in order."""
        async with self.db.worker(readonly=True) as tx:
            rows = await tx.fetch("SELECT body FROM outbox ORDER BY position")
        return [fact for row in rows for fact in Envelope.FromString(row["body"]).facts]

    async def ordered(self) -> list[Fact]:
        """The messages ordered so far."""
        return [fact for fact in await self.outgoing() if fact.WhichOneof("body") == ORDERED]


ORDERED = "message_ordered"


def request(body: bytes) -> Request:
    """A question of the workspace."""
    return Request(WORKSPACE, body, {})


@pytest_asyncio.fixture
async def desk(databases: Databases) -> AsyncIterator[Desk]:
    """Decision on a fresh database, on a Monday morning."""
    db = await databases.open("decision")
    try:
        yield Desk(db, StillClock(datetime(2026, 3, 2, 9, tzinfo=UTC)))
    finally:
        await db.close()
