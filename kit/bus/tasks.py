"""Running loops side by side, and ending them for certain.

nats-py swallows a cancellation that arrives while it flushes, so a task cancelled once may go on.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

INSIST_S = 0.2


async def together(loops: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Runs all of them; when one fails or this is cancelled, ends the others."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await end(tasks)


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancels tasks until they are done."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=INSIST_S)
