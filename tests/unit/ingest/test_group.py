"""Group commit: what waits is committed together, and a culprit fails alone."""

import asyncio
from collections.abc import Sequence

import pytest

from kit.errors import Broken, Overloaded, Unavailable
from services.ingest.handlers.group import GroupCommit, Limits


class Log:
    """A commit that takes a while, keeps what it got, and fails where it is told to."""

    def __init__(self, *, away: bool = False) -> None:
        self.groups: list[list[int]] = []
        self.running = 0
        self.running_max = 0
        self.away = away

    async def commit(self, group: Sequence[int]) -> list[str]:
        self.running += 1
        self.running_max = max(self.running_max, self.running)
        await asyncio.sleep(0.002)
        self.running -= 1
        if self.away:
            raise Unavailable
        if -1 in group:
            raise Broken("a culprit")
        self.groups.append(list(group))
        return [f"stored {each}" for each in group]


def grouping(
    log: Log, *, group: int = 10, queue: int = 100, workers: int = 1
) -> GroupCommit[int, str]:
    limits = Limits(group_weight_max=group, queue_weight_max=queue, workers=workers)
    return GroupCommit(log.commit, lambda _: 1, limits)


async def test_lone_submission_does_not_wait() -> None:
    log = Log()

    assert await grouping(log).submit(1) == "stored 1"
    assert log.groups == [[1]]


async def test_what_arrives_during_a_commit_shares_the_next() -> None:
    """Twenty-five submissions, groups of at most ten, three commits."""
    log = Log()
    commits = grouping(log)
    answers = await asyncio.gather(*(commits.submit(each) for each in range(25)))

    assert answers == [f"stored {each}" for each in range(25)]
    assert [len(group) for group in log.groups] == [10, 10, 5]
    assert not await commits.busy()


async def test_workers_commit_side_by_side() -> None:
    log = Log()
    commits = grouping(log, group=5, workers=2)
    await asyncio.gather(*(commits.submit(each) for each in range(20)))

    assert log.running_max == 2


async def test_culprit_fails_alone() -> None:
    """The others of its group are committed, in smaller groups."""
    log = Log()
    commits = grouping(log)
    answers = await asyncio.gather(
        *(commits.submit(each) for each in (1, 2, -1, 3, 4)), return_exceptions=True
    )

    assert [isinstance(each, Broken) for each in answers] == [False, False, True, False, False]
    assert sorted(each for group in log.groups for each in group) == [1, 2, 3, 4]


async def test_nobody_is_blamed_while_the_store_is_away() -> None:
    """Unavailable is nobody's fault: all are told at once, nothing is tried piece by piece."""
    log = Log(away=True)
    commits = grouping(log)
    answers = await asyncio.gather(
        *(commits.submit(each) for each in range(8)), return_exceptions=True
    )

    assert all(isinstance(each, Unavailable) for each in answers)


async def test_full_queue_refuses_at_once() -> None:
    """Nothing accepted is lost, and what is refused is told so."""
    log = Log()
    commits = grouping(log, queue=15)
    answers = await asyncio.gather(
        *(commits.submit(each) for each in range(40)), return_exceptions=True
    )

    refused = [each for each in answers if isinstance(each, Overloaded)]
    assert len(refused) == 25
    assert sum(len(group) for group in log.groups) == 15


async def test_submission_larger_than_the_queue_is_taken_when_nothing_waits() -> None:
    """A limit on waiting must not make a legal request impossible."""
    limits = Limits(group_weight_max=10, queue_weight_max=20, workers=1)
    commits = GroupCommit(Log().commit, lambda _: 50, limits)

    assert await commits.submit(1) == "stored 1"


async def test_caller_who_left_holds_up_nobody() -> None:
    """A cancelled caller's submission is committed all the same; the others get their answers."""
    log = Log()
    commits = grouping(log)
    gone = asyncio.create_task(commits.submit(1))
    await asyncio.sleep(0)
    gone.cancel()

    assert await commits.submit(2) == "stored 2"
    with pytest.raises(asyncio.CancelledError):
        await gone
