"""The shapes of decisions: made, tried, run again or judged."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from gateway.shapes.common import Sentence, Shape


class Trigger(Shape):
    """What made the core decide."""

    kind: str
    id: UUID | None = None
    name: str | None = None


class Verdict(Shape):
    """What one rule said about one candidate."""

    rule: str
    outcome: str
    reason: str | None = None
    until: datetime | None = None
    sentence: Sentence


class Score(Shape):
    """What a message was worth: response_rate * context * value * urgency - fatigue."""

    total: float
    response_rate: float
    context: float
    value: float
    urgency: float
    fatigue: float


class Action(Shape):
    """What could be done for the chosen message, and how probable it was."""

    template: str
    variant: str | None = None
    channel: str
    probability: float


class Candidate(Shape):
    """A message that could have gone out."""

    template: str
    channel: str
    topic: str | None = None
    message_class: str | None = Field(default=None, serialization_alias="class")
    journey: str | None = None
    step: str | None = None
    priority: int
    score: Score | None = None
    verdicts: list[Verdict]


class Decision(Shape):
    """One arbitration moment of one person, with the whole story."""

    id: UUID
    profile_id: UUID
    outcome: str = Field(description="message, silence, held or released.")
    at: datetime
    trigger: Trigger
    reason: str | None = None
    sentence: Sentence
    message_id: UUID | None = None
    candidates: list[Candidate]
    catalog_revision: int
    action_probability: float
    actions: list[Action] = Field(
        default=[], description="One of them was drawn; their probabilities sum to 1."
    )
    model_revision: int = Field(description="Snapshot of the response model; 0 before the first.")
    bucket: str | None = Field(default=None, description="The person's group in the model.")
    seed: str = Field(description="What the draw was made with, 62 bits.")
    basis: Any = Field(default=None, description="What it rested on, enough to recompute it.")
    trace_id: str | None = None


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
