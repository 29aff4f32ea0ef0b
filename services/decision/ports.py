"""What the handlers need from the world: the store's promises and the values that pass between
them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.db.database import Tx
from services.decision.domain.campaigns.runs import CampaignRun, Fate
from services.decision.domain.model import Controls
from services.decision.domain.recounting import Past
from services.decision.domain.response_model import Cell, Count

Key = tuple[str, UUID]
"""Workspace and person."""


@dataclass(frozen=True)
class StoredState:
    """A person's row: the encoded state, empty for a person never seen, and where they were merged
    to.
    """

    state: bytes
    merged_into: UUID | None


@dataclass(frozen=True)
class ChangedState:
    """A person's row as it is to be: state, tombstone, and the next due instant if there is one."""

    workspace: str
    person: UUID
    state: bytes
    merged_into: UUID | None
    due_at: datetime | None


@dataclass(frozen=True)
class StoredStep:
    """What a step rested on; with it the step can be run again."""

    workspace: str
    id: UUID
    person: UUID
    at: datetime
    state_before: bytes
    inputs: bytes
    catalog_revision: int
    controls: bytes | None
    model_revision: int = 0


@dataclass(frozen=True)
class StoredDecision:
    """A decision as recorded."""

    workspace: str
    id: UUID
    person: UUID
    step: UUID
    at: datetime
    decision: bytes
    traceparent: str


class Head(NamedTuple):
    """What holds for a workspace now: the newest revision of its catalog, and its switches."""

    revision: int
    controls: Controls


class Reconsideration(NamedTuple):
    """A workspace in which what waits competes again; people up to `after` have been seen."""

    workspace: str
    asked_at: datetime
    after: UUID | None


class Trial(NamedTuple):
    """A marketing message that was ordered: what was done, and what else could have been."""

    workspace: str
    message: UUID
    decision: UUID
    sent_at: datetime
    until: datetime
    channel: str
    template: str
    variant: str
    bucket: str
    model_revision: int
    actions: bytes


class Response(NamedTuple):
    """The first response to a message, with the local hour of the week."""

    workspace: str
    message: UUID
    at: datetime
    kind: str
    hour: int


class LoggedTrial(NamedTuple):
    """A decision with a choice: what was done, what could have been, was it answered."""

    message: UUID
    sent_at: datetime
    channel: str
    template: str
    variant: str
    bucket: str
    actions: bytes
    answered: bool


class Settled(NamedTuple):
    """What is to be counted: a message (`trials` 1) or only its late response (0).

    `hour` is that of the response, None where none has come yet.
    """

    workspace: str
    cell: Cell
    hour: int | None
    trials: int


class Snapshot(NamedTuple):
    """The counts that changed with a snapshot, whole, and everyone's hours."""

    workspace: str
    revision: int
    counts: dict[Cell, Count]
    hours: list[int]


class LedgerEntry(NamedTuple):
    """One line of the permission ledger; `evidence` is JSON text."""

    workspace: str
    person: UUID
    id: UUID
    seq: int
    at: datetime
    part: str
    status: str
    purpose: str
    channel: str
    topic: str
    basis: str
    reason: str
    until: datetime | None
    message: UUID | None
    evidence: str


class Membership(NamedTuple):
    """A person in a segment since `entered_at`; None where they are not in it any more."""

    workspace: str
    segment: str
    person: UUID
    entered_at: datetime | None


class Member(NamedTuple):
    """One line of a segment's list."""

    person: UUID
    entered_at: datetime


@dataclass(frozen=True)
class Settlement:
    """How far a workspace's people have been counted into its segments.

    `settled_at_revision` is the last revision at which all had been; `after` the last person done.
    `clear` says that nobody works with an older catalog any more.
    """

    workspace: str
    revision: int
    settled_at_revision: int
    people: int
    done: int
    after: UUID | None
    started_at: datetime
    finished_at: datetime | None
    clear: bool


class PastSource(Protocol):
    """What ingest has on record; `adapters/past.py` keeps these promises."""

    async def read(
        self, workspace: str, profiles: Sequence[UUID], events: Sequence[str], *, traits: bool
    ) -> Past:
        """Events of these names of these profiles, and their traits if asked for."""
        ...


class MemberStore(Protocol):
    """Queries about segments; `store/members.py` keeps these promises."""

    async def list_behind(self, tx: Tx, limit: int) -> list[tuple[str, int]]: ...

    async def start_settlement(
        self, tx: Tx, workspace: str, revision: int, now: datetime
    ) -> None: ...

    async def skip_settlement(
        self, tx: Tx, workspace: str, revision: int, now: datetime
    ) -> None: ...

    async def restart_settlement(self, tx: Tx, workspace: str) -> None: ...

    async def lock_settlement(self, tx: Tx) -> Settlement | None: ...

    async def get_settlement(self, tx: Tx, workspace: str) -> Settlement | None: ...

    async def save_settlement(
        self, tx: Tx, workspace: str, after: UUID | None, done: int, finished_at: datetime | None
    ) -> None: ...

    async def unsettled(self, tx: Tx) -> bool: ...

    async def page_of_people(
        self, tx: Tx, workspace: str, after: UUID | None, limit: int
    ) -> list[tuple[UUID, StoredState]]: ...

    async def forget_segments(self, tx: Tx, workspace: str, kept: list[str], limit: int) -> int: ...

    async def range_of_people(
        self, tx: Tx, workspace: str
    ) -> tuple[int, UUID | None, UUID | None]: ...

    async def count_members(self, tx: Tx, workspace: str, segment: str) -> int: ...

    async def list_members(
        self, tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
    ) -> list[Member]: ...


class TrialStore(Protocol):
    """What was done with messages and learnt from it; `store/trials.py` keeps these promises."""

    async def insert_trials(self, tx: Tx, trials: Sequence[Trial]) -> None: ...

    async def note_responses(self, tx: Tx, responses: Sequence[Response]) -> None: ...

    async def delete_trials(self, tx: Tx, messages: Sequence[tuple[str, UUID]]) -> None: ...

    async def settle_trials(self, tx: Tx, now: datetime, limit: int) -> list[Settled]: ...

    async def lock_model(self, tx: Tx, workspace: str, now: datetime) -> int: ...

    async def model_heads(self, tx: Tx) -> dict[str, int]: ...

    async def model_snapshot(
        self, tx: Tx, workspace: str, after: int, revision: int
    ) -> Snapshot: ...

    async def insert_snapshot(self, tx: Tx, snapshot: Snapshot, now: datetime) -> None: ...

    async def list_choices(
        self,
        tx: Tx,
        workspace: str,
        span: tuple[datetime | None, datetime, datetime],
        template: str,
        after: tuple[datetime, UUID] | None,
        limit: int,
    ) -> list[LoggedTrial]: ...


RunKey = tuple[str, UUID, str, UUID]
"""Workspace, person, journey and the run."""


class Run(NamedTuple):
    """Where somebody stands in one run of a journey, since when, and until when."""

    workspace: str
    person: UUID
    journey: str
    run: UUID
    version: int
    step: str
    entered_at: datetime
    since: datetime
    due_at: datetime | None


class Call(NamedTuple):
    """A call of another system that a journey ordered; `body` is JSON text."""

    workspace: str
    id: UUID
    person: UUID
    journey: str
    step: str
    webhook: str
    kind: str
    body: str
    ordered_at: datetime


class Answered(NamedTuple):
    """What another system answered; status 0 where there was no answer."""

    status: int
    detail: str


class Hooks(Protocol):
    """Other systems that are told something."""

    async def call(
        self, url: str, secret: str, call_id: str, at_s: int, body: bytes, timeout_s: float
    ) -> Answered:
        """Calls once, signed with the secret of that name; what the other side does is answered."""
        ...

    async def close(self) -> None:
        """Ends all connections."""
        ...


class RunStore(Protocol):
    """Queries about runs of journeys and the calls they ordered; `store/runs.py`."""

    async def save_runs(self, tx: Tx, runs: Sequence[Run], ended: Sequence[RunKey]) -> None: ...

    async def forget_runs(self, tx: Tx, workspace: str, person: UUID) -> None: ...

    async def count_runs(
        self, tx: Tx, workspace: str, journey: str
    ) -> list[tuple[int, str, int, datetime | None, datetime]]: ...

    async def list_runs(
        self, tx: Tx, workspace: str, journey: str, step: str, after: RunKey | None, limit: int
    ) -> list[Run]: ...

    async def people_in_version(
        self, tx: Tx, workspace: str, journey: str, version: int, limit: int
    ) -> list[UUID]: ...

    async def insert_calls(self, tx: Tx, calls: Sequence[Call]) -> None: ...

    async def claim_calls(
        self, tx: Tx, now: datetime, until: datetime, limit: int
    ) -> list[tuple[Call, int]]: ...

    async def settle_call(
        self, tx: Tx, workspace: str, call: UUID, state: str, due_at: datetime, detail: str
    ) -> None: ...

    async def next_call(self, tx: Tx) -> datetime | None: ...


class CampaignStore(Protocol):
    """Queries about campaigns; `store/campaigns.py`."""

    async def note_fates(self, tx: Tx, fates: Sequence[Fate]) -> None: ...

    async def note_outcomes(
        self, tx: Tx, outcomes: Sequence[tuple[str, UUID, str, datetime]]
    ) -> None: ...

    async def insert_run(self, tx: Tx, run: CampaignRun) -> None: ...

    async def save_run(self, tx: Tx, run: CampaignRun) -> None: ...

    async def lock_runs(self, tx: Tx, workspace: str, campaign: str) -> list[CampaignRun]: ...

    async def lock_due_run(self, tx: Tx, now: datetime) -> CampaignRun | None: ...

    async def next_run_due(self, tx: Tx) -> datetime | None: ...

    async def page_of_audience(
        self, tx: Tx, workspace: str, segment: str, after: UUID | None, limit: int
    ) -> list[UUID]: ...

    async def count_people(self, tx: Tx, workspace: str, segment: str) -> int: ...

    async def take_recipients(
        self,
        tx: Tx,
        run: CampaignRun,
        people: Sequence[tuple[UUID, str]],
        now: datetime,
        *,
        again: bool,
    ) -> list[UUID]: ...

    async def leave_out(self, tx: Tx, run: CampaignRun, people: Sequence[UUID]) -> None: ...

    async def count_on_their_way(self, tx: Tx, workspace: str, campaign: str, run: UUID) -> int: ...

    async def count_recipients(
        self, tx: Tx, workspace: str, campaign: str, run: UUID
    ) -> list[tuple[str, str, str, int]]: ...

    async def count_since(
        self, tx: Tx, workspace: str, campaign: str, run: UUID, since: datetime
    ) -> int: ...

    async def sample_states(
        self, tx: Tx, workspace: str, segment: str, limit: int
    ) -> list[tuple[UUID, bytes]]: ...


class Store(Protocol):
    """The service's queries; `store.py` keeps these promises."""

    async def lock_states(
        self, tx: Tx, keys: Iterable[Key], now: datetime
    ) -> dict[Key, StoredState]: ...

    async def read_states(self, tx: Tx, keys: Iterable[Key]) -> dict[Key, StoredState]: ...

    async def save_states(self, tx: Tx, states: Sequence[ChangedState], now: datetime) -> None: ...

    async def list_due(self, tx: Tx, now: datetime, limit: int) -> list[Key]: ...

    async def due_of(self, tx: Tx, keys: Sequence[Key]) -> dict[Key, datetime]: ...

    async def next_due(self, tx: Tx) -> datetime | None: ...

    async def insert_decisions(
        self, tx: Tx, steps: Sequence[StoredStep], decisions: Sequence[StoredDecision]
    ) -> None: ...

    async def get_decision(
        self, tx: Tx, workspace: str, decision: UUID
    ) -> tuple[StoredDecision, StoredStep]: ...

    async def list_decisions(
        self, tx: Tx, workspace: str, after: UUID, before: UUID | None, limit: int
    ) -> list[tuple[StoredDecision, StoredStep]]: ...

    async def insert_permission(self, tx: Tx, entries: Sequence[LedgerEntry]) -> None: ...

    async def save_members(self, tx: Tx, members: Sequence[Membership]) -> None: ...

    async def drop_member(
        self, tx: Tx, workspace: str, person: UUID, segments: Sequence[str]
    ) -> None: ...

    async def heads(self, tx: Tx, workspaces: Iterable[str]) -> dict[str, Head]: ...

    async def save_controls(self, tx: Tx, workspace: str, controls: Controls) -> None: ...

    async def ask_to_reconsider(self, tx: Tx, workspace: str, now: datetime) -> None: ...

    async def lock_reconsideration(self, tx: Tx) -> Reconsideration | None: ...

    async def list_waiting(
        self, tx: Tx, workspace: str, after: UUID | None, limit: int
    ) -> list[Key]: ...

    async def save_reconsideration(self, tx: Tx, workspace: str, after: UUID | None) -> None: ...

    async def lock_head(self, tx: Tx, workspace: str, now: datetime) -> int: ...

    async def documents(
        self, tx: Tx, workspace: str, revision: int, kind: str = "", key: str = ""
    ) -> list[tuple[str, str, int, str]]: ...

    async def former_journeys(
        self, tx: Tx, workspace: str, revision: int
    ) -> list[tuple[str, str, int, str]]: ...

    async def needs(self, tx: Tx, workspace: str, revision: int) -> dict[tuple[str, str], int]: ...

    async def save_needs(
        self,
        tx: Tx,
        workspace: str,
        revision: int,
        added: Sequence[tuple[str, str]],
        dropped: Sequence[tuple[str, str]],
    ) -> None: ...

    async def insert_documents(
        self,
        tx: Tx,
        workspace: str,
        revision: int,
        changed: Sequence[tuple[str, str, str]],
        now: datetime,
    ) -> None: ...
