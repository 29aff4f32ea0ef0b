"""`/v1/messages` and `/v1/profiles/{ref}/next`: ask for a message, and see what became of one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header

from contracts.topology import MESSAGE, NEXT, SEND
from gateway.api.profiles import Ref
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.messages import Message, MessageTaken, Next, NextRequest, SendMessage
from gateway.wire import messages as wire
from kit.errors import Conflict, Invalid, NotFound

router = APIRouter(tags=["messages"])
writes = APIRouter(tags=["messages"], route_class=WriteRoute)
asks = APIRouter(tags=["messages"])
"""Asked at every screen of a client app: the decision is the record, and no answer is kept."""


@router.get(
    "/v1/messages/{message_id}",
    summary="One message with its attempts and receipts",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def message(message_id: UUID, ctx: Ctx, key: Reader) -> Message:
    request = wire.message_request(message_id)
    return wire.message(await ctx.caller.call(MESSAGE, key.workspace, request))


@writes.post(
    "/v1/messages",
    status_code=202,
    summary="Send one message to one person",
    description="Without a journey, but under the same rules: permission and address always, the"
    " contact policy as far as the class is bound by it. Decided and committed when this answers;"
    " what is refused is a 409 with the reason. Send an `Idempotency-Key`: the same key again is"
    " the same request.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Conflict, Invalid),
)
async def send_message(
    asked: SendMessage,
    ctx: Ctx,
    key: Admin,
    idempotency_key: Annotated[str, Header(max_length=255)] = "",
) -> MessageTaken:
    person = await find_profile(ctx, key.workspace, asked.to.profile)
    request = wire.send_request(person.id, asked, idempotency_key)
    return wire.message_taken(await ctx.caller.call(SEND, key.workspace, request))


@asks.post(
    "/v1/profiles/{ref:path}/next",
    summary="The next best message for this person, now",
    description="For client apps: of what waits for these channels (and this placement) the best"
    " is chosen, its slot taken, and answered with what is needed to show it. Templates with"
    " `on_request` go out only so.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def next_message(ref: Ref, asked: NextRequest, ctx: Ctx, key: Admin) -> Next:
    person = await find_profile(ctx, key.workspace, ref)
    request = wire.next_request(person.id, asked)
    return wire.next_message(await ctx.caller.call(NEXT, key.workspace, request))
