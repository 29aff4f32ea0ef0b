"""`/v1/dead-letters`: facts that a service could not take, from all services."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request

from gateway.api.routes import WriteRoute, because
from gateway.context import Admin, Context, Ctx, Reader
from gateway.problems import documented
from gateway.shapes.deadletters import (
    DeadLetter,
    DeadLetters,
    DeadLettersQuery,
    DiscardWish,
    Service,
    Settled,
)
from gateway.wire import deadletters as wire
from kit.bus import deadletters_desk
from kit.bus.spec import EndpointSpec
from kit.errors import Conflict, Invalid, NotFound, Unavailable

router = APIRouter(tags=["dead letters"], route_class=WriteRoute)
reads = APIRouter(tags=["dead letters"])

SERVICES: tuple[Service, ...] = get_args(Service)


@reads.get(
    "/v1/dead-letters",
    summary="Facts that a service could not take, newest first",
    description="Somebody's story has a gap until each is replayed or discarded.",
    response_model_exclude_none=True,
    responses=documented(Invalid, Unavailable),
)
async def dead_letters(
    ctx: Ctx, key: Reader, asked: Annotated[DeadLettersQuery, Query()]
) -> DeadLetters:
    request = wire.page_request(asked.cursor, asked.limit + 1)

    async def of(service: Service) -> list[DeadLetter]:
        spec = deadletters_desk.list_spec(service)
        return wire.letters(service, await ctx.caller.call(spec, key.workspace, request))

    pages = await asyncio.gather(*map(of, (asked.service,) if asked.service else SERVICES))
    found = sorted(
        (each for page in pages for each in page),
        key=lambda each: (each.first_seen_at, each.id),
        reverse=True,
    )
    items, more = found[: asked.limit], len(found) > asked.limit
    return DeadLetters(items=items, next_cursor=wire.cursor_after(items[-1]) if more else None)


@router.post(
    "/v1/dead-letters/{id}/replay",
    summary="Hand it to the same handler again",
    description="In one transaction: it is handled and leaves the list, or it fails again (409) and"
    " stays with one more attempt. Safe to repeat: it is handled once.",
    responses=documented(NotFound, Conflict, Unavailable),
)
async def replay_dead_letter(id: UUID, ctx: Ctx, key: Admin) -> Settled:  # noqa: A002 - the path's name
    return await _settle(ctx, key.workspace, id, deadletters_desk.replay_spec, "replayed")


@router.post(
    "/v1/dead-letters/{id}/discard",
    summary="Give it up",
    description="The gap on the person's timeline stays.",
    responses=documented(NotFound, Conflict, Invalid, Unavailable),
)
async def discard_dead_letter(
    id: UUID,  # noqa: A002 - the path's name
    wish: DiscardWish,
    request: Request,
    ctx: Ctx,
    key: Admin,
) -> Settled:
    because(request, wish.reason)
    return await _settle(ctx, key.workspace, id, deadletters_desk.discard_spec, "discarded")


async def _settle(
    ctx: Context,
    workspace: str,
    letter: UUID,
    spec: Callable[[str], EndpointSpec],
    state: Literal["replayed", "discarded"],
) -> Settled:
    """Asks every service: an id says not whose it is, and only one knows it."""
    body = deadletters_desk.asked_one(letter)
    answers = await asyncio.gather(
        *(ctx.caller.call(spec(name), workspace, body) for name in SERVICES),
        return_exceptions=True,
    )
    for service, answer in zip(SERVICES, answers, strict=True):
        if not isinstance(answer, BaseException):
            return Settled(id=letter, service=service, state=state)
    failures = [each for each in answers if isinstance(each, BaseException)]
    # Who knows it said why not; who is away may be the one who knows it; the rest do not.
    raise min(failures, key=_says_little)


def _says_little(error: BaseException) -> tuple[bool, bool]:
    return isinstance(error, NotFound), isinstance(error, Unavailable)
