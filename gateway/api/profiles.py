"""`/v1/profiles/{ref}`: a person, their timeline and where they stand.

A ref is a profile id, or `user:<userId>`, `anonymous:<id>`, `external:<system>:<id>`,
`email:<address>`, `phone:<number>`.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from contracts.topology import JOURNEYS, MERGE, PROFILES, TIMELINE
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.journeys import Journeys
from gateway.shapes.people import Merged, MergeWish, Profile, Profiles, ProfilesQuery
from gateway.shapes.timeline import Timeline, TimelineQuery
from gateway.wire import ingest as ingest_wire
from gateway.wire import journeys as journeys_wire
from gateway.wire import timeline as timeline_wire
from kit.errors import Conflict, Invalid, NotFound

writes = APIRouter(tags=["profiles"], route_class=WriteRoute)
router = APIRouter(tags=["profiles"])
last = APIRouter(tags=["profiles"])
"""Comes after all that lies below a profile: a ref may contain a slash."""

Ref = Annotated[
    str,
    Path(
        description="A profile id, or `user:<userId>`, `anonymous:<id>`,"
        " `external:<system>:<id>`, `email:<address>`, `phone:<number>`.",
        max_length=400,
        examples=["user:u1"],
    ),
]


@router.get(
    "/v1/profiles",
    summary="People, newest first",
    description="All of them, or those whose trait `email` or `phone` is this address.",
    response_model_exclude_none=True,
    responses=documented(Invalid),
)
async def profiles(ctx: Ctx, key: Reader, asked: Annotated[ProfilesQuery, Query()]) -> Profiles:
    request = ingest_wire.profiles_request(asked, _before(asked.cursor))
    found, more = ingest_wire.profiles(await ctx.caller.call(PROFILES, key.workspace, request))
    return Profiles(items=found, next_cursor=str(found[-1].id) if more else None)


def _before(cursor: str) -> UUID | None:
    try:
        return UUID(cursor) if cursor else None
    except ValueError:
        raise Invalid("Take the cursor from next_cursor, unchanged") from None


@writes.post(
    "/v1/profiles/{ref:path}/merge",
    summary="Say that two profiles are one person",
    description="The only way two profiles with user ids become one; it cannot be undone. The"
    " person of the path stays, unless only the other one has a user id. Events, counters and"
    " timeline unite; of permission the stricter answer holds. Again, it changes nothing.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Conflict, Invalid),
)
async def merge(ref: Ref, wish: MergeWish, ctx: Ctx, key: Admin) -> Merged:
    request = ingest_wire.merge_request(ref, wish)
    return ingest_wire.merged(await ctx.caller.call(MERGE, key.workspace, request))


@router.get(
    "/v1/profiles/{ref:path}/timeline",
    summary="Everything that happened with a person, newest first",
    description="Events, decisions (also the silent ones, with their reasons), messages, receipts,"
    " consent: one line each, merged profiles read as one.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def timeline(
    ref: Ref, ctx: Ctx, key: Reader, asked: Annotated[TimelineQuery, Query()]
) -> Timeline:
    person = await find_profile(ctx, key.workspace, ref)
    question = timeline_wire.TimelineQuestion(
        persons=[person.id, *person.merged],
        kinds=_split(asked.kind),
        channels=_split(asked.channel),
        since=asked.since,
        until=asked.until,
        journey=asked.journey,
        campaign=asked.campaign,
        cursor=asked.cursor,
        limit=asked.limit,
    )
    reply = await ctx.caller.call(TIMELINE, key.workspace, timeline_wire.timeline_request(question))
    return timeline_wire.timeline(reply)


@router.get(
    "/v1/profiles/{ref:path}/journeys",
    summary="Where a person stands in each journey",
    responses=documented(NotFound),
)
async def journeys(ref: Ref, ctx: Ctx, key: Reader) -> Journeys:
    person = await find_profile(ctx, key.workspace, ref)
    request = journeys_wire.journeys_request(person.id)
    return journeys_wire.journeys(await ctx.caller.call(JOURNEYS, key.workspace, request))


@last.get(
    "/v1/profiles/{ref:path}",
    summary="A person",
    response_model_exclude_none=True,
    responses=documented(NotFound),
)
async def profile(ref: Ref, ctx: Ctx, key: Reader) -> Profile:
    return await find_profile(ctx, key.workspace, ref)


def _split(names: list[str]) -> list[str]:
    return [name.strip() for each in names for name in each.split(",") if name.strip()]
