"""People as they are stored, their steps and decisions, and what holds for a workspace."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.decision.domain.model import Controls

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
