"""What the shapes of the public API share.

Ids are UUIDv7 strings, times RFC 3339; what is absent is left out.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["email", "sms", "push", "in_app", "webhook", "social", "post"]
JsonObject = dict[str, Any]


class Shape(BaseModel):
    """What every shape is: closed, so that a misspelt member is refused instead of ignored."""

    model_config = ConfigDict(extra="forbid")


class Sentence(Shape):
    """A reason for people to read."""

    en: str | None = None
    de: str | None = None


class Changed(Shape):
    """The change is in force."""

    changed: bool = Field(description="False where it was so already.")
