"""Campaigns: check, launch, pause, resume, cancel, follow."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.topology import CAMPAIGN, CHECK_CAMPAIGN
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Context, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.journeys import CampaignCheck, CampaignProgress
from gateway.wire import journeys as wire
from kit.errors import Conflict, Invalid, NotFound

router = APIRouter(tags=["campaigns"], route_class=WriteRoute)
reads = APIRouter(tags=["campaigns"])

CampaignKey = Annotated[str, Path(max_length=63)]
_ERRORS = documented(NotFound, Conflict, Invalid)


async def _act(
    ctx: Context, workspace: str, key: str, action: str, actor: str = "", *, missed: bool = False
) -> CampaignProgress:
    request = wire.campaign_request(key, action, actor, missed=missed)
    return wire.campaign_progress(await ctx.caller.call(CAMPAIGN, workspace, request))


@router.post(
    "/v1/campaigns/{key}/launch",
    summary="Launch a campaign, now or at its time",
    description="Everybody in the audience gets it once. `missed=true` launches it again for those"
    " whom no run has reached. Where the workspace asks for four eyes, it waits for `approve`.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def launch_campaign(
    key: CampaignKey,
    ctx: Ctx,
    caller: Admin,
    *,
    missed: Annotated[bool, Query(description="Only those whom no run has reached.")] = False,
) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "launch", str(caller.id), missed=missed)


@router.post(
    "/v1/campaigns/{key}/approve",
    summary="Approve a launch that another key asked for",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def approve_campaign(key: CampaignKey, ctx: Ctx, caller: Admin) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "approve", str(caller.id))


@router.post(
    "/v1/campaigns/{key}/pause",
    summary="Pause a campaign",
    description="In force when this answers: nobody more is taken up, and no call of a provider"
    " starts later than a second after.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def pause_campaign(key: CampaignKey, ctx: Ctx, caller: Admin) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "pause")


@router.post(
    "/v1/campaigns/{key}/resume",
    summary="Go on exactly where a paused campaign stopped",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def resume_campaign(key: CampaignKey, ctx: Ctx, caller: Admin) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "resume")


@router.post(
    "/v1/campaigns/{key}/cancel",
    summary="End a campaign for good",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def cancel_campaign(key: CampaignKey, ctx: Ctx, caller: Admin) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "cancel")


@reads.get(
    "/v1/campaigns/{key}/progress",
    summary="How far a campaign has come",
    description="Per run: people taken up, counts by outcome and variant, the rate of the last"
    " minute and the time left at that rate.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def campaign_progress(key: CampaignKey, ctx: Ctx, caller: Reader) -> CampaignProgress:
    return await _act(ctx, caller.workspace, key, "")


@reads.get(
    "/v1/campaigns/{key}/check",
    summary="What a launch would come to now",
    description="Predicted from a sample of the audience by the same rules that decide: how many"
    " could be reached on which channel, who is held back or lost, and why. Changes nothing.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def check_campaign(key: CampaignKey, ctx: Ctx, caller: Reader) -> CampaignCheck:
    request = wire.check_request(key)
    return wire.campaign_check(await ctx.caller.call(CHECK_CAMPAIGN, caller.workspace, request))
