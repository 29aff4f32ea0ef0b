"""Questions about journeys at work and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from services.decision.ports.runs import Run, RunKey
from services.decision.wire.convert import as_json, as_object

PAGE_MAX = 200


@dataclass(frozen=True)
class EnterAsked:
    """Who shall enter which journey, with what."""

    person: UUID
    journey: str
    properties: dict[str, Any]


@dataclass(frozen=True)
class JourneyAsked:
    """How a journey stands, or an action on it."""

    journey: str
    action: str
    from_version: int
    to_version: int
    steps: dict[str, str]
    dry_run: bool


@dataclass(frozen=True)
class RunsAsked:
    """A page of the runs at a step."""

    journey: str
    step: str
    after: RunKey | None
    limit: int


def enter_request(body: bytes) -> EnterAsked:
    asked = service_pb2.EnterRequest.FromString(body)
    person = UUID(bytes=asked.person)
    return EnterAsked(person, asked.journey, as_object(asked.properties_json))


def enter_reply(*, entered: bool, run: UUID) -> bytes:
    run_id = run.bytes if entered else b""
    return service_pb2.EnterReply(entered=entered, run=run_id).SerializeToString()


def journey_request(body: bytes) -> JourneyAsked:
    asked = service_pb2.JourneyRequest.FromString(body)
    return JourneyAsked(
        asked.journey, asked.action, asked.from_version, asked.to_version, dict(asked.steps),
        asked.dry_run,
    )  # fmt: skip


def journey_reply(told: Any) -> bytes:
    return service_pb2.JourneyReply(journey_json=as_json(told)).SerializeToString()


def runs_request(body: bytes) -> RunsAsked:
    asked = service_pb2.RunsRequest.FromString(body)
    after = None
    if asked.after_person:
        person, run = UUID(bytes=asked.after_person), UUID(bytes=asked.after_run)
        after = ("", person, asked.journey, run)
    return RunsAsked(asked.journey, asked.step, after, min(asked.limit or PAGE_MAX, PAGE_MAX))


def runs_reply(told: Any, rows: Sequence[Run], limit: int) -> bytes:
    last = rows[-1] if len(rows) == limit else None
    return service_pb2.RunsReply(
        runs_json=as_json(told),
        last_person=last.person.bytes if last else b"",
        last_run=last.run.bytes if last else b"",
    ).SerializeToString()
