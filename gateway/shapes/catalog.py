"""The shapes of what marketing people write."""

from typing import Any

from pydantic import ConfigDict, Field

from gateway.shapes.common import JsonObject, Shape


class Documents(Shape):
    """Documents of one kind at the catalog's head."""

    items: list[JsonObject]


class Change(Shape):
    """What an apply does to one document."""

    kind: str
    key: str
    change: str = Field(description="created, updated or unchanged.")
    diff: Any = None


class Advice(Shape):
    """Something that could be better in a template; it was saved all the same."""

    document: str
    path: str
    flaw: str
    expected: str
    got: str | None = None


class Applied(Shape):
    """One revision of the whole catalog."""

    revision: int
    dry_run: bool
    changes: list[Change]
    advice: list[Advice] = Field(default=[])


class RenderRequest(Shape):
    """Who reads it, and what they did."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"profile": "user:anna", "data": {"amount": 12.5}}}
    )

    profile: str = Field(default="", max_length=300, description="A ref; nobody where left out.")
    data: JsonObject = Field(default={}, description="Seen as event.* and data.*.")
    locale: str = Field(default="", max_length=35, description="Else the person's.")
    variant: str = Field(default="", max_length=64)
    revision: int = Field(default=0, ge=0, description="Of the catalog; 0 for the newest.")


class Rendered(Shape):
    """What somebody would read."""

    channel: str
    subject: str | None = None
    html: str | None = None
    text: str
    sender: str | None = None
    reply_to: str | None = None
    url: str | None = None
    action: str | None = None
    image: str | None = None
    segments: int | None = Field(default=None, description="Of a text message.")
