"""kill -9 of every part while events flow: nothing accepted is lost, nothing is sent twice."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.invariants import at_rest, check
from tests.support.running import Running, identify, running, track

pytestmark = pytest.mark.timeout(300)

PEOPLE = 25
EVENTS = 500
PARTS = ("gateway", "ingest", "decision", "delivery", "history", "nats", "postgres")


async def _flow(system: Running, accepted: list[str]) -> None:
    """500 orders of 25 people, one after the other in 5 clients; each retried until accepted."""

    async def client(number: int) -> None:
        for nth in range(number, EVENTS, 5):
            user = f"person-{nth % PEOPLE}"
            message_id = f"order-{nth}"
            await system.surely(
                track(user, "order_completed", message_id, quantity=1, amount_usd=5)
            )
            accepted.append(message_id)

    await asyncio.gather(*(client(number) for number in range(5)))


@pytest.mark.parametrize("part", PARTS)
async def test_kill_of_a_part_under_load_loses_nothing(part: str, tmp_path: Path) -> None:
    """Afterwards every accepted event is on a timeline once, each decision sent at most once."""
    async with running(tmp_path / "data") as system:
        await system.apply_pack()
        await system.surely(*(identify(f"person-{n}") for n in range(PEOPLE)))
        accepted: list[str] = []
        flow = asyncio.create_task(_flow(system, accepted))
        for _ in range(2):
            before = len(accepted)
            while len(accepted) < min(before + EVENTS // 4, EVENTS):
                await asyncio.sleep(0.02)
            system.system.kill(part, signal.SIGKILL)
        await flow
        await at_rest(system, within_s=90)
        assert len(accepted) == EVENTS
        assert await check(system, accepted) == []
        confirmations = [mail for mail in await system.ledger() if mail["accepted"]]
        assert len(confirmations) >= EVENTS - 2 * PEOPLE


async def test_wiped_stream_store_is_filled_again(tmp_path: Path) -> None:
    """JetStream's directory is deleted while events flow: everything is decided exactly once."""
    async with running(tmp_path / "data") as system:
        await system.apply_pack()
        await system.surely(*(identify(f"person-{n}") for n in range(PEOPLE)))
        accepted: list[str] = []
        flow = asyncio.create_task(_flow(system, accepted))
        while len(accepted) < EVENTS // 3:
            await asyncio.sleep(0.02)
        shutil.rmtree(tmp_path / "data" / "nats" / "jetstream")
        system.system.kill("nats", signal.SIGKILL)
        await flow
        await at_rest(system, within_s=120)
        assert await check(system, accepted) == []
