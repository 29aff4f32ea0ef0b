"""The workspace's own switches: one that stops all marketing at once."""

from fastapi import APIRouter

from contracts.topology import CONTROLS
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.permission import Marketing
from gateway.wire import permission as wire
from kit.errors import Invalid

router = APIRouter(tags=["workspace"], route_class=WriteRoute)
reads = APIRouter(tags=["workspace"])


@reads.get("/v1/workspace/marketing", summary="Whether all marketing is stopped")
async def get_marketing(ctx: Ctx, key: Reader) -> Marketing:
    return wire.marketing(
        await ctx.caller.call(CONTROLS, key.workspace, wire.controls_request(stopped=None))
    )


@router.put(
    "/v1/workspace/marketing",
    summary="Stop all marketing of the workspace, or let it go on",
    description="In force when this answers: no call of a provider starts later than a second"
    " after. What waits is kept until its validity ends, and competes again when marketing goes"
    " on. Transactional and service messages are not concerned.",
    responses=documented(Invalid),
)
async def put_marketing(asked: Marketing, ctx: Ctx, key: Admin) -> Marketing:
    request = wire.controls_request(stopped=asked.stopped)
    return wire.marketing(await ctx.caller.call(CONTROLS, key.workspace, request))
