"""The application: every route, every error, one edge."""

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from gateway import openapi, problems
from gateway.api import (
    campaigns,
    catalog,
    contacts,
    deadletters,
    decisions,
    development,
    erasures,
    imports,
    inbox,
    journeys,
    messages,
    optins,
    permission,
    profiles,
    quarantine,
    reports,
    secrets,
    segments,
    system,
    templates,
    tracking,
    webhooks,
    workspace,
)
from gateway.context import Context
from gateway.edge import Edge
from gateway.pages import confirm, preferences, redirects, unsubscribe

_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own spans carry the whole path, so an address; `gateway.edge` names the route."""

ROUTERS = (
    tracking.router,
    imports.router,
    contacts.router,
    profiles.router,
    segments.router,
    profiles.writes,
    quarantine.router,
    quarantine.reads,
    deadletters.router,
    deadletters.reads,
    optins.router,
    optins.reads,
    permission.router,
    permission.reads,
    messages.writes,
    messages.asks,
    erasures.reads,
    erasures.router,
    profiles.last,
    decisions.router,
    messages.router,
    workspace.router,
    workspace.reads,
    templates.router,
    journeys.router,
    journeys.reads,
    campaigns.router,
    campaigns.reads,
    catalog.router,
    catalog.reads,
    secrets.router,
    secrets.reads,
    reports.router,
    inbox.router,
    webhooks.router,
    unsubscribe.router,
    confirm.router,
    preferences.router,
    redirects.router,
    system.router,
    development.router,
)


def build() -> FastAPI:
    """The routes; they find their context at `app.state.context`."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        telemetry=_SILENT,
    )
    for router in ROUTERS:
        app.include_router(router)
    problems.install(app)
    app.openapi = lambda: openapi.describe(app)  # type: ignore[method-assign]
    return app


def serve(ctx: Context) -> ASGIApp:
    """The application at work."""
    app = build()
    app.state.context = ctx
    fast = dict.fromkeys(tracking.PATHS, tracking.fast_handler(ctx))
    return Edge(app, fast, ctx.in_flight, ctx.clock)
