"""Double opt-in, and the list of what is suppressed."""

from typing import Annotated

from fastapi import APIRouter, Query

from contracts.topology import BEGIN_OPT_IN, CHANGE_PERMISSION, SUPPRESSIONS
from gateway.api.profiles import Ref
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.common import Changed
from gateway.shapes.optins import OptIn, OptInBegun, Suppressions, SuppressionsQuery
from gateway.wire import optins as optins_wire
from gateway.wire import permission as permission_wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["permission"], route_class=WriteRoute)
reads = APIRouter(tags=["permission"])


@router.post(
    "/v1/profiles/{ref:path}/opt-ins",
    status_code=202,
    summary="Have a person confirm consent from their own address (double opt-in)",
    description="Consent is pending until the link of the confirmation message is used, within 7"
    " days. The message is that of the live journey which begins with `$opt_in_requested`; its link"
    " ends in `/k/{{ event.confirm_token }}`. Asking again sends nothing: there is no reminder.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def post_opt_in(ref: Ref, asked: OptIn, ctx: Ctx, key: Admin) -> OptInBegun:
    person = await find_profile(ctx, key.workspace, ref)
    evidence = {"source": "api", **asked.evidence, "actor": f"key:{key.id}"}
    request = optins_wire.begin_request(person.id, asked, evidence)
    return optins_wire.begun(await ctx.caller.call(BEGIN_OPT_IN, key.workspace, request))


@reads.get(
    "/v1/suppressions",
    summary="What is suppressed, and why",
    response_model_exclude_none=True,
    responses=documented(Invalid),
)
async def get_suppressions(
    query: Annotated[SuppressionsQuery, Query()], ctx: Ctx, key: Reader
) -> Suppressions:
    request = optins_wire.suppressions_request(query.channel, query.cursor, query.limit)
    return optins_wire.suppressions(await ctx.caller.call(SUPPRESSIONS, key.workspace, request))


@router.delete(
    "/v1/suppressions",
    summary="Lift a suppression, because the person asked for it",
    description="Only the recipient's own act lifts a suppression: say in `reason` what they did.",
    responses=documented(NotFound, Invalid),
)
async def delete_suppression(
    profile: Annotated[str, Query(max_length=400, description="A ref, as in paths.")],
    reason: Annotated[str, Query(min_length=1, max_length=500, examples=["asked by phone"])],
    ctx: Ctx,
    key: Admin,
    channel: Annotated[str, Query(max_length=20, description="`*` for all.")] = "*",
) -> Changed:
    person = await find_profile(ctx, key.workspace, profile)
    evidence = {"source": "api", "reason": reason, "actor": f"key:{key.id}"}
    change = permission_wire.PermissionChange(
        "suppression", "lifted", channel=channel, evidence=evidence
    )
    await ctx.optouts.drain()
    request = permission_wire.change_request(person.id, change, ctx.clock.now())
    reply = await ctx.caller.call(CHANGE_PERMISSION, key.workspace, request)
    return Changed(changed=permission_wire.changed(reply))
