"""The shapes of messages: asked for, sent, and what was reported back."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from gateway.shapes.common import Channel, JsonObject, Sentence, Shape


class Attempt(Shape):
    """One try to hand a message to a provider."""

    attempt: int
    outcome: str
    at: datetime
    called_at: datetime | None = None
    provider: str | None = None
    provider_message_id: str | None = None
    fault: str | None = None
    detail: str | None = None
    template: str | None = None
    catalog_revision: int | None = None
    subject: str | None = None
    content_sha256: str | None = None
    topic: str | None = None
    message_class: str | None = Field(default=None, serialization_alias="class")
    journey: str | None = None
    step: str | None = None
    basis: str | None = None
    locale: str | None = None
    sentence: Sentence


class Receipt(Shape):
    """What a provider or the recipient reported back."""

    kind: str
    at: datetime
    provider: str | None = None
    machine: bool = Field(description="Likely a prefetch or a scanner, not the recipient.")
    detail: str | None = None


class Message(Shape):
    """One message with its attempts and receipts."""

    id: UUID
    decision_id: UUID | None = None
    profile_id: UUID
    state: str
    channel: str
    template: str
    attempts: list[Attempt]
    receipts: list[Receipt]


class ReceiptsTaken(Shape):
    """What became of a provider's report."""

    taken: int
    repeated: int
    unknown: int


class Recipient(Shape):
    """Who gets it."""

    profile: str = Field(max_length=400, description="A ref, as in `/v1/profiles/{ref}`.")


class SendMessage(Shape):
    """One message for one person, without a journey."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "template": "password-reset",
                "to": {"profile": "user:u1"},
                "class": "transactional",
                "data": {"code": "4711"},
            }
        }
    )
    template: str = Field(max_length=63)
    to: Recipient
    channel: Channel | None = Field(default=None, description="Where given, the template's own.")
    message_class: Literal["transactional", "service", "marketing"] | None = Field(
        default=None, alias="class", description="Where given, the template's own."
    )
    data: JsonObject = Field(default={}, description="Values of the template's event variables.")
    valid_for_s: int = Field(
        default=86_400, ge=1, le=2_592_000, description="How long it may wait for its turn."
    )


class MessageTaken(Shape):
    """What was decided about it."""

    outcome: str = Field(
        description="message: it goes out; held: it waits for its turn; repeated: this request is"
        " under way already."
    )
    message_id: UUID | None = None
    decision_id: UUID | None = None
    reason: str | None = None
    sentence: Sentence


class NextRequest(Shape):
    """What the client can show."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"channels": ["in_app"], "placement": "home"}}
    )
    channels: list[Channel] = Field(min_length=1, max_length=7)
    placement: str = Field(default="", max_length=63)


class Next(Shape):
    """The next best message, its slot taken; without one, why."""

    message: JsonObject | None = None
    decision_id: UUID | None = None
    reason: str | None = None
    sentence: Sentence
