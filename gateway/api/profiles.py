"""`/v1/profiles/{ref}`: a person, their timeline and where they stand.

A ref is a profile id, or `user:<userId>`, `anonymous:<id>`, `email:<address>`.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.topology import JOURNEYS, TIMELINE
from gateway import wire
from gateway.context import Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes import Journeys, Profile, Timeline, TimelineQuery
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["profiles"])
last = APIRouter(tags=["profiles"])
"""Comes after all that lies below a profile: a ref may contain a slash."""

Ref = Annotated[
    str,
    Path(
        description="A profile id, or `user:<userId>`, `anonymous:<id>`, `email:<address>`.",
        max_length=400,
        examples=["user:u1"],
    ),
]


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
    question = wire.TimelineQuestion(
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
    reply = await ctx.caller.call(TIMELINE, key.workspace, wire.timeline_request(question))
    return wire.timeline(reply)


@router.get(
    "/v1/profiles/{ref:path}/journeys",
    summary="Where a person stands in each journey",
    responses=documented(NotFound),
)
async def journeys(ref: Ref, ctx: Ctx, key: Reader) -> Journeys:
    person = await find_profile(ctx, key.workspace, ref)
    request = wire.journeys_request(person.id)
    return wire.journeys(await ctx.caller.call(JOURNEYS, key.workspace, request))


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
