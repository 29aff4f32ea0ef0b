"""Messages in a company's own apps: the feed, a stream of what comes in, and what people do.

An app says whose inbox it shows with a public write key and a user token, which the company's
server signs (`gateway.usertokens`). A visitor who is not known yet is named by the anonymousId of
the app; once such a profile belongs to a user, only the user's token opens it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from nats.aio.msg import Msg

from contracts.topology import FEED_SUBJECT, INBOX, INBOX_ACT
from gateway import auth, usertokens
from gateway.context import Context, Ctx, find_profile
from gateway.problems import documented
from gateway.shapes.common import Changed
from gateway.shapes.inbox import Inbox, InboxItem
from gateway.wire import letters as wire
from kit.errors import Forbidden, Invalid, KairosError, NotFound, Overloaded, Unauthenticated

router = APIRouter(tags=["inbox"])

STREAMS_MAX = 2_000
"""Open streams a process holds, some 20 KB each."""
STREAM_S_MAX = 300.0
"""After it a stream ends and the app resumes it, so that a token that has expired ends too."""
LOOK_AGAIN_S = 15.0
"""How long a stream waits for a hint before it looks by itself; also the heartbeat."""
PAGE = 50
CORS = {"access-control-allow-origin": "*", "cache-control": "no-store"}


@dataclass(frozen=True)
class Reader:
    """Whose inbox it is: the profile, and those that became part of it."""

    workspace: str
    persons: Sequence[UUID]


async def _reader(
    request: Request,
    ctx: Ctx,
    write_key: Annotated[str, Query(max_length=200, description="Else as Basic.")] = "",
    user_token: Annotated[str, Query(max_length=4096, description="Else as header.")] = "",
    anonymous_id: Annotated[str, Query(max_length=255)] = "",
) -> Reader:
    """Raises Unauthenticated without key or person, Forbidden for a visitor who is known."""
    if write_key:
        key = await ctx.keys.find(write_key)
    else:
        key = await auth.tracking_key(ctx.keys, request.headers.get("authorization"), b"{}")
    ctx.rate.take(key.id)
    token = user_token or request.headers.get(usertokens.HEADER, "")
    if token:
        user = await ctx.user_tokens.user_of(key.workspace, token)
        return Reader(key.workspace, await _persons(ctx, key.workspace, f"user:{user}"))
    if anonymous_id:
        ref = f"anonymous:{anonymous_id}"
        return Reader(key.workspace, await _persons(ctx, key.workspace, ref, visitor=True))
    raise Unauthenticated("Send a user token, or the anonymous_id of a visitor")


async def _persons(
    ctx: Context, workspace: str, ref: str, *, visitor: bool = False
) -> Sequence[UUID]:
    """The profile and those that became part of it; none where nothing was reported yet."""
    try:
        profile = await find_profile(ctx, workspace, ref)
    except NotFound:
        return []
    if visitor and profile.user_ids:
        raise Forbidden("This visitor is a known user; send a user token")
    return [profile.id, *profile.merged]


Whose = Annotated[Reader, Depends(_reader)]
_ERRORS = documented(NotFound, Invalid)
_KEY: dict[str, Any] = {"security": [{"writeKey": []}]}


@router.get(
    "/v1/inbox",
    summary="Messages for a person, newest first",
    response_model_exclude_none=True,
    responses=_ERRORS,
    openapi_extra=_KEY,
)
async def inbox(
    whose: Whose,
    ctx: Ctx,
    response: Response,
    placement: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str, Query(pattern=r"^[0-9]{0,18}$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = PAGE,
) -> Inbox:
    response.headers.update(CORS)
    asked = wire.inbox_request(
        whose.persons, placement=placement, before=int(cursor or 0), limit=limit
    )
    found = wire.inbox(await ctx.caller.call(INBOX, whose.workspace, asked))
    last = str(found[-1][0]) if len(found) == limit else None
    return Inbox(items=[item for _, item in found], next_cursor=last)


@router.get(
    "/v1/inbox/stream",
    summary="What comes in, as server-sent events",
    description="Events `item` with the item as JSON; `Last-Event-ID` resumes where it broke off.",
    responses=_ERRORS,
    response_class=StreamingResponse,
    openapi_extra=_KEY,
)
async def inbox_stream(
    whose: Whose,
    ctx: Ctx,
    request: Request,
    last_event_id: Annotated[str, Header(pattern=r"^[0-9]{0,18}$")] = "",
) -> StreamingResponse:
    bell = await _bell_of(request, ctx)
    if len(bell) >= STREAMS_MAX:
        raise Overloaded
    events = _events(ctx, bell, whose, int(last_event_id or 0))
    return StreamingResponse(events, media_type="text/event-stream", headers=CORS)


@router.post(
    "/v1/inbox/{item}/{act}",
    summary="Say what the person did",
    responses=_ERRORS,
    openapi_extra=_KEY,
)
async def inbox_act(
    item: UUID,
    act: Literal["seen", "clicked", "dismissed"],
    whose: Whose,
    ctx: Ctx,
    response: Response,
) -> Changed:
    response.headers.update(CORS)
    asked = wire.inbox_act_request(whose.persons, item, act)
    reply = await ctx.caller.call(INBOX_ACT, whose.workspace, asked)
    return Changed(changed=wire.inbox_changed(reply))


@router.options("/v1/inbox{rest:path}", include_in_schema=False)
async def preflight(rest: str) -> Response:
    """Pages of any origin may ask; what they may see, the token says."""
    allowed = {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": f"authorization, content-type, {usertokens.HEADER}",
        "access-control-max-age": "86400",
    }
    return Response(status_code=204, headers=CORS | allowed)


class Bell:
    """Wakes the streams of a person for whom something has come in."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, UUID], set[asyncio.Event]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, whose: Reader) -> asyncio.Event:
        """An event that is set whenever something has come in."""
        rung = asyncio.Event()
        self._count += 1
        for person in whose.persons:
            self._waiting.setdefault((whose.workspace, person), set()).add(rung)
        return rung

    def remove(self, whose: Reader, rung: asyncio.Event) -> None:
        """Forgets the event."""
        self._count -= 1
        for person in whose.persons:
            waiting = self._waiting.get((whose.workspace, person), set())
            waiting.discard(rung)
            if not waiting:
                self._waiting.pop((whose.workspace, person), None)

    async def on_fact(self, message: Msg) -> None:
        """Something came in for somebody."""
        for rung in self._waiting.get(wire.whose(message.data), ()):
            rung.set()


async def _bell_of(request: Request, ctx: Context) -> Bell:
    """The bell of this process; rung by the feed from the first stream on."""
    state = request.app.state
    if not hasattr(state, "bell"):
        state.bell = Bell()
        subject = f"{FEED_SUBJECT}.*.deliveries.in_app_delivered"
        await ctx.bus.subscribe(subject, state.bell.on_fact)
    bell: Bell = state.bell
    return bell


async def _events(ctx: Context, bell: Bell, whose: Reader, last: int) -> AsyncIterator[str]:
    """Server-sent events until the stream has lived long enough."""
    rung = bell.add(whose)
    ends_s = ctx.clock.monotonic() + STREAM_S_MAX
    try:
        yield "retry: 2000\n\n"
        if not last:
            newest = await _items(ctx, whose, limit=1)
            last = newest[0][0] if newest else 0
            yield f"id: {last}\ndata:\nevent: ready\n\n"
        while ctx.clock.monotonic() < ends_s:
            rung.clear()
            new = await _items(ctx, whose, after=last, limit=PAGE)
            for position, item in sorted(new, key=lambda each: each[0]):
                last = position
                told = json.dumps(item.model_dump(mode="json", exclude_none=True))
                yield f"id: {last}\nevent: item\ndata: {told}\n\n"
            try:
                await asyncio.wait_for(rung.wait(), LOOK_AGAIN_S)
            except TimeoutError:
                yield ": still here\n\n"
    except KairosError:
        return  # the app comes back after `retry`, and resumes
    finally:
        bell.remove(whose, rung)


async def _items(
    ctx: Context, whose: Reader, *, after: int = 0, limit: int
) -> list[tuple[int, InboxItem]]:
    asked = wire.inbox_request(whose.persons, after=after, limit=limit)
    return wire.inbox(await ctx.caller.call(INBOX, whose.workspace, asked))
