"""The broker dies, forgets or goes back in time: Postgres is the record, so nothing is lost."""

import asyncio
import shutil
from pathlib import Path

import pytest

from kit.bus import keeper
from kit.bus.jetstream import ask, stream_state
from kit.embedded.nats import EmbeddedNats
from tests.integration.bus.toys import TOYS, Alpha, World, crash, fact, until


async def test_a_killed_broker_loses_nothing(world: World, nats: EmbeddedNats) -> None:
    """kill -9 while facts flow, twice; afterwards all are heard, once, in order."""
    async with world.alpha() as alpha, world.beta() as beta:
        for n in range(60):
            await alpha.say(*(fact(f"p{i}", n) for i in range(10)))
            if n in (20, 40):
                await crash(nats)
                await nats.start()
        await beta.has_heard(600, within_s=15)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()


async def test_flow_resumes_soon_after_the_broker_is_back(world: World, nats: EmbeddedNats) -> None:
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(fact("anna", 0))
        await beta.has_heard(1)
        await crash(nats)
        await alpha.say(fact("anna", 1))
        await asyncio.sleep(1.5)
        await nats.start()
        await beta.has_heard(2, within_s=2)
        await alpha.say(fact("anna", 2))
        await beta.has_heard(3, within_s=0.5)


async def test_a_wiped_store_is_refilled(world: World, nats: EmbeddedNats, tmp_path: Path) -> None:
    """JetStream's directory is gone: what was not consumed is published again, what was is not."""
    async with world.alpha() as alpha:
        async with world.beta() as beta:
            await alpha.say(*(fact(f"p{i}", 0) for i in range(30)))
            await beta.has_heard(30)
            await alpha.all_forgotten()
        await alpha.say(*(fact(f"p{i}", 1) for i in range(30)))
        await until(lambda: _published(alpha, 1))
        await crash(nats)
        (store,) = tmp_path.glob("**/jetstream")
        shutil.rmtree(store)
        await nats.start()
        async with world.beta() as beta:
            await beta.has_heard(60)
            assert await beta.out_of_order() == 0
            await alpha.say(*(fact(f"p{i}", 2) for i in range(30)))
            await beta.has_heard(90)
            await alpha.all_forgotten()


async def test_a_wiped_store_is_refilled_while_everything_runs(
    world: World, nats: EmbeddedNats, tmp_path: Path
) -> None:
    async with world.alpha() as alpha, world.beta() as beta:
        for n in range(40):
            await alpha.say(*(fact(f"p{i}", n) for i in range(10)))
            if n == 20:
                await crash(nats)
                (store,) = tmp_path.glob("**/jetstream")
                shutil.rmtree(store)
                await nats.start()
        await beta.has_heard(400, within_s=15)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()


async def test_a_deleted_stream_is_made_again_within_two_seconds(world: World) -> None:
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact("anna", n) for n in range(3)))
        await beta.has_heard(3)
        await ask(alpha.bus, f"STREAM.DELETE.{TOYS.name}")
        await alpha.say(*(fact("anna", n) for n in range(3, 6)))
        await beta.has_heard(6, within_s=3)
        assert await beta.out_of_order() == 0


async def test_a_stream_gone_back_in_time_is_replaced(
    world: World, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """An old copy of the store comes back: sequences start below what was acknowledged before."""
    async with world.alpha() as alpha:
        async with world.beta() as beta:
            await alpha.say(*(fact(f"p{i}", 0) for i in range(30)))
            await beta.has_heard(30)
        before = await stream_state(alpha.bus, TOYS.name)
        await nats.stop()
        (store,) = tmp_path.glob("**/jetstream")
        shutil.copytree(store, tmp_path / "copy")
        await nats.start()
        await alpha.say(*(fact(f"p{i}", 1) for i in range(30)))
        await until(lambda: _published(alpha, 1))
        await nats.stop()
        shutil.rmtree(store)
        shutil.copytree(tmp_path / "copy", store)
        await nats.start()
        await alpha.say(*(fact(f"p{i}", 2) for i in range(30)))
        async with world.beta() as beta:
            await beta.has_heard(90)
            assert await beta.out_of_order() == 0
        after = await stream_state(alpha.bus, TOYS.name)
    assert before is not None
    assert after is not None
    assert before.incarnation != after.incarnation


async def test_an_earlier_stream_brought_back_is_replaced(
    world: World, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """The same backup is restored twice. The second time consumers still have floors in it, above
    where it ends: what is published below them would never be read.
    """
    async with world.alpha() as alpha, world.beta() as beta:
        for n in range(4):
            await alpha.say(*(fact(f"p{i}", n) for i in range(10)))
            await beta.has_heard(10 * (n + 1))
            await crash(nats)
            (store,) = tmp_path.glob("nats/**/jetstream")
            if n == 0:
                shutil.copytree(store, tmp_path / "copy")
            else:
                shutil.rmtree(store)
                shutil.copytree(tmp_path / "copy", store)
            await nats.start()
        await alpha.say(*(fact("p1", n) for n in range(4, 10)))
        await beta.has_heard(46)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()


async def test_messages_that_expired_unconsumed_are_published_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consumer was away for longer than the stream keeps messages."""
    monkeypatch.setattr(keeper, "EXPIRY_S", 0.5)
    async with world.alpha() as alpha:
        await alpha.say(*(fact("anna", n) for n in range(3)))
        await until(lambda: _published(alpha, 1))
        await ask(alpha.bus, f"STREAM.PURGE.{TOYS.name}")
        async with world.beta() as beta:
            await beta.has_heard(3)
            await alpha.all_forgotten()


async def _published(alpha: Alpha, at_least: int) -> bool:
    waiting = await alpha.rows("published_seq IS NULL")
    return waiting == 0 and await alpha.rows() >= at_least
