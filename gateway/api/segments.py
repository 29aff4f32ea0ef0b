"""Segments: who is in one, and which a person is in. Their documents are part of the catalog."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from contracts.topology import CATALOG, MEMBERS, SCHEMA, SEGMENT, SEGMENT_PREVIEW, SEGMENTS_OF
from gateway.api.profiles import Ref
from gateway.context import Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.common import JsonObject
from gateway.shapes.segments import (
    MemberQuery,
    Members,
    Memberships,
    SegmentPreview,
    SegmentPreviewAsked,
)
from gateway.wire import catalog as catalog_wire
from gateway.wire import segments as segments_wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["segments"])

SegmentKey = Annotated[str, Path(max_length=63)]


@router.post(
    "/v1/segments/preview",
    summary="Whom a rule would let in",
    description="Counts everybody (100,000 people in less than 4 s) and names some; keeps nothing."
    " With `exact: false` an estimate from a part of the people, at once.",
    responses=documented(Invalid),
)
async def segment_preview(asked: SegmentPreviewAsked, ctx: Ctx, caller: Reader) -> SegmentPreview:
    request = segments_wire.segment_preview_request(asked)
    return segments_wire.segment_preview(
        await ctx.caller.call(SEGMENT_PREVIEW, caller.workspace, request)
    )


@router.get(
    "/v1/schemas/{kind}",
    summary="The JSON Schema of a kind of document",
    tags=["catalog"],
    responses=documented(NotFound),
)
async def schema(kind: Annotated[str, Path(max_length=40)], ctx: Ctx, caller: Reader) -> JsonObject:
    reply = await ctx.caller.call(SCHEMA, caller.workspace, segments_wire.schema_request(kind))
    return segments_wire.schema(reply)


@router.get(
    "/v1/segments/{key}/members",
    summary="Who is in a segment",
    description="In order of profile id, which is the order people were first seen in.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def members(
    key: SegmentKey, ctx: Ctx, caller: Reader, asked: Annotated[MemberQuery, Query()]
) -> Members:
    request = segments_wire.members_request(key, _after(asked.cursor), asked.limit)
    reply = await ctx.caller.call(MEMBERS, caller.workspace, request)
    return segments_wire.members(reply, asked.limit)


def _after(cursor: str) -> UUID | None:
    try:
        return UUID(cursor) if cursor else None
    except ValueError as error:
        detail = "the `next_cursor` of an earlier page"
        raise Invalid(
            "The cursor is none", errors=[{"pointer": "/cursor", "detail": detail}]
        ) from error


@router.get(
    "/v1/segments/{key}",
    summary="One segment",
    description="The document, how many `members` it has, and its `state`: `counting` until"
    " everybody has been looked at since it was last changed, then `active`.",
    responses=documented(NotFound),
)
async def segment(key: SegmentKey, ctx: Ctx, caller: Reader) -> JsonObject:
    request = catalog_wire.catalog_request("segment", key, revision=0)
    found = catalog_wire.documents(await ctx.caller.call(CATALOG, caller.workspace, request))
    if not found:
        raise NotFound("There is no segment with this key")
    reply = await ctx.caller.call(SEGMENT, caller.workspace, segments_wire.segment_request(key))
    return found[0] | segments_wire.segment(reply)


@router.get(
    "/v1/profiles/{ref:path}/segments",
    summary="The segments a person is in",
    responses=documented(NotFound),
)
async def segments_of(ref: Ref, ctx: Ctx, caller: Reader) -> Memberships:
    person = await find_profile(ctx, caller.workspace, ref)
    request = segments_wire.segments_of_request(person.id)
    return segments_wire.segments_of(await ctx.caller.call(SEGMENTS_OF, caller.workspace, request))
