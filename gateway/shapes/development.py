"""The shapes of the development clock."""

from datetime import datetime

from pydantic import AwareDatetime, ConfigDict, Field

from gateway.shapes.common import Shape


class ClockMove(Shape):
    """By how much, or to when; exactly one of the two."""

    model_config = ConfigDict(json_schema_extra={"example": {"advance": "P30D"}})
    advance: str | None = Field(
        default=None, description="ISO 8601 duration of weeks, days, hours ..."
    )
    to: AwareDatetime | None = None


class ClockState(Shape):
    """The system's time."""

    now: datetime
    steps: int | None = Field(default=None, description="Due instants at which the clock stopped.")
