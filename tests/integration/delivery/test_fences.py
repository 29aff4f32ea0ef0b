"""What a process that lost its claims still tries to write, and why nothing comes of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest_asyncio

from kit.clock import SystemClock
from kit.db.database import Database
from kit.ids import new_id
from services.delivery.domain.attempts import Conclusion
from services.delivery.domain.message import Claim, Outcome, State
from services.delivery.ports import Written
from services.delivery.store.messages import Store
from tests.integration.conftest import Databases
from tests.unit.delivery.orders import NOW, order

CLOCK = SystemClock()
ACCEPTED = Conclusion(Outcome.ACCEPTED, State.ACCEPTED)


@dataclass
class Table:
    """The store, two senders, and one message the first of them claimed."""

    db: Database
    store: Store
    first: UUID
    second: UUID
    claim: Claim

    async def state(self) -> str:
        async with self.db.worker(readonly=True) as tx:
            found = await self.store.find(tx, *self.claim.order.key)
        assert found
        return found.state

    async def mark(self, sender: UUID, claim: Claim) -> bool:
        async with self.db.worker() as tx:
            return bool(
                await self.store.mark_calling(tx, sender, [claim], "smtp", NOW, keyed=False)
            )

    async def write(self, claim: Claim) -> bool:
        async with self.db.worker() as tx:
            return bool(await self.store.write(tx, [Written(claim, ACCEPTED, NOW)]))

    async def put_back(self, sender: UUID, claim: Claim) -> None:
        async with self.db.worker() as tx:
            await self.store.put_back(tx, sender, [claim], [NOW])

    async def claim_due(self, sender: UUID) -> list[Claim]:
        async with self.db.worker() as tx:
            return await self.store.claim_due(tx, sender, "now", NOW, 10)


@pytest_asyncio.fixture
async def table(databases: Databases) -> AsyncIterator[Table]:
    db, store = await databases.open("delivery"), Store()
    first, second = new_id(CLOCK), new_id(CLOCK)
    async with db.worker() as tx:
        await store.enlist(tx, first)
        await store.enlist(tx, second)
        [claim] = await store.add(tx, [order()], first, NOW)
    yield Table(db, store, first, second, claim)
    await db.close()


async def test_claim_of_another_cannot_be_called(table: Table) -> None:
    """Neither by a stranger nor under an earlier epoch."""
    assert not await table.mark(table.second, table.claim)
    stale = Claim(table.claim.order, table.claim.epoch - 1)
    assert not await table.mark(table.first, stale)
    assert await table.mark(table.first, table.claim)
    assert await table.state() == "calling"


async def test_claimed_message_is_not_due_for_others(table: Table) -> None:
    assert await table.claim_due(table.second) == []
    await table.put_back(table.first, table.claim)
    [again] = await table.claim_due(table.second)
    assert again.epoch > table.claim.epoch


async def test_claim_given_back_is_worth_nothing(table: Table) -> None:
    """The next holder's work is not touched by the last one's."""
    await table.put_back(table.first, table.claim)
    [again] = await table.claim_due(table.second)
    assert not await table.mark(table.first, table.claim)
    assert not await table.write(table.claim)
    await table.put_back(table.first, table.claim)
    assert await table.mark(table.second, again)
    assert await table.state() == "calling"


async def test_outcome_is_written_once(table: Table) -> None:
    """Twice said, once done; and no second attempt row."""
    assert await table.mark(table.first, table.claim)
    assert await table.write(table.claim)
    assert not await table.write(table.claim)
    async with table.db.worker(readonly=True) as tx:
        found = await table.store.find(tx, *table.claim.order.key)
    assert found
    assert len(found.attempts) == 1


async def test_living_process_keeps_its_messages(table: Table) -> None:
    """Only those of processes that were struck off are taken over."""
    async with table.db.worker() as tx:
        assert await table.store.free_claims_of_the_dead(tx, NOW) == 0
        await table.store.strike_off(tx, table.first, beat=7)
        assert table.first in await table.store.beats(tx)
        await table.store.strike_off(tx, table.first, beat=0)
        assert await table.store.free_claims_of_the_dead(tx, NOW) == 1
        assert not await table.store.beat(tx, table.first)
    [again] = await table.claim_due(table.second)
    assert not await table.mark(table.first, table.claim)
    assert await table.mark(table.second, again)


async def test_calls_of_the_dead_are_found_with_what_is_known(table: Table) -> None:
    assert await table.mark(table.first, table.claim)
    async with table.db.worker() as tx:
        assert await table.store.calls_of_the_dead(tx, 10) == []
        await table.store.dismiss(tx, table.first)
        [(claim, provider, called_at)] = await table.store.calls_of_the_dead(tx, 10)
        assert await table.store.free_claims_of_the_dead(tx, NOW) == 0
    called = msgspec.structs.replace(table.claim, account="smtp")
    assert (claim, provider, called_at) == (called, "smtp", NOW)


async def test_next_due_is_the_earliest_nobody_works_on(table: Table) -> None:
    """Claimed messages are at work, not due."""
    later = NOW + timedelta(hours=1)
    async with table.db.worker() as tx:
        await table.store.add(
            tx, [order(message_id=new_id(CLOCK), person=new_id(CLOCK))], None, later
        )
        assert await table.store.next_due(tx, "now") == later
        assert await table.store.next_due(tx, "bulk") is None
        assert await table.store.is_any_owned(tx)


async def test_order_seen_before_is_not_claimed_again(table: Table) -> None:
    """Also twice in one batch."""
    fresh = order(message_id=new_id(CLOCK))
    async with table.db.worker() as tx:
        claims = await table.store.add(tx, [order(), fresh, fresh], table.second, NOW)
    assert [claim.order for claim in claims] == [fresh]
