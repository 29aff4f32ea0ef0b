"""`GET /v1/decisions/{id}`: why a person got a message, or did not."""

from uuid import UUID

from fastapi import APIRouter

from contracts.topology import DECISION
from gateway import wire
from gateway.context import Ctx, Reader
from gateway.problems import documented
from gateway.shapes import Decision
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["decisions"])


@router.get(
    "/v1/decisions/{decision_id}",
    summary="One decision with the whole story",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def decision(decision_id: UUID, ctx: Ctx, key: Reader) -> Decision:
    request = wire.decision_request(decision_id)
    return wire.decision(decision_id, await ctx.caller.call(DECISION, key.workspace, request))
