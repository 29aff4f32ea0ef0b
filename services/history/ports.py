"""What history's handlers need from their store. Every call works inside the given transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx
from services.history.domain.attribution import Credit, Happening, Reached
from services.history.domain.entry import Entry, Merge
from services.history.domain.experiments import ArmSums, Question
from services.history.domain.exposures import Exposure
from services.history.domain.goals import Goal
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


class PersonKey(NamedTuple):
    """A profile of a workspace."""

    workspace: str
    person: UUID


class SentMessage(NamedTuple):
    """A message somebody got, and the revision of the catalog it was sent under."""

    workspace: str
    person: UUID
    message: UUID
    at: datetime
    catalog_revision: int
    channel: str
    message_class: str
    template: str
    variant: str
    journey: str
    campaign: str


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


class Credits(Protocol):
    """Goals that were reached, and whose merit that was."""

    async def mark(self, tx: Tx, people: Collection[PersonKey]) -> None:
        """Has these people's credits worked out again."""
        ...

    async def take(self, tx: Tx, limit: int) -> list[PersonKey]:
        """Takes due people off the list, those of other processes passed over."""
        ...

    async def due_workspaces(self, tx: Tx) -> list[str]:
        """The workspaces with people whose credits wait to be worked out."""
        ...

    async def workspaces(self, tx: Tx) -> list[str]:
        """The workspaces whose goals have been looked at."""
        ...

    async def search_past(
        self, tx: Tx, workspace: str, fingerprint: str, names: Collection[str]
    ) -> bool:
        """Marks everybody who did one of the named events, unless that was done for the same
        `fingerprint` before. Returns whether it was done now.
        """
        ...

    async def families(self, tx: Tx, people: Collection[PersonKey]) -> dict[PersonKey, UUID]:
        """All profiles merged with these, each with the one that lives."""
        ...

    async def messages(self, tx: Tx, people: Collection[PersonKey]) -> list[SentMessage]:
        """Every message these profiles got, transactional ones left out."""
        ...

    async def events(
        self, tx: Tx, people: Collection[PersonKey], names: Collection[str]
    ) -> list[tuple[PersonKey, Happening]]:
        """Every event of these names of these profiles."""
        ...

    async def replace(
        self,
        tx: Tx,
        people: Collection[PersonKey],
        found: Mapping[PersonKey, tuple[Sequence[Reached], Sequence[Credit]]],
    ) -> None:
        """Writes what was found in place of all that was known of these profiles."""
        ...


class GoalReports(Protocol):
    """Reached goals, counted."""

    async def goal_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """What reached goals are broken down by, then their number, people and value."""
        ...

    async def repeat_row(self, tx: Tx, asked: Asked, goal: str) -> Row:
        """People who reached the goal, people who did on more than one day, and all their days."""
        ...

    async def cohort_rows(self, tx: Tx, asked: Asked, goal: str) -> list[tuple[date, int, int]]:
        """Week of the first time, weeks later, people who reached the goal then."""
        ...


class Experiments(Protocol):
    """Who was exposed to what, and what they did after."""

    async def add(self, tx: Tx, exposures: Collection[Exposure]) -> None:
        """Notes exposures; of the same person in the same arm the first counts."""
        ...

    async def move(self, tx: Tx, families: Mapping[PersonKey, UUID]) -> None:
        """Gives the exposures of merged profiles to the one that lives."""
        ...

    async def sums(
        self,
        tx: Tx,
        workspace: str,
        question: Question,
        period: tuple[datetime, datetime],
        window: timedelta,
    ) -> Sequence[ArmSums]:
        """The sums of each arm over people first exposed in the period [from, to), of what they
        did within `window` after that and before it.
        """
        ...


class Goals(Protocol):
    """The goals of the catalog."""

    async def at(self, workspace: str, revision: int) -> Sequence[Goal]:
        """The goals of a revision, which never change; 0 asks for the newest."""
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

    async def conversion_rows(self, tx: Tx, asked: Asked, model: str) -> list[Row]:
        """What credits are broken down by, then conversions, value and people."""
        ...

    async def chain_rows(self, tx: Tx, asked: Asked) -> list[Row]:
        """Goal, chain of channels, conversions, value."""
        ...

    async def pressure_rows(self, tx: Tx, asked: Asked, period: str) -> list[Sequence[int]]:
        """Messages in a `period` (week or month), people, responders, leavers."""
        ...


@dataclass(frozen=True)
class Stores:
    """What recording writes to."""

    timelines: Timelines
    messages: Messages
    credits: Credits
    experiments: Experiments
