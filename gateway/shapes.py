"""What the public API takes and gives: the shapes of its resources.

Ids are UUIDv7 strings, times RFC 3339; what is absent is left out.
"""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Channel = Literal["email", "sms", "push", "in_app", "webhook", "social", "post"]
JsonObject = dict[str, Any]


class Shape(BaseModel):
    """What every shape is: closed, so that a misspelt member is refused instead of ignored."""

    model_config = ConfigDict(extra="forbid")


# Profiles and their timeline


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


class TimelineItem(Shape):
    """One thing that happened, or did not happen and why."""

    id: UUID
    kind: str = Field(
        description="event, trait, consent, segment, journey, decision, message, attempt, receipt,"
        " reply, loyalty or profile.",
        examples=["decision"],
    )
    at: datetime
    recorded_at: datetime
    name: str | None = None
    summary: str | None = None
    reason: str | None = None
    channel: str | None = None
    refs: dict[str, str] = Field(description="Ids of event, decision, message, journey, campaign.")
    data: Any = None
    trace_id: str | None = None


class Timeline(Shape):
    """Newest first."""

    items: list[TimelineItem]
    next_cursor: str | None = Field(
        default=None, description="For the next page; absent on the last."
    )


class TimelineQuery(Shape):
    """Which entries; lists take several by repeating the parameter or with commas."""

    kind: list[str] = Field(default=[], max_length=20)
    channel: list[str] = Field(default=[], max_length=20)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    journey: str = Field(default="", max_length=64)
    campaign: str = Field(default="", max_length=64)
    cursor: str = Field(default="", max_length=500)
    limit: int = Field(default=50, ge=1, le=200)


class Journeys(Shape):
    """Where a person stands in each journey."""

    items: list[JsonObject]


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


# Permission


class ConsentChange(Shape):
    """What a person said about one channel and topic."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "granted",
                "basis": "double_opt_in",
                "evidence": {"wording": "Yes, send me tips", "version": "2026-05"},
            }
        }
    )
    status: Literal["granted", "withdrawn", "pending"]
    purpose: Literal["contact", "measurement", "profiling"] = "contact"
    basis: str = Field(default="", max_length=100, description="opt_in, double_opt_in ...")
    evidence: JsonObject = Field(
        default_factory=dict, description="Wording, version, source, time, IP, actor ..."
    )


class Evidence(Shape):
    """Why it is done; kept in the ledger."""

    reason: str = Field(default="", max_length=500, examples=["ticket 123"])
    evidence: JsonObject = Field(default_factory=dict)


class Pause(Evidence):
    """No marketing until then."""

    until: AwareDatetime


class Changed(Shape):
    """The change is in force."""

    changed: bool = Field(description="False where it was so already.")


class Marketing(Shape):
    """The switch of a workspace's marketing."""

    stopped: bool


# Decisions and messages


class Sentence(Shape):
    """A reason for people to read."""

    en: str | None = None
    de: str | None = None


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


# Catalog


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
    advice: list[Advice] = []


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


# Secrets of provider accounts


class SecretValue(Shape):
    """A secret on its way in."""

    value: str = Field(min_length=1, max_length=16_000)


class SecretRef(Shape):
    """A secret by its reference."""

    ref: str
    changed_at: datetime


class SecretRefs(Shape):
    """All secrets of a workspace, without their values."""

    items: list[SecretRef]


# Imports, receipts, reports


class Recipient(Shape):
    """Whom it is about."""

    profile: str = Field(
        max_length=400,
        description="A profile id, `user:<userId>`, `anonymous:<id>` or `email:<address>`.",
        examples=["user:u1"],
    )


class Contact(Shape):
    """A message that another system sent."""

    id: str = Field(max_length=255, description="The other system's own id.", examples=["crm-77"])
    to: Recipient
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


class ReceiptsTaken(Shape):
    """What became of a provider's report."""

    taken: int
    repeated: int
    unknown: int


class OutcomeCount(Shape):
    """How many timeline entries look like this."""

    kind: str
    name: str | None = None
    channel: str | None = None
    reason: str | None = None
    count: int


class Outcomes(Shape):
    """Counts per kind, name, channel and reason."""

    items: list[OutcomeCount]


class Report(Shape):
    """A table of numbers: one item a row. `notes` says what else there is to say about it."""

    items: list[dict[str, Any]]
    notes: dict[str, Any] = {}


class ClockMove(Shape):
    """By how much, or to when; exactly one of the two."""

    model_config = ConfigDict(json_schema_extra={"example": {"advance": "P30D"}})
    advance: str | None = Field(
        default=None, description="ISO 8601 duration of weeks, days, hours ..."
    )
    to: AwareDatetime | None = None


class ClockState(Shape):
    """The system's time."""

    now: datetime
    steps: int | None = Field(default=None, description="Due instants at which the clock stopped.")
