"""64 clients send overlapping message ids while ingest and gateway die: each event is kept once."""

import asyncio
import random
import signal
from pathlib import Path

import pytest

from tests.support.invariants import at_rest, check
from tests.support.running import running, track

pytestmark = pytest.mark.timeout(300)

CLIENTS, MESSAGES, PEOPLE = 64, 600, 40


async def test_overlapping_clients_and_kills_leave_each_event_once(tmp_path: Path) -> None:
    """Every message is sent by four clients, in another order by each, until it is accepted."""
    async with running(tmp_path / "data") as system:
        done = 0

        async def client(number: int) -> None:
            nonlocal done
            mine = [nth for nth in range(MESSAGES) if (nth + number) % (CLIENTS // 4) == 0]
            random.Random(number).shuffle(mine)
            for start in range(0, len(mine), 5):
                await system.surely(
                    *(track(f"p{nth % PEOPLE}", "seen", f"m-{nth}") for nth in mine[start:][:5])
                )
                done += 1

        flow = [asyncio.create_task(client(number)) for number in range(CLIENTS)]
        for part in ("ingest", "gateway", "ingest"):
            before = done
            while done < before + 40 and not all(task.done() for task in flow):
                await asyncio.sleep(0.01)
            system.system.kill(part, signal.SIGKILL)
        await asyncio.gather(*flow)
        await at_rest(system, within_s=90)
        accepted = [f"m-{nth}" for nth in range(MESSAGES)]
        assert await check(system, accepted) == []
        [stored] = await system.sql("SELECT count(*) AS n FROM ingest.events")
        assert stored["n"] == MESSAGES
