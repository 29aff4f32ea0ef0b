"""Every fact once, newest first, filtered and paged, merged people as one."""

import asyncio
import random
from uuid import UUID

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decisions.v1 import decision_pb2 as decisions
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from contracts.gen.kairos.events.v1 import event_pb2 as events
from contracts.gen.kairos.profiles.v1.profile_pb2 import ProfileMerged
from kit.errors import Invalid, Malformed
from tests.integration.history.conftest import ANNA, BERT, WORKSPACE, Desk, at, fact

DECISION, MESSAGE = UUID(int=71), UUID(int=72)


def event(
    name: str,
    minute: float = 0,
    recorded: float | None = None,
    person: UUID = ANNA,
    workspace: str = WORKSPACE,
) -> Fact:
    """A track event of that minute, recorded then unless said otherwise."""
    accepted = events.EventAccepted(
        kind=events.EVENT_KIND_TRACK,
        name=name,
        occurred_at_us=at(minute),
        properties_json=b'{"total":3}',
    )
    recorded = minute if recorded is None else recorded
    return fact(person, recorded, workspace, event_accepted=accepted)


async def test_events_stand_newest_first(desk: Desk) -> None:
    """By when they happened, also where they arrived late."""
    await desk.deliver(event("third", 3), event("first", 1), event("late", 2, recorded=9))

    assert await desk.names() == ["third", "late", "first"]


async def test_of_one_instant_the_one_recorded_last_is_newest(desk: Desk) -> None:
    """Ties are broken by recording, then by id: always the same way."""
    await desk.deliver(
        event("a", 1, recorded=2), event("c", 1, recorded=3), event("b", 1, recorded=2)
    )

    assert await desk.names() == ["c", "b", "a"]


async def test_republished_facts_are_written_once(desk: Desk) -> None:
    """In another batch, in another order, at the same time."""
    told = [event(f"e{number}", number) for number in range(20)]
    for _ in range(3):
        random.Random(1).shuffle(told)
        await asyncio.gather(*(desk.deliver(*told[start : start + 10]) for start in (0, 10, 5)))

    assert len(await desk.names(limit=200)) == 20


async def test_cursor_leads_through_all_pages_while_entries_arrive(desk: Desk) -> None:
    """No entry is left out or shown twice; what is new appears on a new first page only."""
    await desk.deliver(*(event(f"e{number}", number % 5, recorded=number) for number in range(23)))
    seen: list[bytes] = []
    cursor = ""
    while True:
        page = await desk.page(limit=5, cursor=cursor)
        seen += [item.id for item in page.items]
        await desk.deliver(event("new", 99))
        if not (cursor := page.next_cursor):
            break

    assert len(seen) == len(set(seen)) == 23
    whole = await desk.page(limit=200, until_us=at(98))
    assert [item.id for item in whole.items] == seen


async def test_page_that_ends_the_timeline_has_no_cursor(desk: Desk) -> None:
    """Nobody has to fetch an empty page to learn that it was the last."""
    await desk.deliver(event("a", 1), event("b", 2))

    assert (await desk.page(limit=2)).next_cursor == ""
    assert (await desk.page(limit=1)).next_cursor != ""


async def test_limit_has_a_default_and_a_bound(desk: Desk) -> None:
    await desk.deliver(*(event(f"e{number}", number) for number in range(210)))

    assert len((await desk.page()).items) == 50
    assert len((await desk.page(limit=10_000)).items) == 200


@pytest.mark.parametrize("cursor", ["x", "!!!!", "AAAA", "ä"])
async def test_invented_cursor_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(Invalid):
        await desk.page(cursor=cursor)


async def test_filters_narrow_a_timeline(desk: Desk) -> None:
    """Kind, channel, journey and time, alone and together."""
    sent = deliveries.AttemptFinished(
        outcome=deliveries.ATTEMPT_OUTCOME_ACCEPTED,
        channel="email",
        template="welcome",
        journey="three-acts",
        at_us=at(2),
    )
    opened = deliveries.ReceiptTaken(
        kind=deliveries.RECEIPT_KIND_OPENED, channel="email", at_us=at(3)
    )
    await desk.deliver(event("Seen", 1), fact(attempt_finished=sent), fact(receipt_taken=opened))

    assert await desk.names(kinds=["message", "event"]) == ["welcome", "Seen"]
    assert await desk.names(channels=["email"]) == ["opened", "welcome"]
    assert await desk.names(journey="three-acts") == ["welcome"]
    assert await desk.names(since_us=at(2), until_us=at(3)) == ["welcome"]
    assert await desk.names(kinds=["event"], channels=["email"]) == []


async def test_merged_people_read_as_one(desk: Desk) -> None:
    """By the merges history knows itself, chains included, and repeated merges."""
    visitor, older = UUID(int=3), UUID(int=4)
    await desk.deliver(event("older", 1, person=older), event("visit", 2, person=visitor))
    for loser, winner in ((older, visitor), (visitor, ANNA), (visitor, ANNA)):
        merged = ProfileMerged(loser=loser.bytes, loser_last_seq=1, merged_at_us=at(3))
        await desk.deliver(fact(winner, profile_merged=merged))
    await desk.deliver(event("known", 4))

    assert await desk.names(ANNA, kinds=["event"]) == ["known", "visit", "older"]
    assert await desk.names(ANNA, visitor, kinds=["event"]) == ["known", "visit", "older"]
    assert await desk.names(BERT) == []


async def test_workspaces_do_not_mix(desk: Desk) -> None:
    """The same person id in another workspace is somebody else."""
    await desk.deliver(event("ours", 1), event("theirs", 2, workspace="other"))

    assert await desk.names() == ["ours"]
    page = await desk.page(workspace="other")
    assert [item.name for item in page.items] == ["theirs"]


async def test_entries_find_their_month(desk: Desk) -> None:
    """A partition is made when the first fact of its month arrives, by two batches at once too."""
    month = 31 * 24 * 60
    told = [event(f"e{number}", 1, recorded=number * month) for number in range(6)]
    await asyncio.gather(*(desk.deliver(*told) for _ in range(4)))

    assert len(await desk.names()) == 6
    async with desk.db.worker(readonly=True) as tx:
        parts = await tx.fetch("SELECT inhrelid::regclass::text FROM pg_inherits")
        for part in {row[0] for row in parts if "timeline_2" in row[0] and "pkey" not in row[0]}:
            assert not await tx.fetchval(f"SELECT has_table_privilege('{part}', 'SELECT')")


async def test_broken_fact_is_refused_and_an_unknown_one_passed_over(desk: Desk) -> None:
    """A newer sender may say more than this version knows; rubbish goes to the dead letters."""
    newer = deliveries.ReceiptTaken(kind=99, channel="email", at_us=at(1))  # type: ignore[arg-type]
    await desk.deliver(fact(), fact(receipt_taken=newer))
    assert (await desk.page()).items[0].summary == "E-mail no. 99"
    await desk.deliver(fact(BERT))
    assert len((await desk.page(BERT)).items) == 0

    with pytest.raises(Malformed):
        await desk.deliver(Rubbish())  # type: ignore[arg-type]


class Rubbish:
    """Bytes that are no fact."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        return b"\xff\xff"


async def test_outcomes_are_counted(desk: Desk) -> None:
    """By kind, name, channel and reason, from a day on."""
    day = 24 * 60
    await desk.deliver(event("Seen", 1), event("Seen", 2), event("Left", day))
    silent = decisions.DecisionMade(
        outcome=decisions.OUTCOME_SILENCE, at_us=at(day), reason="cap_reached"
    )
    await desk.deliver(fact(decision_made=silent), stream="DECISIONS")

    assert await desk.outcomes() == {
        ("event", "Seen", "", ""): 2,
        ("event", "Left", "", ""): 1,
        ("decision", "silence", "", "cap_reached"): 1,
    }
    assert ("event", "Left", "", "") in await desk.outcomes(at(day))
    assert ("event", "Seen", "", "") not in await desk.outcomes(at(day))
