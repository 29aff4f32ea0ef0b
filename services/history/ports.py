"""What history's handlers need from their store. Every call works inside the given transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from kit.db.database import Tx
from services.history.domain.entry import Entry, Merge
from services.history.domain.messages import Message
from services.history.domain.page import Query
from services.history.domain.reports import Asked, Row


class Count(NamedTuple):
    """How many entries of one sort there are."""

    kind: str
    name: str
    channel: str
    reason: str
    total: int


class Timelines(Protocol):
    """Timelines at rest. `source` names who writes: sums have a row for each, so that nobody waits
    for another's.
    """

    async def ensure_months(self, tx: Tx, months: Collection[date]) -> None:
        """Makes room for entries recorded in these months (each named by its first day)."""
        ...

    async def add(self, tx: Tx, entries: Sequence[Entry], source: str) -> Mapping[str, int]:
        """Adds entries; one that is there already stays as it is. Returns how many of each kind
        were new.
        """
        ...

    async def add_merges(self, tx: Tx, merges: Sequence[Merge]) -> None:
        """Notes who was merged into whom; safe to repeat."""
        ...

    async def page(self, tx: Tx, query: Query) -> list[Entry]:
        """The newest entries the query asks for, those of merged profiles among them."""
        ...


class Messages(Protocol):
    """What became of messages."""

    async def add(self, tx: Tx, told: Sequence[Message], source: str) -> None:
        """Adds what was told of messages, each named once; safe to repeat."""
        ...


class Reports(Protocol):
    """Sums at rest."""

    async def outcomes(self, tx: Tx, workspace: str, since: datetime) -> list[Count]:
        """Entries since then, counted by what they tell, the most frequent first."""
        ...

    async def message_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """What messages are broken down by, then the sums of `reports.MessageSums`."""
        ...

    async def entry_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """What entries are broken down by, then their number."""
        ...

    async def pressure_rows(self, tx: Tx, asked: Asked, period: str) -> list[Sequence[int]]:
        """Messages in a `period` (week or month), people, responders, leavers."""
        ...
