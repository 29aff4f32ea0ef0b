"""Several processes of a service: partitions are shared, taken over, and fenced."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kit.bus import floors
from kit.bus.floors import Fenced
from kit.bus.leases import Leases
from kit.bus.spec import NOW, IncomingFact
from kit.db.database import Database, Tx
from kit.errors import Unavailable
from tests.integration.bus.toys import CLOCK, Alpha, Beta, World, fact, hear, running, until, value

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def beta_process(world: World) -> AsyncIterator[asyncio.subprocess.Process]:
    """A beta that can be killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("beta_process.py")),
        world.admin_dsn,
        world.database,
        world.nats_url,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def owns(beta: Beta, partitions: int) -> Callable[[], Awaitable[bool]]:
    async def does() -> bool:
        return len(beta.consumers.leases.owned) == partitions

    return does


async def test_two_processes_share_and_a_killed_one_is_replaced(world: World) -> None:
    """Half of the partitions each; after kill -9 all facts go on within four seconds, in order."""
    async with world.alpha() as alpha, beta_process(world) as process, world.beta() as beta:
        await until(owns(beta, 8), 15)
        people = [f"p{i}" for i in range(60)]
        await alpha.say(*(fact(person, 0) for person in people))
        await beta.has_heard(60)
        assert await beta.count("by = 'process'") > 10
        assert await beta.count("by = 'beta'") > 10
        process.send_signal(signal.SIGKILL)
        await process.wait()
        killed_at = CLOCK.monotonic()
        for n in range(1, 6):
            await alpha.say(*(fact(person, n) for person in people))
        await beta.has_heard(360)
        assert CLOCK.monotonic() - killed_at < 5.5, "4 s, and some for a busy machine"
        assert await beta.out_of_order() == 0


async def test_a_leaving_process_hands_over_at_once(world: World) -> None:
    """Released partitions do not wait for a beat to stand still."""
    async with world.alpha() as alpha, world.beta() as beta:
        async with world.beta() as other:
            await until(owns(beta, 8))
            await until(owns(other, 8))
        await until(owns(beta, 16), 1.5)
        await alpha.say(*(fact(f"p{i}", 0) for i in range(40)))
        await beta.has_heard(40)


async def test_facts_flow_in_order_while_partitions_move(world: World) -> None:
    async with world.alpha() as alpha, world.beta() as beta:

        async def talk() -> None:
            for n in range(100):
                await alpha.say(*(fact(f"p{i}", n) for i in range(8)))
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        for _ in range(2):
            async with world.beta() as other:
                await until(owns(other, 8))
                await asyncio.sleep(0.3)
        await talking
        await beta.has_heard(800)
        assert await beta.out_of_order() == 0


async def test_a_zombie_cannot_commit(world: World) -> None:
    """A transaction of a process whose partition was taken over meanwhile fails as a whole."""
    db = await world.db("beta")
    async with db.worker() as tx:
        await floors.take(tx, "TOYS", NOW, {3: 1, 4: 1})
    async with db.worker() as tx:
        await floors.take(tx, "TOYS", NOW, {4: 2})
    with pytest.raises(Fenced):
        await _commit_as(db, epoch=1)
    assert await value(db, "SELECT count(*) FROM heard") == 0
    assert await value(db, "SELECT max(seq) FROM consumer_floors") == 0
    await _commit_as(db, epoch=2, partitions=(4,))
    assert await value(db, "SELECT count(*) FROM heard") == 1


async def _commit_as(db: Database, epoch: int, partitions: Sequence[int] = (3, 4)) -> None:
    async with db.worker() as tx:
        await hear(tx, [IncomingFact("TOYS", NOW, partitions[0], 9, 0, b"anna:1")])
        seqs, epochs = dict.fromkeys(partitions, 9), dict.fromkeys(partitions, epoch)
        await floors.move(tx, "TOYS", NOW, "today", seqs, epochs)


async def test_a_frozen_consumer_wakes_up_fenced(world: World) -> None:
    """SIGSTOP in the middle of a batch: the other one takes over, the late commit is refused,
    and every fact has its effect once.
    """
    frozen, go_on = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        await hear(tx, facts, by="zombie")
        frozen.set()
        await go_on.wait()

    async with world.alpha() as alpha, world.beta(slow) as zombie:
        await until(owns(zombie, 16))
        await alpha.say(fact("anna", 1))
        await frozen.wait()
        async with zombie.db.worker() as tx:
            await tx.execute("UPDATE partition_leases SET holder = NULL, epoch = epoch + 1")
            await tx.execute("DELETE FROM lease_members")
        go_on.set()
        async with world.beta() as beta:
            await alpha.say(*(fact("anna", n) for n in range(2, 9)))
            await beta.has_heard(8)
            assert await beta.out_of_order() == 0


async def test_a_partition_in_a_running_transaction_does_not_hold_up_the_others(
    world: World,
) -> None:
    """Taking over skips what a former holder still has locked, and gets it when that is done."""
    db = await world.db("beta")
    async with db.worker() as tx:
        await floors.take(tx, "TOYS", NOW, dict.fromkeys(range(16), 1))
    async with db.worker() as zombie:
        await floors.move(zombie, "TOYS", NOW, "today", {5: 7}, {5: 1})
        async with db.worker() as tx:
            taken = await floors.take(tx, "TOYS", NOW, dict.fromkeys(range(16), 2))
        assert sorted(taken) == [each for each in range(16) if each != 5]
    async with db.worker() as tx:
        taken = await floors.take(tx, "TOYS", NOW, dict.fromkeys(range(16), 2))
    assert taken[5].seq == 7, "the zombie was in time: its floor counts"


async def test_a_process_frozen_in_a_batch_loses_its_locks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP after the floors were moved: Postgres ends the silent session, others take over."""
    monkeypatch.setattr(floors, "SILENT_S_MAX", 0.3)
    db = await world.db("beta")
    async with db.worker() as tx:
        await floors.take(tx, "TOYS", NOW, {5: 1})
    with pytest.raises(Unavailable):
        await _freeze_in_a_batch(db, seconds=1.0)
    async with db.worker() as tx:
        taken = await floors.take(tx, "TOYS", NOW, {5: 2})
    assert taken[5].seq == 0, "nothing of it stays"


async def _freeze_in_a_batch(db: Database, seconds: float) -> None:
    async with db.worker() as tx:
        await floors.move(tx, "TOYS", NOW, "today", {5: 7}, {5: 1})
        await asyncio.sleep(seconds)
        await tx.execute("SELECT 1")


async def test_shares_are_even_for_any_number_of_processes(world: World) -> None:
    db = await world.db("beta")
    members = [Leases(db, "toys", 16, CLOCK) for _ in range(5)]
    async with running(members[0].run):
        for each in members[1:]:
            await each.tick()
        for _ in range(4):
            for each in members:
                await each.tick()
        owned = [partition for each in members for partition in each.owned]
        assert sorted(owned) == list(range(16)), "each partition has one holder"
        assert sorted(len(each.owned) for each in members) == [3, 3, 3, 3, 4]


async def test_a_second_relay_takes_over_from_a_killed_one(world: World) -> None:
    """Its lease stands still, and the rows it left are published by the other."""
    async with world.beta() as beta, world.alpha() as alpha:
        await until(lambda: _holds(alpha))
        async with alpha.db.worker() as tx:
            await tx.execute("INSERT INTO lease_members VALUES ('relay', 'killed', 7)")
            await tx.execute(
                "UPDATE partition_leases SET holder = 'killed', epoch = epoch + 1"
                " WHERE role = 'relay'"
            )
        await alpha.say(fact("anna", 1))
        await beta.has_heard(1, within_s=6)


async def _holds(alpha: Alpha) -> bool:
    return bool(alpha.relay.leases.owned)
