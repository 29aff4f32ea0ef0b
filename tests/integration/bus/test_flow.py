"""Facts from one service's commit to another's."""

from toys import TOYS, World, fact, until

from kit.bus.spec import BULK, NOW


async def test_committed_facts_arrive_once_in_order_and_leave_the_outbox(world: World) -> None:
    """The whole path: outbox, relay, stream, consumer, floors, and the row is gone."""
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(*(fact(f"p{i}", n) for n in range(5) for i in range(40)))
        await until(lambda: _count_is(beta, 200))
        assert await beta.out_of_order() == 0
        await until(lambda: _rows_are(alpha, 0))


async def _count_is(beta, count):  # type: ignore[no-untyped-def]
    return await beta.count() == count


async def _rows_are(alpha, count):  # type: ignore[no-untyped-def]
    return await alpha.rows() == count
