"""A campaign being sent: its runs, and what becomes of its recipients."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class CampaignRun(NamedTuple):
    """One sending of a campaign. `after` is its cursor: everybody up to there has been taken up."""

    workspace: str
    campaign: str
    run: UUID
    missed: bool
    state: str
    occurs_at: datetime
    due_at: datetime
    after: UUID | None
    stage: int
    taken: int
    audience: int
    launched_by: str
    started_at: datetime | None
    finished_at: datetime | None


class Fate(NamedTuple):
    """What was decided about a recipient of a campaign."""

    workspace: str
    campaign: str
    person: UUID
    state: str
    reason: str
    message: UUID | None
    at: datetime
