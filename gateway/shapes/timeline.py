"""The shapes of what happened with a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from gateway.shapes.common import Shape


class TimelineItem(Shape):
    """One thing that happened, or did not happen and why."""

    id: UUID
    kind: str = Field(
        description="event, trait, consent, segment, journey, decision, message, attempt, receipt,"
        " reply, loyalty or profile.",
        examples=["decision"],
    )
    at: datetime
    recorded_at: datetime
    name: str | None = None
    summary: str | None = None
    reason: str | None = None
    channel: str | None = None
    refs: dict[str, str] = Field(description="Ids of event, decision, message, journey, campaign.")
    data: Any = None
    trace_id: str | None = None


class Timeline(Shape):
    """Newest first."""

    items: list[TimelineItem]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class TimelineQuery(Shape):
    """Which entries; lists take several by repeating the parameter or with commas."""

    kind: list[str] = Field(default=[], max_length=20)
    channel: list[str] = Field(default=[], max_length=20)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    journey: str = Field(default="", max_length=64)
    campaign: str = Field(default="", max_length=64)
    cursor: str = Field(default="", max_length=500)
    limit: int = Field(default=50, ge=1, le=200)
