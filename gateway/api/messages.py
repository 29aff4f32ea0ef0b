"""`GET /v1/messages/{id}`: one message with its attempts and receipts."""

from uuid import UUID

from fastapi import APIRouter

from contracts.topology import MESSAGE
from gateway import wire
from gateway.context import Ctx, Reader
from gateway.problems import documented
from gateway.shapes import Message
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["messages"])


@router.get(
    "/v1/messages/{message_id}",
    summary="One message with its attempts and receipts",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def message(message_id: UUID, ctx: Ctx, key: Reader) -> Message:
    request = wire.message_request(message_id)
    return wire.message(await ctx.caller.call(MESSAGE, key.workspace, request))
