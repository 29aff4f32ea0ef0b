"""Protobuf ⇄ what the gateway says about journeys at work."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from contracts.gen.kairos.decision.v1 import service_pb2 as decision_service
from gateway.shapes.journeys import (
    CampaignCheck,
    CampaignProgress,
    Entered,
    Journeys,
    JourneyState,
    Moved,
    Runs,
)
from gateway.wire.common import json_of, without_absent


def journeys_request(person: UUID) -> bytes:
    return decision_service.JourneysRequest(person=person.bytes).SerializeToString()


def journeys(reply: bytes) -> Journeys:
    told = json_of(decision_service.JourneysReply.FromString(reply).journeys_json)
    return Journeys(items=without_absent(told or []))


def enter_request(person: UUID, journey: str, properties: Mapping[str, Any]) -> bytes:
    return decision_service.EnterRequest(
        person=person.bytes, journey=journey, properties_json=msgspec.json.encode(properties)
    ).SerializeToString()


def entered(reply: bytes) -> Entered:
    told = decision_service.EnterReply.FromString(reply)
    return Entered(entered=told.entered, run=UUID(bytes=told.run) if told.run else None)


def journey_request(
    key: str,
    action: str,
    from_version: int = 0,
    to_version: int = 0,
    steps: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
) -> bytes:
    return decision_service.JourneyRequest(
        journey=key,
        action=action,
        from_version=from_version,
        to_version=to_version,
        steps=steps or {},
        dry_run=dry_run,
    ).SerializeToString()


def journey_state(reply: bytes) -> JourneyState:
    told = decision_service.JourneyReply.FromString(reply).journey_json
    return JourneyState.model_validate_json(told)


def moved(reply: bytes) -> Moved:
    told = decision_service.JourneyReply.FromString(reply).journey_json
    return Moved.model_validate_json(told)


def runs_request(key: str, step: str, after: tuple[UUID, UUID] | None, limit: int) -> bytes:
    return decision_service.RunsRequest(
        journey=key,
        step=step,
        after_person=after[0].bytes if after else b"",
        after_run=after[1].bytes if after else b"",
        limit=limit,
    ).SerializeToString()


def runs(reply: bytes) -> Runs:
    told = decision_service.RunsReply.FromString(reply)
    cursor = None
    if told.last_person:
        cursor = f"{UUID(bytes=told.last_person)}.{UUID(bytes=told.last_run)}"
    return Runs(items=msgspec.json.decode(told.runs_json), next_cursor=cursor)


def campaign_request(key: str, action: str, actor: str, *, missed: bool = False) -> bytes:
    return decision_service.CampaignRequest(
        campaign=key, action=action, actor=actor, missed=missed
    ).SerializeToString()


def campaign_progress(reply: bytes) -> CampaignProgress:
    told = decision_service.CampaignReply.FromString(reply).campaign_json
    return CampaignProgress.model_validate_json(told)


def check_request(key: str) -> bytes:
    return decision_service.CheckCampaignRequest(campaign=key).SerializeToString()


def campaign_check(reply: bytes) -> CampaignCheck:
    told = decision_service.CheckCampaignReply.FromString(reply).check_json
    return CampaignCheck.model_validate_json(told)
