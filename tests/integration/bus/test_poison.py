"""Facts no handler can take: found, put aside, and dealt with by people."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from kit.bus import deadletters, deadletters_desk
from kit.bus.deadletters_desk import endpoints as desk_of
from kit.bus.rpc import Caller, Endpoints
from kit.bus.spec import NOW, EndpointSpec, IncomingFact, OutgoingFact
from kit.bus.subscription import Subscription
from kit.db.database import Database, Tx
from kit.errors import Conflict, Malformed, NotFound, Unavailable
from tests.integration.bus.toys import CLOCK, TOYS, World, fact, hear, until, value

SHOP = "shop"
PREFIX = b"\x12\x04shop"
ERROR = ValueError("no")


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
            letters = await tx.fetch("SELECT * FROM dead_letters ORDER BY recorded_at")
    assert [each["error"] for each in letters] == [
        "poison:1 cannot be swallowed",
        "poison:2 cannot be swallowed",
    ]
    assert {(each["state"], each["error_type"], each["attempts"]) for each in letters} == {
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
    """It leaves the list and keeps nothing of what it said."""
    db = await world.db("beta")
    letter = await _bury(db, _of("anna:1"))
    await deadletters.replay(db, SHOP, letter, SHOP_HANDLERS, CLOCK.now())
    assert await value(db, "SELECT count(*) FROM heard") == 1
    assert await value(db, "SELECT state || length(body) FROM dead_letters") == "replayed0"
    with pytest.raises(Conflict):
        await deadletters.replay(db, SHOP, letter, SHOP_HANDLERS, CLOCK.now())


async def test_replaying_at_the_same_time_handles_it_once(world: World) -> None:
    """Eight at once: one runs it, the others hear that it is settled."""
    db = await world.db("beta")
    letter = await _bury(db, _of("anna:1"))
    ran: list[int] = []

    async def counted(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        ran.append(len(facts))
        await asyncio.sleep(0.05)

    def replay() -> Awaitable[None]:
        handlers = {("TOYS", NOW): counted}
        return deadletters.replay(db, SHOP, letter, handlers, CLOCK.now())

    outcomes = await asyncio.gather(*(replay() for _ in range(8)), return_exceptions=True)
    assert ran == [1]
    assert sum(isinstance(each, Conflict) for each in outcomes) == 7


async def test_replaying_in_vain_keeps_and_counts_it(world: World) -> None:
    db = await world.db("beta")
    letter = await _bury(db, _of("poison:1"))
    with pytest.raises(Conflict, match="swallowed") as failed:
        await deadletters.replay(db, SHOP, letter, SHOP_HANDLERS, CLOCK.now())
    assert failed.value.extra == {"error_type": "ValueError", "attempts": 4}
    assert await value(db, "SELECT attempts || state FROM dead_letters") == "4open"
    assert await value(db, "SELECT failed_again_at > recorded_at FROM dead_letters")


async def test_replaying_while_something_is_away_counts_nothing(world: World) -> None:
    async def away(tx: Tx, facts: Sequence[IncomingFact]) -> None:
        raise Unavailable

    db = await world.db("beta")
    letter = await _bury(db, _of("anna:1"))
    with pytest.raises(Unavailable):
        await deadletters.replay(db, SHOP, letter, {("TOYS", NOW): away}, CLOCK.now())
    assert await value(db, "SELECT attempts || state FROM dead_letters") == "3open"


async def test_envelope_that_cannot_be_read_cannot_be_replayed(world: World) -> None:
    """No handler is given what is no fact."""
    db = await world.db("beta")
    letter = await _bury(db, replace(_of("anna:1"), index=-1))
    with pytest.raises(Conflict, match="cannot be read"):
        await deadletters.replay(db, SHOP, letter, SHOP_HANDLERS, CLOCK.now())
    assert await value(db, "SELECT count(*) FROM heard") == 0


async def test_discarding_settles_and_other_workspaces_see_nothing(world: World) -> None:
    db = await world.db("beta")
    letter = await _bury(db, _of("anna:1"))
    async with db.worker() as tx:
        assert await deadletters.listing(tx, "other") == []
        (listed,) = await deadletters.listing(tx, SHOP)
        assert listed.id == letter
        for workspace, unknown in (("other", letter), (SHOP, uuid4()), ("", letter)):
            with pytest.raises(NotFound):
                await deadletters.discard(tx, workspace, unknown, CLOCK.now())
        await deadletters.discard(tx, SHOP, letter, CLOCK.now())
        assert await deadletters.listing(tx, SHOP) == []
    assert await value(db, "SELECT state || length(body) FROM dead_letters") == "discarded0"
    with pytest.raises(NotFound):
        await deadletters.replay(db, "other", letter, SHOP_HANDLERS, CLOCK.now())


async def test_discarded_fact_delivered_again_stays_discarded(world: World) -> None:
    db = await world.db("beta")
    letter = await _bury(db, _of("poison:1"))
    async with db.worker() as tx:
        await deadletters.discard(tx, SHOP, letter, CLOCK.now())
    await _bury(db, replace(_of("poison:1"), seq=9))
    assert await value(db, "SELECT attempts || state FROM dead_letters") == "3discarded"


async def test_error_that_names_somebody_is_kept_without_the_name(world: World) -> None:
    db = await world.db("beta")
    said = 'anna.b@shop.example and +49 (171) 555-0123 break rule 42 of "heard_pkey"'
    await _bury(db, _of("anna:1"), ValueError(said))
    kept = await value(db, "SELECT error FROM dead_letters")
    assert kept == '[address] and [number] break rule 42 of "heard_pkey"'


async def test_fact_of_somebody_erased_is_not_handled_by_a_replay(world: World) -> None:
    """It is settled without its handler, as a fact that comes late is passed over."""
    person = uuid4()
    body = b"\x0a\x10" + uuid4().bytes + b"\x12\x04shop\x1a\x10" + person.bytes
    db = await world.db("beta")
    letter = await _bury(db, replace(_of(""), body=body))
    async with db.worker() as tx:
        (listed,) = await deadletters.listing(tx, SHOP)
        assert listed.person == person
        await tx.execute("INSERT INTO erased VALUES ($1, $2, $3)", SHOP, person, CLOCK.now())
    await deadletters.replay(db, SHOP, letter, {("TOYS", NOW): hear}, CLOCK.now())
    assert await value(db, "SELECT count(*) FROM heard") == 0


async def test_dead_letters_are_listed_page_by_page(world: World) -> None:
    db = await world.db("beta")
    for n in range(5):
        await _bury(db, replace(_of(f"poison:{n}"), seq=n))
    async with db.worker() as tx:
        first = await deadletters.listing(tx, SHOP, limit=3)
        before = (first[-1].recorded_at, first[-1].id)
        rest = await deadletters.listing(tx, SHOP, before=before, limit=3)
    assert [each.seq for each in first + rest] == [4, 3, 2, 1, 0]


async def test_service_that_consumes_answers_the_three_questions(world: World) -> None:
    """Over NATS, each for the workspace of the caller."""
    db = await world.db("beta")
    letters = [await _bury(db, _of(f"{who}:1")) for who in ("anna", "poison", "bert")]
    subscriptions = [Subscription(TOYS, NOW, in_shop)]
    async with world.bus("beta") as bus, world.bus("caller") as other:
        desk = Endpoints("beta", bus, db, desk_of("beta", db, CLOCK, subscriptions))
        await desk.start()
        caller = Caller(other)

        async def waiting(workspace: str) -> list[str]:
            asked = deadletters_desk.asked_page(None, 10)
            told = await caller.call(deadletters_desk.list_spec("beta"), workspace, asked)
            return [each["id"] for each in json.loads(told)]

        async def act(spec: EndpointSpec, workspace: str, letter: UUID) -> None:
            await caller.call(spec, workspace, deadletters_desk.asked_one(letter))

        replay, discard = (
            deadletters_desk.replay_spec("beta"),
            deadletters_desk.discard_spec("beta"),
        )
        assert await waiting("other") == []
        assert await waiting(SHOP) == [str(each) for each in reversed(letters)]
        for spec in (replay, discard):
            with pytest.raises(NotFound):
                await act(spec, "other", letters[0])
        with pytest.raises(Malformed):
            await act(replay, "", letters[0])
        await act(replay, SHOP, letters[0])
        with pytest.raises(Conflict, match="swallowed"):
            await act(replay, SHOP, letters[1])
        await act(discard, SHOP, letters[2])
        assert await waiting(SHOP) == [str(letters[1])]
        await desk.stop()
    assert await value(db, "SELECT string_agg(fact, ',') FROM heard") == "anna:1"


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


def _of(text: str) -> IncomingFact:
    """A fact of the shop: field 2 names the workspace, field 10 holds the text."""
    body = PREFIX + b"\x52" + bytes([len(text)]) + text.encode()
    return IncomingFact("TOYS", NOW, 1, 4, 0, body)


async def in_shop(tx: Tx, facts: Sequence[IncomingFact]) -> None:
    """beta's handler of facts that name their workspace."""
    await hear(tx, [replace(each, body=each.body[len(PREFIX) + 2 :]) for each in facts])


SHOP_HANDLERS = {("TOYS", NOW): in_shop}


async def _bury(db: Database, fact: IncomingFact, error: Exception = ERROR) -> UUID:
    async with db.worker() as tx:
        at = CLOCK.now()
        await deadletters.bury(tx, fact, error, service="beta", attempts=3, traceparent="", at=at)
    return deadletters.letter_id("beta", fact)


async def _letters_are(db: Database, count: int) -> bool:
    return bool(await value(db, "SELECT count(*) FROM dead_letters") == count)
