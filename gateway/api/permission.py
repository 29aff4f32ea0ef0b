"""A person's permission: consent, objection, pause and mute. A withdrawal is never refused."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime

from contracts.topology import CHANGE_PERMISSION, PERMISSION
from gateway.api.profiles import Ref
from gateway.api.routes import WriteRoute
from gateway.auth import Key
from gateway.context import Admin, Context, Ctx, Reader, find_profile
from gateway.problems import documented
from gateway.shapes.common import Changed, Channel, JsonObject
from gateway.shapes.permission import ConsentChange, Evidence, Pause
from gateway.wire import permission as wire
from kit.errors import Invalid, NotFound

router = APIRouter(tags=["permission"], route_class=WriteRoute)
reads = APIRouter(tags=["permission"])

Topic = Annotated[str, Path(pattern=r"^(\*|[a-z0-9][a-z0-9_-]{0,62})$", description="Or `*`.")]
_ERRORS = documented(NotFound, Invalid)


@reads.get(
    "/v1/profiles/{ref:path}/permission",
    summary="All parts of a person's permission, with the verdict per channel and topic",
    description="With `at`: as it was then, by the ledger of evidence. Addresses, purchases and the"
    " catalog are always those of now.",
    responses=documented(NotFound),
)
async def permission(
    ref: Ref, ctx: Ctx, key: Reader, at: AwareDatetime | None = None
) -> JsonObject:
    person = await find_profile(ctx, key.workspace, ref)
    request = wire.permission_request(person.id, at)
    return wire.permission(await ctx.caller.call(PERMISSION, key.workspace, request))


@router.put(
    "/v1/profiles/{ref:path}/consents/{channel}/{topic}",
    summary="Record consent, or that it was withdrawn",
    description="In force when this answers. A withdrawal is never refused: where decision is away"
    " it is committed here and relayed.",
    responses=_ERRORS,
)
async def put_consent(
    ref: Ref, channel: Channel, topic: Topic, asked: ConsentChange, ctx: Ctx, key: Admin
) -> Changed:
    change = wire.PermissionChange(
        part="consent",
        status=asked.status,
        purpose=asked.purpose,
        channel=channel,
        topic=topic,
        basis=asked.basis,
        evidence=_evidence(key, asked.evidence),
    )
    return await _change(ctx, key, ref, change)


@router.put(
    "/v1/profiles/{ref:path}/objection",
    summary="Record an objection to all direct marketing (Art. 21 GDPR)",
    responses=_ERRORS,
)
async def put_objection(ref: Ref, ctx: Ctx, key: Admin, asked: Evidence | None = None) -> Changed:
    return await _set(ctx, key, ref, "objection", asked or Evidence())


@router.delete(
    "/v1/profiles/{ref:path}/objection", summary="Record that it was taken back", responses=_ERRORS
)
async def delete_objection(ref: Ref, ctx: Ctx, key: Admin) -> Changed:
    return await _lift(ctx, key, ref, "objection")


@router.put("/v1/profiles/{ref:path}/pause", summary="No marketing until a date", responses=_ERRORS)
async def put_pause(ref: Ref, asked: Pause, ctx: Ctx, key: Admin) -> Changed:
    return await _set(ctx, key, ref, "pause", asked)


@router.delete("/v1/profiles/{ref:path}/pause", summary="End the pause", responses=_ERRORS)
async def delete_pause(ref: Ref, ctx: Ctx, key: Admin) -> Changed:
    return await _lift(ctx, key, ref, "pause")


@router.put(
    "/v1/profiles/{ref:path}/mute",
    summary="No marketing while something is being sorted out",
    responses=_ERRORS,
)
async def put_mute(ref: Ref, ctx: Ctx, key: Admin, asked: Evidence | None = None) -> Changed:
    return await _set(ctx, key, ref, "mute", asked or Evidence())


@router.delete("/v1/profiles/{ref:path}/mute", summary="It is sorted out", responses=_ERRORS)
async def delete_mute(ref: Ref, ctx: Ctx, key: Admin) -> Changed:
    return await _lift(ctx, key, ref, "mute")


async def _set(ctx: Context, key: Key, ref: str, part: str, asked: Evidence) -> Changed:
    change = wire.PermissionChange(
        part=part,
        status="set",
        evidence=_evidence(key, asked.evidence, asked.reason),
        until=asked.until if isinstance(asked, Pause) else None,
    )
    return await _change(ctx, key, ref, change)


async def _lift(ctx: Context, key: Key, ref: str, part: str) -> Changed:
    change = wire.PermissionChange(part=part, status="lifted", evidence=_evidence(key, {}))
    return await _change(ctx, key, ref, change)


async def _change(ctx: Context, key: Key, ref: str, change: wire.PermissionChange) -> Changed:
    """Less permission is never refused; more of it comes after all withdrawals that still wait."""
    person = await find_profile(ctx, key.workspace, ref)
    if change.status in ("withdrawn", "set"):
        return Changed(changed=await ctx.optouts.take(key.workspace, person.id, change))
    await ctx.optouts.drain()
    request = wire.change_request(person.id, change, ctx.clock.now())
    reply = await ctx.caller.call(CHANGE_PERMISSION, key.workspace, request)
    return Changed(changed=wire.changed(reply))


def _evidence(key: Key, given: JsonObject, reason: str = "") -> dict[str, Any]:
    """What the caller says, and who said it; the caller cannot say who."""
    told = {"source": "api", **given, "actor": f"key:{key.id}"}
    return told | ({"reason": reason} if reason else {})
