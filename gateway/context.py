"""What every route works with: the parts of the gateway, and who is calling."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from contracts import topology
from gateway import auth
from gateway.courier import Courier
from gateway.erasing import Erasures
from gateway.limits import InFlight, Rate
from gateway.optouts import OptOuts
from gateway.settings import Settings
from gateway.shapes.people import Profile
from gateway.usertokens import UserTokens
from gateway.wire import ingest as wire
from gateway.writes import Writes
from kit import devclock
from kit.bus.connection import Connection
from kit.bus.rpc import Caller
from kit.clock import Clock
from kit.db.database import Database


@dataclass(frozen=True)
class Context:
    """The gateway's parts; made in main.py, found by routes at `app.state.context`."""

    settings: Settings
    clock: Clock
    db: Database
    bus: Connection
    caller: Caller
    keys: auth.Keys
    rate: Rate
    in_flight: InFlight
    writes: Writes
    optouts: OptOuts
    erasures: Erasures
    courier: Courier
    user_tokens: UserTokens
    coordinator: devclock.Coordinator | None


_bearer = HTTPBearer(
    auto_error=False, scheme_name="secretKey", description="A secret key of the workspace."
)


def context_of(request: Request) -> Context:
    """The context of the application that serves this request."""
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(context_of)]


Described = Annotated[object, Depends(_bearer)]
"""Says in the OpenAPI document that a key is needed; `gateway.auth` is what reads it."""


async def _admin(request: Request, ctx: Ctx, _: Described) -> auth.Key:
    return await _authenticated(request, ctx, "admin")


async def _reader(request: Request, ctx: Ctx, _: Described) -> auth.Key:
    return await _authenticated(request, ctx, "read")


async def _authenticated(request: Request, ctx: Context, scope: auth.Scope) -> auth.Key:
    """The secret key of this request, within its rate."""
    key = await auth.secret_key(ctx.keys, request.headers.get("authorization"), scope)
    ctx.rate.take(key.id)
    return key


Admin = Annotated[auth.Key, Depends(_admin)]
"""A secret key that may change things."""
Reader = Annotated[auth.Key, Depends(_reader)]
"""A secret key that may read."""


async def find_profile(ctx: Context, workspace: str, ref: str) -> Profile:
    """The profile behind a ref (id, `user:`, `anonymous:`, `email:`); NotFound where unknown."""
    reply = await ctx.caller.call(topology.PROFILE, workspace, wire.profile_request(ref))
    return wire.profile(reply)
