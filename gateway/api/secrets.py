"""Secrets of provider accounts: written, listed by reference, never read back."""

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.topology import DROP_SECRET, KEEP_SECRET, SECRETS
from gateway.api.routes import WriteRoute
from gateway.context import Admin, Ctx
from gateway.problems import documented
from gateway.shapes.secrets import SecretRef, SecretRefs, SecretValue
from gateway.wire import secrets as wire
from kit.errors import Conflict, Invalid, NotFound

router = APIRouter(tags=["providers"], route_class=WriteRoute)
reads = APIRouter(tags=["providers"])

Ref = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


@router.put(
    "/v1/secrets/{ref}",
    summary="Keep a secret that provider accounts refer to",
    description="Encrypted at rest; nothing answers with it again. Accounts use it within seconds.",
    responses=documented(Conflict, Invalid),
)
async def put_secret(ref: Ref, asked: SecretValue, ctx: Ctx, caller: Admin) -> SecretRef:
    request = wire.keep_secret_request(ref, asked.value)
    await ctx.caller.call(KEEP_SECRET, caller.workspace, request)
    return SecretRef(ref=ref, changed_at=ctx.clock.now())


@router.delete(
    "/v1/secrets/{ref}",
    summary="Forget a secret",
    status_code=204,
    responses=documented(NotFound),
)
async def delete_secret(ref: Ref, ctx: Ctx, caller: Admin) -> None:
    await ctx.caller.call(DROP_SECRET, caller.workspace, wire.drop_secret_request(ref))


@reads.get("/v1/secrets", summary="Which secrets there are, without their values")
async def list_secrets(ctx: Ctx, caller: Admin) -> SecretRefs:
    reply = await ctx.caller.call(SECRETS, caller.workspace, wire.secrets_request())
    return SecretRefs(items=wire.secret_refs(reply))
