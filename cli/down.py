"""`kairos down`: stop the system of one data directory."""

import asyncio
import os
import signal

from cli.system import DEFAULT_DATA
from cli.terminal import Data, fail, say
from kit.embedded import processes
from kit.embedded.supervisor import SELF

STOP_TIMEOUT_S = 120.0
"""Draining takes seconds; the last checkpoint of a busy Postgres may take a minute."""


def down(data: Data = DEFAULT_DATA) -> None:
    """Stop the system that runs on a data directory and wait until it is gone."""
    run = data.absolute() / "run"
    pid = processes.recorded(run, SELF)
    if pid is None:
        say(f"Nothing runs on {data}.")
        return
    begun = processes.started(pid)
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        fail(f"pid {pid} belongs to another user; stop it as that user")
    if not asyncio.run(_gone(pid, begun)):
        fail(f"pid {pid} still runs after {STOP_TIMEOUT_S:g} s; see {data / 'logs'}")
    say(f"Stopped the system on {data}.")


async def _gone(pid: int, begun: str | None) -> bool:
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            while processes.started(pid) == begun:
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True
