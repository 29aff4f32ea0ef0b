"""What the public API takes and gives about journeys and campaigns at work."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import JsonObject, Shape


class Journeys(Shape):
    """Where a person stands in each journey."""

    items: list[JsonObject]


class Enter(Shape):
    """Who shall enter, and what the journey sees as properties of the entering event."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"profile": "user:u1", "properties": {"order_id": "o1"}}}
    )
    profile: str = Field(max_length=400, description="As the `ref` of a profile.")
    properties: JsonObject = Field(default_factory=dict)


class Entered(Shape):
    """Whether the person entered."""

    entered: bool
    run: UUID | None = Field(default=None, description="The run that began.")


class JourneyStep(Shape):
    """How many people are at a step."""

    step: str
    people: int
    next_at: datetime | None = Field(default=None, description="When the next of them goes on.")
    since: datetime = Field(description="When the longest waiting of them came.")


class JourneyVersion(Shape):
    """One version with the people in it."""

    version: int
    status: str = Field(description="live, draft, draining, archived or removed.")
    steps: list[JourneyStep]


class JourneyState(Shape):
    """How a journey stands."""

    journey: str
    status: str = Field(description="live, paused, draft, draining or archived.")
    version: int | None = Field(default=None, description="The version people enter.")
    people: int
    versions: list[JourneyVersion]
    left: int = Field(default=0, description="People still to be moved or ended: call again.")


class MovePeople(Shape):
    """From which version to which, and where people go whose step is not there."""

    from_version: int = Field(ge=1)
    to_version: int = Field(ge=1)
    steps: dict[str, str] = Field(default_factory=dict, max_length=100)
    dry_run: bool = True


class StepMove(Shape):
    """People at a step and where they go."""

    model_config = ConfigDict(populate_by_name=True)
    from_step: str = Field(alias="from")
    to: str
    people: int


class Moved(Shape):
    """What a move does, or did."""

    journey: str
    dry_run: bool = False
    moves: list[StepMove]
    left: int | None = Field(default=None, description="People still in the old version.")


class RunQuery(Shape):
    """Which people."""

    step: str = Field(default="", max_length=63)
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=50, ge=1, le=200)


class Run(Shape):
    """One person at a step."""

    profile_id: UUID
    run: UUID
    version: int
    step: str
    entered_at: datetime
    since: datetime
    until: datetime | None = Field(default=None, description="When time alone takes them on.")


class Runs(Shape):
    """In order of profile id."""

    items: list[Run]
    next_cursor: str | None = None


class CampaignRun(Shape):
    """One sending of a campaign."""

    run: UUID
    missed: bool = Field(description="For those whom no run had reached.")
    state: str = Field(
        description="awaiting_approval, scheduled, running, paused, done or cancelled."
    )
    begins_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    audience: int = Field(description="People counted when it started.")
    taken_up: int
    outcomes: dict[str, int] = Field(
        description="taken, held, silent, ordered; then accepted, rejected, unknown, expired,"
        " cancelled."
    )
    reasons: dict[str, int] = Field(description="Why people are held or got nothing.")
    variants: dict[str, dict[str, int]]
    per_minute: int = Field(description="Recipients settled in the last minute.")
    eta_s: int | None = None


class CampaignProgress(Shape):
    """How a campaign stands: its last ten runs, newest first."""

    campaign: str
    state: str
    runs: list[CampaignRun]


class CampaignCheck(Shape):
    """What a launch would come to, predicted from a sample."""

    campaign: str
    people: int = Field(description="In the segment, or in the workspace.")
    sampled: int
    audience: int
    reachable: dict[str, int] = Field(description="By channel.")
    held: dict[str, int] = Field(description="By reason: may still go within their validity.")
    lost: dict[str, int] = Field(description="By reason.")
    needs_approval: bool
    problems: list[str]
