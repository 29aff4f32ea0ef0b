"""The shapes of people: one by one, and in numbers: lists, searches, merges, erasures."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import JsonObject, Shape


class Profile(Shape):
    """A person as client apps told us about them."""

    id: UUID
    user_ids: list[str]
    anonymous_ids: list[str]
    traits: JsonObject
    created_at: datetime
    last_seen_at: datetime
    merged: list[UUID] = Field(description="Profiles that became part of this one.")
    external_ids: dict[str, list[str]] | None = Field(
        default=None, description="Ids by the system they come from; absent where there are none."
    )


class Profiles(Shape):
    """Newest first."""

    items: list[Profile]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class ProfilesQuery(Shape):
    """Whom: everybody, or those with this address."""

    email: str = Field(default="", max_length=320)
    phone: str = Field(default="", max_length=50)
    cursor: str = Field(default="", max_length=100)
    limit: int = Field(default=50, ge=1, le=100)


class MergeWish(Shape):
    """Another profile that is the same person."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"profile": "user:u2", "reason": "ticket 123"}}
    )
    profile: str = Field(max_length=400, description="A ref, as in the path.")
    reason: str = Field(default="", max_length=500, description="Shown on the timeline.")


class Merged(Shape):
    """The one person both are now."""

    profile: Profile
    changed: bool = Field(description="Whether they were two before.")


class Erasure(Shape):
    """The receipt of an erasure: it names no one but by ids that lead to nothing any more."""

    id: UUID
    state: Literal["running", "done"]
    profiles: list[UUID] = Field(description="The profile, and those merged into it.")
    requested_at: datetime
    done_at: datetime | None = None
