"""What the public API takes and gives about decisions that are tried, run again or judged."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from gateway.shapes import Action, Candidate, Channel, JsonObject, Sentence, Shape


class PreviewRequest(Shape):
    """Whom to try it for, when, and what about."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"profile": "user:u1", "template": "how-to"}}
    )
    profile: str = Field(max_length=400, description="A ref, as in `/v1/profiles/{ref}`.")
    at: AwareDatetime | None = Field(default=None, description="Now unless said.")
    template: str = Field(default="", max_length=63, description="Why not this template?")
    journey: str = Field(default="", max_length=63, description="Why not from this journey?")


class Tried(Shape):
    """A decision that would be made."""

    outcome: str
    at: datetime
    reason: str | None = None
    sentence: Sentence
    candidates: list[Candidate]
    actions: list[Action]
    bucket: str | None = None
    model_revision: int


class Standing(Shape):
    """Where a person stands with one message of one journey."""

    journey: str
    step: str
    template: str
    standing: str = Field(
        description="chosen, held, lost, refused, waiting, sent or outside.", examples=["held"]
    )
    sentence: Sentence
    candidate: Candidate | None = Field(
        default=None, description="Every rule's verdict as if it were wanted at that moment."
    )
    at_step: str | None = None
    until: datetime | None = None
    entered: int = Field(description="How often the person entered the journey.")


class Preview(Shape):
    """What would be decided; nothing was changed."""

    profile_id: UUID
    at: datetime
    decisions: list[Tried] = Field(description="Those of that moment.")
    on_the_way: list[Tried] = Field(description="Those before it, as time passes.")
    why_not: list[Standing]


class ReplayRequest(Shape):
    """Which decisions to run again: some, or a page of all in a time."""

    ids: list[UUID] = Field(default=[], max_length=100)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: UUID | None = None
    limit: int = Field(default=100, ge=1, le=100)


class Replay(Shape):
    """Decisions run again on what they rested on."""

    checked: int
    agreed: int
    differing: list[UUID] = Field(description="Those that came out other than stored: a bug.")
    next_cursor: UUID | None = None


class EvaluateRequest(Shape):
    """Which policy to judge on the log of decisions that had a choice."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"policy": {"kind": 1.0}, "template": "hi"}}
    )
    policy: Literal["uniform", "greedy"] | dict[str, float] = Field(
        description="`uniform`, `greedy`, or weights by variant, `template/variant`, template or"
        " channel."
    )
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    template: str = Field(default="", max_length=63)


class Estimate(Shape):
    """Responses per decision, with the 95 % interval."""

    value: float
    interval: tuple[float, float]


class Evaluation(Shape):
    """What was done was worth `logged`; the other policy, by three estimators."""

    decisions: int
    logged: Estimate
    ips: Estimate
    snips: Estimate
    dr: Estimate
    effective: float = Field(description="Effective sample size: (sum w)^2 / sum w^2.")
    weight_max: float
    thin: bool = Field(description="Too little of the log is what the policy would do.")


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
