"""The shapes of what breaks the tracking plan."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import JsonObject, Shape


class QuarantinedEvent(Shape):
    """An event that waits until the plan or the event is mended."""

    id: UUID
    message_id: str
    kind: str
    event: str
    user_id: str | None = None
    anonymous_id: str | None = None
    occurred_at: datetime
    received_at: datetime
    properties: JsonObject
    pointer: str = Field(description="JSON pointer (RFC 6901) into the event.")
    reason: str = Field(description="How it breaks the plan.")


class QuarantinedEvents(Shape):
    """Oldest first."""

    items: list[QuarantinedEvent]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class QuarantineQuery(Shape):
    """Which of them."""

    event: str = Field(default="", max_length=255, description="Name of the event.")
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=50, ge=1, le=100)


class ReplayWish(Shape):
    """Which events shall be taken in; without members all of them."""

    model_config = ConfigDict(json_schema_extra={"example": {"event": "Order Completed"}})
    event: str = Field(default="", max_length=255, description="Name of the event.")
    ids: list[UUID] = Field(default=[], max_length=500)


class Replayed(Shape):
    """What became of them."""

    replayed: int = Field(description="Taken in: counted, on the timeline, and triggers.")
    waiting: int = Field(description="Break the plan as it is now.")
