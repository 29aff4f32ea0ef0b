"""`GET /v1/reports/outcomes`: what became of it all, in numbers."""

from fastapi import APIRouter
from pydantic import AwareDatetime

from contracts.topology import OUTCOMES
from gateway import wire
from gateway.context import Ctx, Reader
from gateway.problems import documented
from gateway.shapes import Outcomes
from kit.errors import Invalid

router = APIRouter(tags=["reports"])


@router.get(
    "/v1/reports/outcomes",
    summary="How often each outcome occurred",
    response_model_exclude_none=True,
    responses=documented(Invalid),
)
async def outcomes(ctx: Ctx, key: Reader, since: AwareDatetime | None = None) -> Outcomes:
    request = wire.outcomes_request(since)
    return wire.outcomes(await ctx.caller.call(OUTCOMES, key.workspace, request))
