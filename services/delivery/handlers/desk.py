"""What waits for one provider account in one lane, and how much of it goes out at once.

An account that hangs holds its own slots and its own queue; it takes nothing from the others.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from services.delivery.domain.message import Claim
from services.delivery.handlers.accounts import Account


@dataclass(frozen=True)
class Limits:
    """How much a lane does at once, for each account.

    Args:
        at_once_max: messages between leaving the queue and their outcome; the bulkhead. An account
            may set less.
        group_min: while more than that wait, a group starts when so many slots are free: permits
            and commits are shared. Fewer go out at once.
        group_max: messages drafted, permitted and marked together.
        backlog_max: messages held in memory; more wait in the store.
        outcome_wait_s: how long an outcome waits for company before it is committed.
    """

    at_once_max: int
    group_min: int
    group_max: int
    backlog_max: int
    outcome_wait_s: float


class Desk:
    """The queue of one account."""

    def __init__(self, account: Account, limits: Limits) -> None:
        self.account = account
        self.waiting: deque[Claim] = deque()
        self._limits = limits
        self._under_way = 0

    @property
    def room(self) -> int:
        """How many more messages it holds."""
        return max(0, self._limits.backlog_max - len(self.waiting))

    def next_group(self) -> Sequence[Claim]:
        """Takes the messages that go out now; none while slots are short."""
        size = self._size()
        self._under_way += size
        return [self.waiting.popleft() for _ in range(size)]

    def release(self, count: int) -> None:
        """The fate of so many messages is sealed; their slots are free."""
        self._under_way -= count

    def _size(self) -> int:
        limits = self._limits
        slots = min(limits.at_once_max, self.account.document.at_once)
        if self.account.is_probed:
            return min(1, len(self.waiting)) if self._under_way == 0 else 0
        free = max(0, slots - self._under_way)
        wanted = min(len(self.waiting), limits.group_max)
        if wanted > limits.group_min and free < min(limits.group_min, slots):
            return 0
        return min(wanted, free)
