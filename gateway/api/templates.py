"""`POST /v1/templates/{key}/render`: what somebody would read; nothing is sent or stored."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from contracts.topology import RENDER_TEMPLATE
from gateway.context import Context, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.catalog import Rendered, RenderRequest
from gateway.wire import letters as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["catalog"])

TemplateKey = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


@router.post(
    "/v1/templates/{key}/render",
    summary="Show what a person would read",
    description="Links into the recipient's pages lead nowhere in it.",
    response_model_exclude_none=True,
    responses=documented(NotFound, Invalid),
)
async def render(key: TemplateKey, asked: RenderRequest, ctx: Ctx, caller: Reader) -> Rendered:
    traits = await _traits(ctx, caller.workspace, asked.profile)
    if not asked.locale:
        locale = str(traits.get("locale") or traits.get("language") or "")
        asked = asked.model_copy(update={"locale": locale[:35]})
    variables = {"profile": traits, "event": asked.data, "data": asked.data}
    request = wire.render_request(key, asked, variables)
    return wire.rendered(await ctx.caller.call(RENDER_TEMPLATE, caller.workspace, request))


async def _traits(ctx: Context, workspace: str, ref: str) -> dict[str, Any]:
    """The person's traits; none where nobody is named."""
    return (await find_profile(ctx, workspace, ref)).traits if ref else {}
