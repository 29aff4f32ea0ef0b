"""Questions about campaigns and their answers."""

from dataclasses import dataclass
from typing import Any

from contracts.gen.kairos.decision.v1 import service_pb2
from services.decision.wire.convert import as_json


@dataclass(frozen=True)
class CampaignAsked:
    """How a campaign stands, or an action on it by `actor`."""

    campaign: str
    action: str
    missed: bool
    actor: str


def campaign_request(body: bytes) -> CampaignAsked:
    asked = service_pb2.CampaignRequest.FromString(body)
    return CampaignAsked(asked.campaign, asked.action, asked.missed, asked.actor)


def campaign_reply(told: Any) -> bytes:
    return service_pb2.CampaignReply(campaign_json=as_json(told)).SerializeToString()


def check_request(body: bytes) -> str:
    return service_pb2.CheckCampaignRequest.FromString(body).campaign


def check_reply(told: Any) -> bytes:
    return service_pb2.CheckCampaignReply(check_json=as_json(told)).SerializeToString()
