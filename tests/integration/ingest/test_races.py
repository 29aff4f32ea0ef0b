"""What happens between two steps of a commit: each race is made to happen, at its worst moment."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from uuid import UUID

import pytest

from kit.db.database import Tx
from services.ingest.domain.identity import Demand, Identity, Profile
from services.ingest.ports import ProfileKey
from services.ingest.store.postgres import PostgresStore
from tests.integration.conftest import Databases
from tests.integration.ingest.conftest import Desk, track

Meanwhile = Callable[[], Awaitable[object]]


class SlowStore(PostgresStore):
    """The store, with something happening once after a step."""

    after_owners: Meanwhile | None = None
    after_lock: Meanwhile | None = None

    async def owners(self, tx: Tx, asked: Collection[Identity]) -> dict[Identity, UUID]:
        found = await super().owners(tx, asked)
        meanwhile, self.after_owners = self.after_owners, None
        if meanwhile:
            await meanwhile()
        return found

    async def take(self, tx: Tx, wanted: Mapping[ProfileKey, Demand]) -> dict[UUID, Profile]:
        locked = await super().take(tx, wanted)
        meanwhile, self.after_lock = self.after_lock, None
        if meanwhile:
            await meanwhile()
        return locked


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
async def slow(desk: Desk, databases: Databases, store: SlowStore) -> Desk:
    """A second ingest on the same database."""
    return Desk(desk.db, databases.admin_dsn, store)


async def test_profile_merged_away_before_the_lock(
    desk: Desk, slow: Desk, store: SlowStore
) -> None:
    """The event follows to the winner: a tombstone gets no more events."""
    await desk.send(track("m-1", "", anonymousId="a"))
    await desk.send(track("m-2", "anna"))
    store.after_owners = lambda: desk.send(track("m-3", "anna", anonymousId="a"))
    await slow.send(track("m-4", "", anonymousId="a"))

    anna = UUID(bytes=(await desk.profile("user:anna")).id)
    rows = await desk.rows("SELECT profile FROM events WHERE message_id = 'm-4'")
    assert [row["profile"] for row in rows] == [anna]
    await desk.check_record()


async def test_person_made_by_somebody_else_before_the_write(
    desk: Desk, slow: Desk, store: SlowStore
) -> None:
    """Two first calls of one customer make one customer."""
    store.after_owners = lambda: desk.send(track("m-1", "anna"))
    await slow.send(track("m-2", "anna"))

    assert len(await desk.rows("SELECT workspace FROM profiles")) == 1
    await desk.check_record()


async def test_visitor_named_by_two_commits_at_once(
    desk: Desk, slow: Desk, store: SlowStore
) -> None:
    """One of two customers on a device gets its past; they do not become one."""
    await desk.send(track("m-1", "", anonymousId="a"))
    store.after_owners = lambda: desk.send(track("m-2", "anna", anonymousId="a"))
    await slow.send(track("m-3", "bert", anonymousId="a"))

    assert (await desk.profile("user:anna")).id != (await desk.profile("user:bert")).id
    assert (await desk.profile("anonymous:a")).user_ids == ["anna"]
    await desk.check_record()


async def test_person_is_locked_until_the_commit(desk: Desk, slow: Desk, store: SlowStore) -> None:
    """A second commit about the same person waits; their numbers follow each other."""
    await desk.send(track("m-1"))
    others: list[asyncio.Task[object]] = []

    async def meanwhile() -> None:
        others.append(asyncio.create_task(desk.send(track("m-2"))))
        await asyncio.sleep(0.2)

    store.after_lock = meanwhile
    await slow.send(track("m-3"))
    await asyncio.gather(*others)

    rows = await desk.rows("SELECT message_id FROM events ORDER BY person_seq, workspace")
    assert [row["message_id"] for row in rows] == ["m-1", "m-3", "m-2"]
    await desk.check_record()


async def test_repeated_call_waits_for_the_first(desk: Desk, slow: Desk, store: SlowStore) -> None:
    """It is answered only when the first is durable; had that failed, it would have stored it."""
    answered: list[str] = []

    async def again() -> None:
        reply = await desk.send(track("m-1"))
        answered.append(f"repeated {reply.repeated_items}")

    others: list[asyncio.Task[None]] = []

    async def meanwhile() -> None:
        others.append(asyncio.create_task(again()))
        await asyncio.sleep(0.2)
        answered.append("first is about to commit")

    store.after_lock = meanwhile
    await slow.send(track("m-1"))
    await asyncio.gather(*others)

    assert answered == ["first is about to commit", "repeated 1"]
