"""Health, metrics and the documents that describe the system."""

import asyncio
from importlib import resources
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from contracts.topology import ENDPOINTS
from gateway import metrics
from gateway.context import Context, Ctx
from gateway.pages import docs
from kit import telemetry
from kit.bus.spec import EndpointSpec
from kit.errors import KairosError

router = APIRouter(tags=["system"])

SERVICES = tuple(dict.fromkeys(spec.service for spec in ENDPOINTS if spec.service != "gateway"))
"""Those behind us."""
_TIMEOUT_S = 1.0
_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Something is missing; `checks` says what"}
}


@router.get("/healthz", summary="Whether this process is alive")
async def healthz() -> dict[Literal["status"], str]:
    return {"status": "ok"}


@router.get("/readyz", summary="Whether everything answers", responses=_NOT_READY)
async def readyz(ctx: Ctx) -> Response:
    waits = {
        "postgres": _postgres(ctx),
        "nats": _nats(ctx),
        **{name: _ask(ctx, name, "health") for name in SERVICES},
    }
    found = await asyncio.gather(*waits.values())
    checks = {name: answer is not None for name, answer in zip(waits, found, strict=True)}
    is_ready = all(checks.values())
    told = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(told, status_code=200 if is_ready else 503)


@router.get("/metrics", summary="Metrics of all processes, for Prometheus")
async def metrics_page(ctx: Ctx) -> PlainTextResponse:
    answers = await asyncio.gather(*(_ask(ctx, name, "metrics") for name in SERVICES))
    pages = dict(zip(SERVICES, answers, strict=True))
    pages["gateway"] = telemetry.prometheus_text()
    text = metrics.merge({name: page.decode() for name, page in pages.items() if page is not None})
    text += metrics.up({name: page is not None for name, page in pages.items()})
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/openapi.json", summary="This API, described")
async def openapi(request: Request) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/asyncapi.json", summary="What travels on NATS, described")
async def asyncapi() -> Response:
    text = resources.files("contracts").joinpath("asyncapi.json").read_bytes()
    return Response(text, media_type="application/json")


@router.get("/docs", summary="This API as a page", response_class=HTMLResponse)
async def docs_page(request: Request) -> HTMLResponse:
    return HTMLResponse(docs.page(request.app.openapi()), headers=docs.HEADERS)


async def _postgres(ctx: Context) -> object:
    try:
        async with asyncio.timeout(_TIMEOUT_S), ctx.db.worker(readonly=True) as tx:
            return await tx.fetchval("SELECT 1")
    except (KairosError, TimeoutError):
        return None


async def _nats(ctx: Context) -> object:
    return True if ctx.bus.is_connected else None


async def _ask(ctx: Context, service: str, method: str) -> bytes | None:
    """What every service answers, whatever else it does; None where it does not."""
    spec = EndpointSpec(service, method, "plain", timeout_s=_TIMEOUT_S)
    try:
        return await ctx.caller.call(spec, "", b"")
    except KairosError:
        return None
