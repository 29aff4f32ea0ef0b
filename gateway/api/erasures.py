"""What belongs to a person: all of it on request, or none of it any more (Art. 15, 17, 20 GDPR)."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from gateway.api.profiles import Ref
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, find_profile
from gateway.problems import documented
from gateway.shapes.common import JsonObject
from gateway.shapes.people import Erasure
from gateway.store import erasures as store
from kit.errors import NotFound
from kit.ids import new_id

router = APIRouter(tags=["erasures"], route_class=WriteRoute)
reads = APIRouter(tags=["erasures"])


@reads.get(
    "/v1/profiles/{ref:path}/export",
    summary="Everything about a person, from every service",
    description="Rows by service and table, with the evidence of each consent; merged profiles"
    " included. Needs a key that may change things.",
    responses=documented(NotFound),
)
async def export(ref: Ref, ctx: Ctx, key: Admin) -> JsonObject:
    person = await find_profile(ctx, key.workspace, ref)
    told = await ctx.erasures.export(key.workspace, [person.id, *person.merged])
    about: dict[str, Any] = {
        "profile": person.model_dump(mode="json"),
        "exported_at": ctx.clock.now().isoformat(),
    }
    return about | told.by_service


@router.delete(
    "/v1/profiles/{ref:path}",
    status_code=202,
    summary="Erase a person",
    description="Removes them from every service, and from the streams between them, within a"
    " minute. What is left are keyed hashes of their ids, by which later events and imports about"
    " them are refused, and sums that name nobody.",
    responses=documented(NotFound),
)
async def erase(ref: Ref, ctx: Ctx, key: Admin) -> Erasure:
    person = await find_profile(ctx, key.workspace, ref)
    wanted = store.Erasure(
        workspace=key.workspace,
        id=new_id(ctx.clock),
        persons=[person.id, *person.merged],
        requested_at=ctx.clock.now(),
    )
    await ctx.erasures.begin(wanted)
    return _shown(wanted)


@reads.get(
    "/v1/erasures/{id}",
    summary="The receipt of an erasure",
    response_model_exclude_none=True,
    responses=documented(NotFound),
)
async def receipt(id: UUID, ctx: Ctx, key: Admin) -> Erasure:  # noqa: A002 - the path's name
    async with ctx.db.api(key.workspace, readonly=True) as tx:
        found = await store.find(tx, key.workspace, id)
    if found is None:
        raise NotFound("There is no such erasure")
    return _shown(found)


def _shown(erasure: store.Erasure) -> Erasure:
    return Erasure(
        id=erasure.id,
        state="done" if erasure.done_at else "running",
        profiles=list(erasure.persons),
        requested_at=erasure.requested_at,
        done_at=erasure.done_at,
    )
