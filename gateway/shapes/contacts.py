"""The shapes of what other systems sent."""

from typing import Literal

from pydantic import AwareDatetime, Field

from gateway.shapes.common import Channel, JsonObject, Shape


class Contacted(Shape):
    """Whom it is about."""

    profile: str = Field(
        max_length=400,
        description="A profile id, `user:<userId>`, `anonymous:<id>` or `email:<address>`.",
        examples=["user:u1"],
    )


class Contact(Shape):
    """A message that another system sent."""

    id: str = Field(max_length=255, description="The other system's own id.", examples=["crm-77"])
    to: Contacted
    channel: Channel
    system: str = Field(default="", max_length=255, examples=["crm"])
    name: str = Field(default="", max_length=255, examples=["Spring letter"])
    topic: str = Field(default="", max_length=63, examples=["tips"])
    message_class: Literal["transactional", "service", "marketing"] = Field(
        default="marketing", alias="class"
    )
    tags: list[str] = Field(default_factory=list, max_length=20)
    at: AwareDatetime | None = Field(default=None, description="When it was sent; now if absent.")
    data: JsonObject = Field(default_factory=dict)


class ContactsTaken(Shape):
    """What became of it: stored, or stored before."""

    accepted: int
    repeated: int
