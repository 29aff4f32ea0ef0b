"""The Segment HTTP tracking specification: `POST /v1/{batch,track,identify,page,...}`.

The hot path: ingest checks the items, nothing here parses them; no model, no middleware.
"""

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from gateway import auth, problems, usertokens
from gateway.context import Context, context_of
from gateway.edge import Handler
from gateway.limits import TRACKING_BYTES_MAX, read_body
from gateway.problems import documented
from gateway.wire import ingest as wire
from kit import telemetry
from kit.errors import Forbidden, Invalid, KairosError, Malformed, TooLarge

CALLS = ("batch", "track", "identify", "page", "screen", "group", "alias")
PATHS = {f"/v1/{call}": call for call in CALLS} | {f"/v1/{call[0]}": call for call in CALLS}
"""Path → call; analytics.js abbreviates each call to its first letter."""

CORS = {"access-control-allow-origin": "*"}
"""Browsers report from every customer's own site; the write key is all the authority there is."""
_STORED = Response(b'{"success": true}', media_type="application/json", headers=CORS)
"""Exactly this: older SDKs accept nothing else."""
_PREFLIGHT = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-encoding, content-type, traceparent, "
    + usertokens.HEADER,
    "access-control-max-age": "86400",
}
_USER_AGENT_CHARACTERS_MAX = 500

router = APIRouter(tags=["tracking"])


def fast_handler(ctx: Context) -> Handler:
    """Answers every tracking call; `gateway.edge` asks it without the router in between."""

    async def accept(request: Request) -> Response:
        try:
            response = await _accept(ctx, request)
        except KairosError as error:
            response = problems.answer(error)
            response.headers.update(CORS)
        return _with_credentials(request, response)

    return accept


async def _accept(ctx: Context, request: Request) -> Response:
    headers = request.headers
    body = await read_body(request, TRACKING_BYTES_MAX)
    key = await auth.tracking_key(ctx.keys, headers.get("authorization"), body)
    ctx.rate.take(key.id)
    ctx.courier.check_open(key.workspace)
    token = headers.get(usertokens.HEADER)
    delivery = wire.Delivery(
        call=PATHS[request.scope["path"]],
        body=body,
        from_browser=key.kind == "write-browser",
        received_at=ctx.clock.now(),
        client_ip=request.client.host if request.client else "",
        user_agent=headers.get("user-agent", "")[:_USER_AGENT_CHARACTERS_MAX],
        verified_user=await ctx.user_tokens.user_of(key.workspace, token) if token else "",
        traceparent=telemetry.current_traceparent(),
    )
    return _answer(await ctx.courier.carry(key.workspace, delivery))


def _with_credentials(request: Request, response: Response) -> Response:
    """Beacons of browsers come with credentials, and then "*" is no answer; none are looked at."""
    origin = request.headers.get("origin")
    if origin is None:
        return response
    named = Response(response.body, response.status_code, media_type=response.media_type)
    named.headers.update(response.headers)
    named.headers.update(_allowed(origin))
    return named


def _allowed(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "retry-after, x-request-id",
        "vary": "Origin",
    }


def _answer(told: wire.Accepted) -> Response:
    if not told.refused:
        return _STORED
    refused = [_refusal(each) for each in told.refused]
    if told.accepted or told.repeated or told.quarantined:
        body = msgspec.json.encode({"success": True, "refused": refused})
        return Response(body, media_type="application/json", headers=CORS)
    raise _all_refused(told.refused, refused)


def _all_refused(items: list[wire.Refusal], errors: list[dict[str, Any]]) -> KairosError:
    """One error for a call that stored nothing; the items' status where they agree."""
    statuses = {item.status for item in items}
    kinds = {400: Malformed, 403: Forbidden, 413: TooLarge}
    kind = kinds.get(statuses.pop(), Invalid) if len(statuses) == 1 else Invalid
    detail = items[0].reason if len(items) == 1 else "Every item was refused; see `errors`"
    return kind(detail, errors=errors)


def _refusal(item: wire.Refusal) -> dict[str, Any]:
    told = {"index": item.index, "reason": item.reason, "status": item.status}
    return told | ({"pointer": item.pointer} if item.pointer else {})


async def _documented(request: Request) -> Response:
    return await fast_handler(context_of(request))(request)


async def _preflight(request: Request) -> Response:
    origin = request.headers.get("origin")
    return Response(status_code=204, headers=_PREFLIGHT | (_allowed(origin) if origin else CORS))


_EXAMPLES: dict[str, dict[str, Any]] = {
    "batch": {
        "batch": [
            {
                "type": "track",
                "userId": "u1",
                "event": "Order Completed",
                "properties": {"total": 29.9},
                "messageId": "m-1",
            }
        ]
    },
    "track": {"userId": "u1", "event": "Order Completed", "properties": {"total": 29.9}},
    "identify": {"userId": "u1", "traits": {"email": "anna@example.com"}},
    "page": {"anonymousId": "a1", "name": "Pricing"},
    "screen": {"userId": "u1", "name": "Home"},
    "group": {"userId": "u1", "groupId": "g1", "traits": {"name": "Team Blue"}},
    "alias": {"previousId": "a1", "userId": "u1"},
}
_SUMMARIES = {
    "batch": "Report several events at once",
    "track": "Report what a person did",
    "identify": "Say who a person is",
    "page": "Report a page view",
    "screen": "Report a screen view",
    "group": "Say which group a person belongs to",
    "alias": "Join two ids of one person",
}
_ANSWERS: dict[str, Any] = {
    "type": "object",
    "required": ["success"],
    "properties": {
        "success": {"const": True},
        "refused": {
            "type": "array",
            "description": "Items that were not stored; absent where all were.",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"},
                    "reason": {"type": "string"},
                    "pointer": {"type": "string"},
                    "status": {"type": "integer"},
                },
            },
        },
    },
}


def _openapi(call: str) -> dict[str, Any]:
    schema = {"type": "object", "description": "As the Segment specification says."}
    content = {"application/json": {"schema": schema, "example": _EXAMPLES[call]}}
    return {
        "security": [{"writeKey": []}, {"secretKey": []}],
        "requestBody": {"required": True, "content": content},
    }


for _call in CALLS:
    router.add_api_route(
        f"/v1/{_call}",
        _documented,
        methods=["POST"],
        name=_call,
        summary=_SUMMARIES[_call],
        description="Stored exactly once per `messageId`; 200 means committed. Up to 500 KB, gzip"
        " welcome, 32 KB per event. The write key is the user name of Basic authentication, or"
        " `writeKey` in the body.",
        openapi_extra=_openapi(_call),
        responses={
            200: {
                "description": "Stored",
                "content": {"application/json": {"schema": _ANSWERS, "example": {"success": True}}},
            },
            **documented(Malformed, Forbidden, TooLarge, problems.UnsupportedMedia, Invalid),
        },
    )
for _path in PATHS:
    router.add_api_route(_path, _preflight, methods=["OPTIONS"], include_in_schema=False)
