"""Puts the sandbox together and runs it: `python -m sandbox.main`."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import uvloop
from aiohttp import web

from kit import telemetry
from kit.clock import ShiftedClock
from kit.errors import Unavailable
from kit.settings import SettingError, load
from sandbox import receipts, smtp
from sandbox.control_api import ControlApi
from sandbox.faults import Faults
from sandbox.intake import Intake
from sandbox.ledger import Ledger
from sandbox.pages import Pages
from sandbox.provider_api import ProviderApi
from sandbox.receipts import Receipts
from sandbox.settings import PREFIX, Settings
from sandbox.state import Kept
from sandbox.twilio import Twilio
from sandbox.web import BODY_BYTES_MAX, problems

_STOP_S = 1.0
"""How long open requests may take to finish at the end."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it listens."""

    http_port: int
    smtp_port: int


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Sandbox]:
    """The whole sandbox in this event loop; stops at the end of the block.

    Raises Unavailable naming port and setting when a port is taken, SettingError when receipts are
    wanted without a secret to sign them.
    """
    folder = settings.data / "sandbox"
    ledger = Ledger(folder / "ledger.jsonl")
    try:
        kept_offset = Kept(folder / "clock.json")
        clock = ShiftedClock(timedelta(microseconds=kept_offset.read(0)))
        sender = _receipts(settings, ledger, clock, folder)
        faults = Faults()
        intake = Intake(ledger, faults, clock, sender.notice if sender else _nobody)
        control = ControlApi(ledger, faults, clock, kept_offset, sender)
        async with contextlib.AsyncExitStack() as stack:
            smtp_port = await _smtp(stack, intake, settings)
            app = web.Application(middlewares=[problems], client_max_size=BODY_BYTES_MAX)
            app.add_routes(ProviderApi(intake).routes())
            twilio = Twilio(intake, clock, settings.webhook_secret)
            stack.push_async_callback(twilio.close)
            app.add_routes(twilio.routes())
            app.add_routes([*control.routes(), *Pages(ledger).routes()])
            http_port = await _http(stack, app, settings)
            if sender:
                await _background(stack, sender)
            yield Sandbox(http_port, smtp_port)
    finally:
        ledger.close()


def _receipts(
    settings: Settings, ledger: Ledger, clock: ShiftedClock, folder: Path
) -> Receipts | None:
    if not settings.receipts or not settings.public_url:
        return None
    if not settings.webhook_secret:
        raise SettingError("KAIROS_WEBHOOK_SECRET is not set: receipts must be signed")
    url = settings.public_url.rstrip("/") + receipts.PATH
    key = receipts.key_of(settings.webhook_secret)
    return Receipts(ledger, clock, url, key, Kept(folder / "receipts.json"))


def _nobody() -> None:
    """Nobody waits for arrivals while receipts are off."""


async def _smtp(stack: contextlib.AsyncExitStack, intake: Intake, settings: Settings) -> int:
    try:
        server = await smtp.serve(intake, settings.host, settings.smtp_port)
    except OSError as error:
        raise _taken(settings.smtp_port, "SMTP_PORT", error) from None
    stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


async def _http(stack: contextlib.AsyncExitStack, app: web.Application, settings: Settings) -> int:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        raise _taken(settings.port, "PORT", error) from None
    return int(runner.addresses[0][1])


async def _background(stack: contextlib.AsyncExitStack, sender: Receipts) -> None:
    task = asyncio.create_task(sender.run(), name="receipts")

    async def stop() -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(stop)


def _taken(port: int, name: str, error: OSError) -> Unavailable:
    return Unavailable(f"Port {port} cannot be used ({error.strerror}); set {PREFIX}_{name}")


async def _serve(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings):
        await stop.wait()


def main(env: Mapping[str, str]) -> int:
    """Exit status 0 after a wished stop; 2 with one sentence when it cannot start."""
    try:
        settings = load(Settings, env, PREFIX)
        telemetry.setup("sandbox", env)
        uvloop.run(_serve(settings))
    except (SettingError, Unavailable) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
