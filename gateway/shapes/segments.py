"""The shapes of segments and their members."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gateway.shapes.common import JsonObject, Shape


class SegmentPreviewAsked(Shape):
    """A rule to try."""

    rule: JsonObject
    exact: bool = Field(default=True, description="False: an estimate from a part, at once.")
    sample: int = Field(default=10, ge=0, le=100)


class SegmentPreview(Shape):
    """Whom a rule holds for now."""

    count: int
    exact: bool = Field(description="False where the count is an estimate from a part of people.")
    people: int
    sample: list[UUID] = Field(description="Profile ids of some of them.")
    unknown: list[str] = Field(
        description="What is not known of anybody before a segment with this rule is applied."
    )


class MemberQuery(Shape):
    """Which page of a segment's members."""

    cursor: str = Field(default="", max_length=64)
    limit: int = Field(default=100, ge=1, le=1000)


class Member(Shape):
    """A person in a segment."""

    profile_id: UUID
    entered_at: datetime


class Members(Shape):
    """Who is in a segment."""

    items: list[Member]
    next_cursor: str | None = None


class Membership(Shape):
    """A segment a person is in."""

    segment: str
    entered_at: datetime


class Memberships(Shape):
    """The segments a person is in."""

    items: list[Membership]
