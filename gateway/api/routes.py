"""A route for writes: every call is authenticated, bounded, audited and idempotent."""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from gateway import auth, problems
from gateway.context import context_of
from gateway.limits import DOCUMENTS_BYTES_MAX, read_body
from gateway.writes import Held
from kit.errors import Broken, KairosError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


REASON = "audit_reason"


def because(request: Request, reason: str) -> None:
    """Keeps the caller's reason in the audit trail, beside what was done."""
    setattr(request.state, REASON, reason)


class WriteRoute(APIRoute):
    """Wraps the handler of a write; see `gateway.writes`."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            ctx = context_of(request)
            key = await auth.secret_key(ctx.keys, request.headers.get("authorization"), "admin")
            body = await read_body(request, DOCUMENTS_BYTES_MAX)
            action = f"{request.method} {self.path_format}"
            asked = request.headers.get("idempotency-key")
            held: Held | Response
            if asked is None:
                held = await ctx.writes.begin(key, action)
            else:
                held = await ctx.writes.begin_once(key, action, asked, _fingerprint(request, body))
            if isinstance(held, Response):
                return held
            try:
                response = await handle(Request(request.scope, _replay(body)))
            except KairosError as error:
                response = problems.answer(error)
            except RequestValidationError as error:
                response = problems.answer(problems.from_validation(error))
            except Exception:
                await ctx.writes.end(held, Broken.status)
                raise
            reason = getattr(request.state, REASON, None)
            await ctx.writes.end(held, response.status_code, response, reason=reason)
            return response

        return guarded


def _fingerprint(request: Request, body: bytes) -> bytes:
    """Tells one request from another."""
    line = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(line.encode() + body).digest()


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
