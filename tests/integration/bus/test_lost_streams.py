"""The broker dies, forgets or goes back in time: Postgres is the record, so nothing is lost."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kit.bus import keeper, rows
from kit.bus.connection import Connection
from kit.bus.jetstream import StreamState, ask, stream_state
from kit.bus.publisher import Publisher
from kit.bus.rows import Row
from kit.bus.spec import NOW, IncomingFact
from kit.bus.streams import ensure_stream
from kit.bus.target import Doubted, Target
from kit.db.database import Tx
from kit.embedded.nats import EmbeddedNats
from kit.errors import Unavailable
from tests.integration.bus.toys import CLOCK, TOYS, Alpha, World, crash, fact, hear, until


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
        await beta.has_heard(2, within_s=3)  # 2 s, and some for a busy machine
        await alpha.say(fact("anna", 2))
        await beta.has_heard(3, within_s=1)


async def test_a_reader_replaced_in_the_middle_of_an_envelope_resumes_there(
    world: World, nats: EmbeddedNats
) -> None:
    """Part of an envelope is committed when the connection breaks: the rest is not skipped."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        if facts[0].index > 0:
            begun.set()
            await go_on.wait()
        await hear(tx, facts)

    async with world.alpha() as alpha, world.beta(handler, max_facts=7) as beta:
        await alpha.say(*(fact("anna", n) for n in range(50)))
        await begun.wait()
        await crash(nats)
        await nats.start()
        go_on.set()
        await beta.has_heard(50)
        assert await beta.out_of_order() == 0


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
        Backup(tmp_path).wipe()
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
                Backup(tmp_path).wipe()
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
    world: World, nats: EmbeddedNats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old copy of the store comes back: sequences begin below what was acknowledged before.

    Nothing may go into it before that is noticed: what it lacks comes first.
    """
    backup = Backup(tmp_path)
    is_open = asyncio.Event()

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        if not is_open.is_set() and not facts[0].body.endswith(b":0"):
            raise Unavailable("not yet")
        await hear(tx, facts)

    people = [f"p{i}" for i in range(30)]
    async with world.alpha() as alpha, world.beta(handler) as beta:
        await alpha.say(*(fact(person, 0) for person in people))
        await beta.has_heard(30)
        before = await stream_state(alpha.bus, TOYS.name)
        await crash(nats)
        backup.take()
        await nats.start()
        await alpha.say(*(fact(person, 1) for person in people))
        await until(lambda: _published(alpha, 1))
        await crash(nats)
        backup.restore()
        is_open.set()
        monkeypatch.setattr(keeper, "stream_state", _slow_state)
        await nats.start()

        async def back() -> bool:
            return alpha.bus.is_connected

        await until(back)
        await alpha.say(*(fact(person, 2) for person in people))
        await beta.has_heard(90, within_s=15)
        assert await beta.out_of_order() == 0
        after = await stream_state(alpha.bus, TOYS.name)
    assert before is not None
    assert after is not None
    assert before.incarnation != after.incarnation


async def test_an_earlier_stream_brought_back_is_replaced(
    world: World, nats: EmbeddedNats, tmp_path: Path
) -> None:
    """The same backup is restored twice. The second time consumers still have floors in it, above
    where it ends: what was published below them would never be read.
    """
    backup = Backup(tmp_path)
    people = [f"p{i}" for i in range(30)]
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact(person, 0) for person in people))
        await beta.has_heard(30)
        await crash(nats)
        backup.take()
        await nats.start()
        for n in (1, 2):
            await alpha.say(*(fact(person, n) for person in people))
            await beta.has_heard(30 * (n + 1))
        await crash(nats)
        backup.restore()
        await nats.start()
        await alpha.say(fact(people[0], 3))
        await beta.has_heard(91)
        await crash(nats)
        backup.restore()
        await nats.start()
        await alpha.say(*(fact(person, 3) for person in people[1:]))
        await beta.has_heard(120)
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


async def _slow_state(bus: Connection, name: str) -> StreamState | None:
    """Leaves time to do the wrong thing before anybody has looked."""
    await asyncio.sleep(2.5)
    return await stream_state(bus, name)


async def test_rows_read_before_a_change_do_not_go_into_the_new_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and sending the stream was replaced: older rows have to go first now."""
    db = await world.db("alpha")
    await world.say(db, [fact("anna", 1)])
    async with world.bus("alpha") as bus:
        state = await ensure_stream(bus, TOYS)
        target = Target(TOYS)
        target.trust("an earlier one", 0)
        publisher = Publisher(bus, db, target, NOW, CLOCK, lambda *_: None)

        async def read_and_change(*args: Any) -> list[Row]:
            found = await unpublished(*args)
            target.trust(state.incarnation, 0)
            return found

        unpublished = rows.unpublished
        monkeypatch.setattr(rows, "unpublished", read_and_change)
        with pytest.raises(Doubted):
            await publisher.round()
        monkeypatch.undo()
        assert (await ensure_stream(bus, TOYS)).messages == 0
        await publisher.round()
        assert (await ensure_stream(bus, TOYS)).messages == 1


class Backup:
    """A copy of a stopped server's store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copy = folder / "copy"

    def take(self) -> None:
        shutil.copytree(self._store(), self._copy)

    def restore(self) -> None:
        store = self._store()
        shutil.rmtree(store)
        shutil.copytree(self._copy, store)

    def wipe(self) -> None:
        shutil.rmtree(self._store())

    def _store(self) -> Path:
        (store,) = (self._folder / "nats").glob("**/jetstream")
        return store
