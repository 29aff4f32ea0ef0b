"""The shapes of facts that a service could not take."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import Shape

Service = Literal["decision", "delivery", "history"]
"""Those that take facts."""


class DeadLetter(Shape):
    """A fact that waits for a person. What it says about somebody is not shown."""

    id: UUID
    service: Service = Field(description="Who could not take it.")
    stream: str
    lane: Literal["now", "bulk"]
    kind: str | None = Field(
        default=None, description="What the fact tells, such as `event_accepted`."
    )
    profile: UUID | None = Field(default=None, description="Whose timeline has a gap.")
    error_type: str
    error: str = Field(description="Addresses and numbers of people are left out.")
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime
    trace_id: str | None = Field(default=None, description="The request that began it.")


class DeadLetters(Shape):
    """Newest first."""

    items: list[DeadLetter]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class DeadLettersQuery(Shape):
    """Which of them."""

    service: Service | None = Field(default=None, description="Only this service's.")
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=50, ge=1, le=100)


class DiscardWish(Shape):
    """Why it may be given up."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"reason": "ticket 123: sent by a test"}}
    )
    reason: str = Field(min_length=1, max_length=500, description="Kept in the audit trail.")


class Settled(Shape):
    """It does not wait any more."""

    id: UUID
    service: Service
    state: Literal["replayed", "discarded"]
