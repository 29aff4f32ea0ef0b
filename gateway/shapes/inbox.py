"""What the public API gives of a person's messages in apps."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from gateway.shapes.common import Shape


class InboxItem(Shape):
    """One message in the app."""

    id: UUID
    placement: str = Field(description="feed, banner, popup, or a place of your own.")
    title: str
    text: str
    url: str | None = None
    action: str | None = Field(default=None, description="The label of the button.")
    image: str | None = None
    at: datetime
    expires_at: datetime
    seen: bool
    clicked: bool


class Inbox(Shape):
    """Newest first."""

    items: list[InboxItem]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )
