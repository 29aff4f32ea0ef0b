"""Facts from one service's commit to another's, while nothing is wrong."""

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from kit.bus import publisher
from kit.bus.jetstream import stream_state
from kit.bus.keeper import PURGE_S
from kit.bus.outbox import ENVELOPE_BYTES_MAX
from kit.bus.spec import BULK, NOW, IncomingFact, OutgoingFact
from kit.db.database import Tx
from kit.errors import TooLarge, Unavailable
from tests.integration.bus.toys import TOYS, World, fact, hear, until, value


async def test_committed_facts_arrive_once_in_order_and_leave_the_outbox(world: World) -> None:
    """The whole path: outbox, relay, stream, consumer, floors, and the row is gone."""
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact(f"p{i}", n) for n in range(5) for i in range(40)))
        await beta.has_heard(200)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()


async def test_a_rolled_back_commit_says_nothing(world: World) -> None:
    async with world.alpha() as alpha, world.beta() as beta:
        with contextlib.suppress(LookupError):
            async with alpha.db.worker() as tx:
                tx.emit(fact("anna", 1))
                raise LookupError
        await alpha.say(fact("anna", 2))
        await beta.has_heard(1)
        assert await beta.heard() == ["anna:2"]


async def test_facts_committed_while_nobody_relays_are_found(world: World) -> None:
    """A process died after its commit: the next relay's first look finds the rows."""
    db = await world.db("alpha")
    await world.say(db, [fact("anna", n) for n in range(3)])
    async with world.alpha(), world.beta() as beta:
        await beta.has_heard(3)
        assert await beta.heard() == ["anna:0", "anna:1", "anna:2"]


async def test_a_commit_in_a_sibling_process_is_relayed_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process without the lease hints; nobody waits for the regular look."""
    monkeypatch.setattr(publisher, "POLL_S", 60.0)
    async with world.alpha() as one, world.alpha() as other, world.beta() as beta:
        await one.say(fact("warm", 0))
        await beta.has_heard(1)
        sibling = other if one.relay.leases.owned else one
        assert not sibling.relay.leases.owned
        for n in range(5):
            await sibling.say(fact("anna", n))
            await beta.has_heard(n + 2)


async def test_now_does_not_wait_for_bulk(world: World) -> None:
    """While the bulk handler stands still, facts of the other lane pass, in relay and consumer."""
    released = asyncio.Event()

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        if facts[0].lane == BULK:
            await released.wait()
        await hear(tx, facts)

    async with world.alpha() as alpha, world.beta(handler) as beta:
        await alpha.say(*(fact(f"b{i}", 0, BULK) for i in range(200)))
        await alpha.say(fact("anna", 1))
        await beta.has_heard(1)
        assert await beta.heard() == ["anna:1"]
        released.set()
        await beta.has_heard(201)


async def test_an_envelope_larger_than_a_batch_is_taken_in_parts(world: World) -> None:
    async with world.alpha() as alpha, world.beta(max_facts=7) as beta:
        await alpha.say(*(fact("anna", n) for n in range(100)))
        await beta.has_heard(100)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()


async def test_a_large_commit_becomes_several_envelopes(world: World) -> None:
    """No envelope is over its limit, and order holds across them."""
    sizes: list[tuple[int, int]] = []

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        sizes.extend((each.seq, len(each.body)) for each in facts)

    big = [OutgoingFact("TOYS", NOW, 3, bytes([n]) * 60_000) for n in range(20)]
    async with world.alpha() as alpha, world.beta(handler):
        await alpha.say(*big)
        await alpha.all_forgotten()
    assert len(sizes) == 20
    assert len({seq for seq, _ in sizes}) == 5, "four facts of 60 kB fit one envelope"


async def test_a_fact_that_fits_no_envelope_fails_its_commit(world: World) -> None:
    db = await world.db("alpha")
    with pytest.raises(TooLarge):
        await world.say(db, [OutgoingFact("TOYS", NOW, 3, b"x" * ENVELOPE_BYTES_MAX)])
    assert await value(db, "SELECT count(*) FROM outbox") == 0


async def test_not_now_is_tried_again_until_it_works(world: World) -> None:
    """Unavailable from a handler keeps the batch, in order, and makes no dead letter."""
    failures = [Unavailable("a neighbour is away"), TimeoutError("slow"), Unavailable("still")]

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        await hear(tx, facts)
        if failures:
            raise failures.pop()

    async with world.alpha() as alpha, world.beta(handler) as beta:
        await alpha.say(*(fact("anna", n) for n in range(3)))
        await beta.has_heard(3)
        assert await beta.heard() == ["anna:0", "anna:1", "anna:2"]
        assert await value(beta.db, "SELECT count(*) FROM dead_letters") == 0


async def test_a_restarted_consumer_goes_on_after_its_floor(world: World) -> None:
    """What was committed is not delivered again, also for partitions without traffic."""
    delivered: list[str] = []

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        delivered.extend(each.body.decode() for each in facts)
        await hear(tx, facts)

    async with world.alpha() as alpha:
        async with world.beta(handler) as beta:
            await alpha.say(*(fact(f"p{i}", 0) for i in range(50)))
            await beta.has_heard(50)
        async with world.beta(handler) as beta:
            await alpha.say(*(fact(f"p{i}", 1) for i in range(50)))
            await beta.has_heard(100)
    assert len(delivered) == len(set(delivered)) == 100


async def test_consumed_messages_leave_the_stream(world: World) -> None:
    """The stream is purged up to the floors, so its files stay small."""
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact(f"p{i}", 0) for i in range(50)))
        await beta.has_heard(50)

        async def empty() -> bool:
            state = await stream_state(alpha.bus, TOYS.name)
            return state is not None and state.messages == 0

        await until(empty, PURGE_S + 3)
