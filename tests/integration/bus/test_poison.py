"""Facts no handler can take: found, put aside, and dealt with by people."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from kit.bus import deadletters
from kit.bus.spec import NOW, IncomingFact, OutgoingFact
from kit.db.database import Database, Tx
from kit.errors import Conflict, NotFound, Unavailable
from tests.integration.bus.toys import CLOCK, World, fact, hear, until, value

HANDLERS = {("TOYS", NOW): hear}


async def test_one_poisonous_fact_is_put_aside_and_its_neighbours_go_on(world: World) -> None:
    """Same batch, same person, same envelope: everybody else is handled, in order, once."""
    async with world.alpha() as alpha, world.beta() as beta:
        facts = [fact(f"p{i}", n) for n in range(10) for i in range(10)]
        poison = [fact("poison", n) for n in (1, 2)]
        await alpha.say(*facts[:50], poison[0], *facts[50:], poison[1], fact("p1", 10))
        await beta.has_heard(101)
        assert await beta.out_of_order() == 0
        await alpha.all_forgotten()
        async with beta.db.worker() as tx:
            letters = await deadletters.listing(tx)
    assert [each.error for each in letters] == [
        "poison:1 cannot be swallowed",
        "poison:2 cannot be swallowed",
    ]
    assert {(each.state, each.error_type, each.attempts) for each in letters} == {
        ("open", "ValueError", 3)
    }


async def test_an_error_of_the_database_is_the_facts_own_fault(world: World) -> None:
    """A constraint is violated: bisected and put aside like any other error."""

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        for each in facts:
            person, n = each.body.decode().split(":")
            await tx.execute(
                "INSERT INTO heard (fact, person, n, lane, by) VALUES ($1, $2, $3, 'now', 'b')",
                f"{person}" if person == "twice" else each.body.decode(),
                person,
                int(n),
            )

    async with world.alpha() as alpha, world.beta(handler) as beta:
        await alpha.say(fact("anna", 1), fact("twice", 1), fact("twice", 2), fact("anna", 2))
        await beta.has_heard(3)
        await until(lambda: _letters_are(beta.db, 1))


async def test_an_envelope_that_cannot_be_read_is_put_aside_whole(world: World) -> None:
    async with world.alpha() as alpha, world.beta() as beta:
        await alpha.say(fact("anna", 1))
        async with alpha.db.worker() as tx:
            await tx.execute(
                "INSERT INTO outbox (stream, lane, partition, facts, body, traceparent)"
                " VALUES ('TOYS', 'now', 3, 1, '\\xff', '')"
            )
        await alpha.say(fact("anna", 2))
        await beta.has_heard(2)
        await until(lambda: _letters_are(beta.db, 1))
        await alpha.all_forgotten()


async def test_a_fact_delivered_again_is_not_listed_again(world: World) -> None:
    db = await world.db("beta")
    for seq in (4, 9):
        await _bury(db, IncomingFact("TOYS", NOW, 1, seq, 0, b"poison:1"))
    assert await value(db, "SELECT count(*) FROM dead_letters") == 1


async def test_replaying_runs_the_fact_again_and_settles_it(world: World) -> None:
    db = await world.db("beta")
    letter = await _bury(db, IncomingFact("TOYS", NOW, 1, 4, 0, b"anna:1"))
    await deadletters.replay(db, letter, HANDLERS, CLOCK.now())
    assert await value(db, "SELECT count(*) FROM heard") == 1
    assert await value(db, "SELECT state FROM dead_letters") == "replayed"
    with pytest.raises(Conflict):
        await deadletters.replay(db, letter, HANDLERS, CLOCK.now())


async def test_replaying_in_vain_keeps_and_counts_it(world: World) -> None:
    db = await world.db("beta")
    letter = await _bury(db, IncomingFact("TOYS", NOW, 1, 4, 0, b"poison:1"))
    with pytest.raises(ValueError, match="swallowed"):
        await deadletters.replay(db, letter, HANDLERS, CLOCK.now())
    assert await value(db, "SELECT attempts || state FROM dead_letters") == "4open"


async def test_replaying_while_something_is_away_counts_nothing(world: World) -> None:
    async def away(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        raise Unavailable

    db = await world.db("beta")
    letter = await _bury(db, IncomingFact("TOYS", NOW, 1, 4, 0, b"anna:1"))
    with pytest.raises(Unavailable):
        await deadletters.replay(db, letter, {("TOYS", NOW): away}, CLOCK.now())
    assert await value(db, "SELECT attempts || state FROM dead_letters") == "3open"


async def test_discarding_settles_and_other_workspaces_see_nothing(world: World) -> None:
    db = await world.db("beta")
    body = b"\x12\x04shop"
    letter = await _bury(db, IncomingFact("TOYS", NOW, 1, 4, 0, body))
    async with db.worker() as tx:
        assert await deadletters.listing(tx, workspace="other") == []
        (listed,) = await deadletters.listing(tx, workspace="shop", state="open")
        assert listed.id == letter
        with pytest.raises(NotFound):
            await deadletters.discard(tx, letter, CLOCK.now(), workspace="other")
        with pytest.raises(NotFound):
            await deadletters.discard(tx, uuid4(), CLOCK.now())
        await deadletters.discard(tx, letter, CLOCK.now(), workspace="shop")
    assert await value(db, "SELECT state FROM dead_letters") == "discarded"


async def test_dead_letters_are_listed_page_by_page(world: World) -> None:
    db = await world.db("beta")
    for n in range(5):
        await _bury(db, IncomingFact("TOYS", NOW, 1, n, 0, b"poison:%d" % n))
    async with db.worker() as tx:
        first = await deadletters.listing(tx, limit=3)
        after = (first[-1].recorded_at, first[-1].id)
        rest = await deadletters.listing(tx, after=after, limit=3)
    assert [each.seq for each in first + rest] == [0, 1, 2, 3, 4]


async def test_poison_does_not_reach_the_feed_of_others(world: World) -> None:
    """A handler may emit facts of its own; a failed try takes them back with everything else."""

    async def handler(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        for each in facts:
            tx.emit(OutgoingFact("ECHO", NOW, each.partition, each.body))
        await hear(tx, facts)

    async with world.alpha() as alpha, world.beta(handler) as beta:
        await alpha.say(fact("anna", 1), fact("poison", 1), fact("anna", 2))
        await beta.has_heard(2)
        await until(lambda: _letters_are(beta.db, 1))
        async with beta.db.worker() as tx:
            bodies = b"".join(row["body"] for row in await tx.fetch("SELECT body FROM outbox"))
    assert b"poison" not in bodies
    assert b"anna:1" in bodies


async def _bury(db: Database, fact: IncomingFact) -> UUID:
    async with db.worker() as tx:
        error = ValueError("no")
        await deadletters.bury(tx, fact, error, attempts=3, traceparent="", at=CLOCK.now())
    return deadletters.letter_id(fact)


async def _letters_are(db: Database, count: int) -> bool:
    return bool(await value(db, "SELECT count(*) FROM dead_letters") == count)
