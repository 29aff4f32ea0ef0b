"""`POST /v1/webhooks/{provider}`: what providers report back.

No key: delivery verifies the provider's signature on the raw body, so it goes there untouched.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from contracts.topology import TAKE_RECEIPTS
from gateway.context import Ctx
from gateway.limits import WEBHOOK_BYTES_MAX, read_body
from gateway.problems import documented
from gateway.shapes.messages import ReceiptsTaken
from gateway.wire import messages as wire
from kit.errors import Malformed, NotFound, TooLarge

router = APIRouter(tags=["webhooks"])

_OURS = frozenset({"cookie", "host", "connection", "content-length", "transfer-encoding"})
"""Headers that say nothing about the report."""

Provider = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


@router.post(
    "/v1/webhooks/{provider}",
    summary="Report receipts",
    description="Signed as the provider signs; taken once however often it is sent.",
    responses=documented(Malformed, NotFound, TooLarge),
    openapi_extra={"requestBody": {"required": True, "content": {"*/*": {"schema": {}}}}},
)
async def take_receipts(provider: Provider, request: Request, ctx: Ctx) -> ReceiptsTaken:
    ctx.rate.take(provider)
    body = await read_body(request, WEBHOOK_BYTES_MAX)
    headers = {name: value for name, value in request.headers.items() if name not in _OURS}
    question = wire.take_receipts_request(provider, body, headers, request.url.query)
    return wire.receipts_taken(await ctx.caller.call(TAKE_RECEIPTS, "", question))
