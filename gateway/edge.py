"""The outermost layer: one span, one request id and one measurement for each request.

The hot path, the tracking calls, is answered from here; everything else goes to FastAPI.
Routes are named by their templates: a path may carry a person's address.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import Request, Response
from opentelemetry.trace import Span, SpanKind
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.telemetry import METRIC_HTTP_DURATION, SPAN_HTTP
from gateway import problems
from gateway.limits import InFlight
from kit import telemetry
from kit.clock import Clock
from kit.errors import Broken, KairosError, Malformed

log = logging.getLogger("kairos.gateway")

Handler = Callable[[Request], Awaitable[Response]]

_UNBOUNDED = ("/healthz", "/readyz", "/metrics", "/v1/inbox/stream")
"""Answered however busy the gateway is; streams are bounded by themselves."""

_NUL = "No id, name or cursor contains the character NUL"
_duration = telemetry.histogram(METRIC_HTTP_DURATION, "s", "Time to answer an HTTP request")


class Edge:
    """An ASGI application around the application.

    Args:
        fast: path -> handler of the POSTs answered without the router.
    """

    def __init__(
        self, app: ASGIApp, fast: Mapping[str, Handler], in_flight: InFlight, clock: Clock
    ) -> None:
        self._app = app
        self._fast = fast
        self._in_flight = in_flight
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = self._clock.monotonic()
        with telemetry.span(SPAN_HTTP, parent=_traceparent(scope), kind=SpanKind.SERVER) as span:
            sent = _Sent(send, telemetry.current_traceparent())
            try:
                await self._answer(scope, receive, sent)
            except ClientDisconnect:
                sent.status = 499
            except Exception:
                # FastAPI has answered already where it could; the error is told here, once.
                log.exception("a request failed", extra={"facts": {"route": _route(scope)}})
                if not sent.status:
                    await problems.answer(Broken())(scope, receive, sent)
            self._measure(scope, span, sent.status, self._clock.monotonic() - started_s)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if "\0" in path or b"%00" in scope["query_string"]:
            await problems.answer(Malformed(_NUL))(scope, receive, send)
            return
        if path in _UNBOUNDED:
            await self._app(scope, receive, send)
            return
        try:
            with self._in_flight.place():
                fast = self._fast.get(path) if scope["method"] == "POST" else None
                if fast is None:
                    await self._app(scope, receive, send)
                    return
                response = await fast(Request(scope, receive))
        except KairosError as error:
            response = problems.answer(error)
            if path in self._fast:  # A page must be able to read when to come back.
                response.headers["access-control-allow-origin"] = "*"
        await response(scope, receive, send)

    def _measure(self, scope: Scope, span: Span, status: int, took_s: float) -> None:
        labels: dict[str, Any] = {
            "http.request.method": scope["method"],
            "http.route": scope["path"] if scope["path"] in self._fast else _route(scope),
            "http.response.status_code": status,
        }
        span.set_attributes(labels)
        _duration.record(took_s, labels)


class _Sent:
    """A `send` that adds the request id and remembers the status."""

    def __init__(self, send: Send, traceparent: str) -> None:
        self._send = send
        self._headers = [
            (b"x-request-id", telemetry.trace_id_of(traceparent).encode()),
            (b"traceparent", traceparent.encode()),
        ]
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers]
        await self._send(message)


def _traceparent(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            text: str = value.decode("latin-1")
            return text
    return None


def _route(scope: Scope) -> str:
    """The template of the route, `/v1/profiles/{ref}`; empty where none matched."""
    return getattr(scope.get("route"), "path_format", "")
