"""`/v1/quarantine`: events that break the tracking plan."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.topology import QUARANTINE, REPLAY_QUARANTINE
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.quarantine import QuarantinedEvents, QuarantineQuery, Replayed, ReplayWish
from gateway.wire import ingest as wire
from kit.errors import Invalid

router = APIRouter(tags=["quarantine"], route_class=WriteRoute)
reads = APIRouter(tags=["quarantine"])


@reads.get(
    "/v1/quarantine",
    summary="Events that break the tracking plan, oldest first",
    description="Their senders were told success: nothing is lost. Mend the schema of the event"
    " (`PUT /v1/events/{key}`), then replay.",
    response_model_exclude_none=True,
    responses=documented(Invalid),
)
async def quarantine(
    ctx: Ctx, key: Reader, asked: Annotated[QuarantineQuery, Query()]
) -> QuarantinedEvents:
    request = wire.quarantine_request(asked, _after(asked.cursor))
    found, more = wire.quarantined(await ctx.caller.call(QUARANTINE, key.workspace, request))
    return QuarantinedEvents(items=found, next_cursor=str(found[-1].id) if more else None)


@router.post(
    "/v1/quarantine/replay",
    summary="Take in what keeps the plan as it is now",
    description="Oldest first, at most 500 at once: repeat it while `replayed` is not 0.",
    responses=documented(Invalid),
)
async def replay_quarantine(wish: ReplayWish, ctx: Ctx, key: Admin) -> Replayed:
    request = wire.replay_request(wish)
    return wire.replayed(await ctx.caller.call(REPLAY_QUARANTINE, key.workspace, request))


def _after(cursor: str) -> UUID | None:
    try:
        return UUID(cursor) if cursor else None
    except ValueError:
        raise Invalid("Take the cursor from next_cursor, unchanged") from None
