"""The gateway as a process: `python -m gateway.main`."""

import asyncio
import logging
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import uvicorn

from contracts.topology import DRAIN_OPTOUTS, STREAMS
from gateway import app, auth
from gateway.api.system import SERVICES
from gateway.context import Context
from gateway.courier import Courier
from gateway.erasing import Erasures
from gateway.limits import InFlight, Rate
from gateway.optouts import OptOuts
from gateway.settings import Settings
from gateway.store import keys as store
from gateway.usertokens import UserTokens
from gateway.writes import Writes
from kit import devclock
from kit.bus.rpc import Endpoint
from kit.clock import ShiftedClock
from kit.ids import new_id
from kit.service import Parts, Service, Task, run
from kit.settings import load

log = logging.getLogger("kairos.gateway")

DRAIN_S = 8
"""Requests under way may finish; shorter than the kit's own limit."""
_MICROSECOND = timedelta(microseconds=1)


async def compose(service: Service) -> Parts:
    """Names every concrete class of the gateway."""
    settings = load(Settings, service.env, "KAIROS_GATEWAY")
    listening = _listen(settings)
    optouts = OptOuts(service.db, service.caller, service.bus, service.clock)
    writes = Writes(service.db, service.clock)
    erasures = Erasures(service.db, service.caller, service.bus, service.clock)
    ctx = Context(
        settings=settings,
        clock=service.clock,
        db=service.db,
        bus=service.bus,
        caller=service.caller,
        keys=auth.Keys(service.db, service.clock, settings.key_cache_s),
        rate=Rate(service.clock, settings.requests_per_s_per_key_max),
        in_flight=InFlight(settings.requests_in_flight_max),
        writes=writes,
        optouts=optouts,
        erasures=erasures,
        courier=Courier(service.caller, service.clock),
        user_tokens=UserTokens(service.db, service.clock, settings.key_cache_s),
        coordinator=_coordinator(service, settings),
    )
    await _development_workspace(service, settings)
    return Parts(
        endpoints=[Endpoint(DRAIN_OPTOUTS, optouts.on_drain)],
        tasks=[_http(ctx, listening), optouts.relay, writes.forget, erasures.run],
    )


def _listen(settings: Settings) -> socket.socket:
    """Takes the port before anything else starts; where it is taken, names the setting."""
    listening = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        log.error(
            "cannot listen on %s:%d (%s); set KAIROS_GATEWAY_PORT or KAIROS_GATEWAY_HOST",
            settings.host,
            settings.port,
            error.strerror,
        )
        sys.exit(1)
    return listening


def _http(ctx: Context, listening: socket.socket) -> Task:
    async def serve(stop: asyncio.Event) -> None:
        server = _Server(
            uvicorn.Config(
                app.serve(ctx),
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(ctx.settings.trusted_proxies),
                forwarded_allow_ips=ctx.settings.trusted_proxies,
                backlog=2048,
                timeout_graceful_shutdown=DRAIN_S,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        server.should_exit = True
        await serving

    return serve


class _Server(uvicorn.Server):
    """Leaves the process's signals to the kit."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _development_workspace(service: Service, settings: Settings) -> None:
    """Makes the workspace and keys named for development, where they are."""
    if not settings.dev_workspace:
        return
    now = service.clock.now()
    wanted: tuple[tuple[auth.KeyKind, str, list[str]], ...] = (
        ("write-server", settings.dev_write_key, []),
        ("write-browser", settings.dev_browser_key, []),
        ("secret", settings.dev_secret_key, ["admin"]),
    )
    async with service.db.api(settings.dev_workspace) as tx:
        await store.ensure_workspace(tx, settings.dev_workspace, now)
        for kind, text, scopes in wanted:
            if text:
                key = store.NewKey(
                    workspace=settings.dev_workspace,
                    id=new_id(service.clock),
                    prefix=text[:8],
                    kind=kind,
                    scopes=scopes,
                    key_sha256=auth.key_hash(text),
                )
                await store.ensure_key(tx, key, now)


def _coordinator(service: Service, settings: Settings) -> devclock.Coordinator | None:
    if not settings.dev_clock or not isinstance(service.clock, ShiftedClock):
        return None
    outside = [_Sandbox(settings.sandbox_url)] if settings.sandbox_url else []
    return devclock.Coordinator(
        service.caller, service.db, service.clock, SERVICES, STREAMS, outside
    )


class _Sandbox:
    """The sandbox follows the clock over HTTP."""

    name = "sandbox"

    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/clock"
        self._client = httpx.AsyncClient(timeout=5.0)

    async def set_offset_us(self, offset_us: int) -> None:
        answer = await self._client.put(self._url, json={"offset_us": offset_us})
        answer.raise_for_status()

    async def is_busy(self) -> bool:
        answer = await self._client.get(self._url)
        answer.raise_for_status()
        return bool(answer.json()["busy"])


def main() -> None:
    """Runs until told to stop."""
    run("gateway", compose)


if __name__ == "__main__":
    main()
