"""What the public API takes and gives about double opt-ins and suppressions."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import Channel, JsonObject, Shape


class OptIn(Shape):
    """What a person is asked to confirm from their own address."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "channel": "email",
                "topic": "tips",
                "evidence": {"wording": "Yes, send me tips", "version": "2026-05"},
            }
        }
    )
    channel: Channel
    topic: str = Field(default="*", pattern=r"^(\*|[a-z0-9][a-z0-9_-]{0,62})$")
    purpose: Literal["contact", "measurement", "profiling"] = "contact"
    evidence: JsonObject = Field(
        default_factory=dict, description="Wording, version, source, time, IP ..."
    )


class OptInBegun(Shape):
    """Whether it waits for the person, and until when."""

    state: str = Field(description="pending, or confirmed where it was so already.")
    expires_at: datetime | None = None


class Suppression(Shape):
    """A channel of a person that is not used, and why."""

    profile_id: UUID
    channel: str = Field(description="`*` for all.")
    reason: str
    at: datetime


class Suppressions(Shape):
    """Those in force, by profile and channel."""

    items: list[Suppression]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class SuppressionsQuery(Shape):
    """Which of them."""

    channel: str = Field(default="", max_length=20)
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=100, ge=1, le=1_000)
