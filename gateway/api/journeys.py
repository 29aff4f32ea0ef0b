"""Journeys at work: who enters, which version is in force, who is where."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from contracts.topology import ENTER, JOURNEY, RUNS
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Context, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.journeys import Enter, Entered, JourneyState, Moved, MovePeople, RunQuery, Runs
from gateway.wire import journeys as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["journeys"], route_class=WriteRoute)
reads = APIRouter(tags=["journeys"])

JourneyKey = Annotated[str, Path(max_length=63)]
_ERRORS = documented(NotFound, Invalid)


@router.post(
    "/v1/journeys/{key}/enter",
    summary="Let a person enter a journey",
    description="Its entry must say `api: true`; re-entry rule and audience hold. `entered` is"
    " false where they kept the person out.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def enter_journey(key: JourneyKey, asked: Enter, ctx: Ctx, caller: Admin) -> Entered:
    person = await find_profile(ctx, caller.workspace, asked.profile)
    request = wire.enter_request(person.id, key, asked.properties)
    return wire.entered(await ctx.caller.call(ENTER, caller.workspace, request))


async def _act(ctx: Context, workspace: str, key: str, action: str) -> JourneyState:
    request = wire.journey_request(key, action)
    return wire.journey_state(await ctx.caller.call(JOURNEY, workspace, request))


@router.post(
    "/v1/journeys/{key}/activate",
    summary="Publish a draft, or let a paused or draining journey go on",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def activate_journey(key: JourneyKey, ctx: Ctx, caller: Admin) -> JourneyState:
    return await _act(ctx, caller.workspace, key, "activate")


@router.post(
    "/v1/journeys/{key}/pause",
    summary="Hold everything a journey wants to send",
    description="In force when this answers: nothing of it is sent; what wants to go out is kept"
    " until its validity ends. People still enter, and waiting times go on.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def pause_journey(key: JourneyKey, ctx: Ctx, caller: Admin) -> JourneyState:
    return await _act(ctx, caller.workspace, key, "pause")


@router.post(
    "/v1/journeys/{key}/drain",
    summary="Let nobody enter any more; people inside go on to their end",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def drain_journey(key: JourneyKey, ctx: Ctx, caller: Admin) -> JourneyState:
    return await _act(ctx, caller.workspace, key, "drain")


@router.post(
    "/v1/journeys/{key}/archive",
    summary="End a journey for everybody",
    description="Ends up to 500 people per call; `left` says how many are still inside: call"
    " again.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def archive_journey(key: JourneyKey, ctx: Ctx, caller: Admin) -> JourneyState:
    return await _act(ctx, caller.workspace, key, "archive")


@router.post(
    "/v1/journeys/{key}/move",
    summary="Move people in flight to another version",
    description="`steps` says where people at a step go whose key the other version lacks. A dry"
    " run says how many move where. Moves up to 500 people per call; `left` says how many are"
    " still in the old version: call again.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def move_people(key: JourneyKey, asked: MovePeople, ctx: Ctx, caller: Admin) -> Moved:
    request = wire.journey_request(
        key, "move", asked.from_version, asked.to_version, asked.steps, dry_run=asked.dry_run
    )
    return wire.moved(await ctx.caller.call(JOURNEY, caller.workspace, request))


@reads.get(
    "/v1/journeys/{key}/state",
    summary="Where everybody is in a journey",
    description="Its status, its versions, and how many people wait at each step.",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def journey_state(key: JourneyKey, ctx: Ctx, caller: Reader) -> JourneyState:
    return await _act(ctx, caller.workspace, key, "")


@reads.get(
    "/v1/journeys/{key}/people",
    summary="Who waits in a journey, for what, until when",
    response_model_exclude_none=True,
    responses=_ERRORS,
)
async def people_in_journey(
    key: JourneyKey, ctx: Ctx, caller: Reader, asked: Annotated[RunQuery, Query()]
) -> Runs:
    request = wire.runs_request(key, asked.step, _after(asked.cursor), asked.limit)
    return wire.runs(await ctx.caller.call(RUNS, caller.workspace, request))


def _after(cursor: str) -> tuple[UUID, UUID] | None:
    if not cursor:
        return None
    person, _, run = cursor.partition(".")
    try:
        return UUID(person), UUID(run)
    except ValueError as error:
        detail = "the `next_cursor` of an earlier page"
        raise Invalid(
            "The cursor is none", errors=[{"pointer": "/cursor", "detail": detail}]
        ) from error
