"""`kairos up`: run a whole system on this machine until Ctrl-C."""

import asyncio
import signal
from typing import Annotated, Literal

import typer
from rich.table import Table

from cli.system import DEFAULT_DATA, DEFAULT_PORT, Kairos, Options
from cli.terminal import Data, console, fail, log_to_terminal, say
from kit.embedded.errors import EmbeddedError
from kit.settings import SettingError


def up(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int, typer.Option(help="Of the gateway; the sandbox takes the next two.", min=1, max=65533)
    ] = DEFAULT_PORT,
    *,
    sandbox: Annotated[
        bool, typer.Option(help="Run stand-ins for the e-mail, SMS and push providers.")
    ] = True,
    clock: Annotated[
        Literal["real", "dev"], typer.Option(help="`dev` lets the API move time forward.")
    ] = "real",
) -> None:
    """Start Postgres, NATS and all processes of Kairos; stop them with Ctrl-C."""
    log_to_terminal("kairos.supervisor", "kit.embedded")
    options = Options(data=data, port=port, sandbox=sandbox, dev_clock=clock == "dev")
    try:
        asyncio.run(_until_stopped(Kairos(options)))
    except (EmbeddedError, SettingError) as error:
        fail(f"Kairos cannot start: {error}")


async def _until_stopped(system: Kairos) -> None:
    """Runs until SIGINT, SIGTERM or SIGHUP; a second one ends everything without draining."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            say("stopping at once")
            system.hurry()
        else:
            say("stopping: what was accepted is finished or kept")
            stop.set()

    say(f"starting on {system.home.data}")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    began, stopped = loop.create_task(system.start()), loop.create_task(stop.wait())
    await asyncio.wait({began, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        began.cancel()
    try:
        await began
    except asyncio.CancelledError:  # ours: start has ended what it had begun
        return
    show(system)
    await stopped
    await system.stop()


def show(system: Kairos) -> None:
    """Prints what runs, and where."""
    table = Table("process", "pid", "address", box=None, pad_edge=False, header_style="dim")
    for child in system.children:
        table.add_row(child.program.name, str(child.pid or ""), child.program.address)
    console.print(table)
    if system.options.dev_clock:
        say("The development clock is on: the API can move time forward.")
    say(f"API {system.url}   docs {system.url}/docs   mailbox {system.sandbox_url or 'off'}")
    say(f"addresses and keys: source {system.home.data / 'dev.env'}   logs: {system.home.logs}")
