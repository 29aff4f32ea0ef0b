"""What people write: the documents of the catalog, one class per kind, as JSON Schema says.

Shape only: types, patterns, bounds, unknown fields. What documents say about each other is
checked in `catalog.py`, where they are made into something that runs.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$", description="Lower-case key")]
EventName = Annotated[str, Meta(min_length=1, max_length=200, description="Name of an event")]
FieldName = Annotated[str, Meta(min_length=1, max_length=100)]
DurationText = Annotated[str, Meta(pattern="^P", description="ISO 8601 duration, such as P3D")]
LocalTime = Annotated[str, Meta(pattern="^[0-2][0-9]:[0-5][0-9]$", description="Such as 09:00")]
Channel = Literal["email", "sms", "push", "in_app", "webhook", "social", "post"]
MessageClass = Literal["transactional", "service", "marketing"]
Role = Literal["none", "hook", "turn", "resolution"]
MessageSign = Literal["sent", "delivered", "opened", "clicked", "replied", "ignored"]
CONSENT_PATTERN = "^(email|sms|push|in_app|webhook|social|post)(/[a-z0-9][a-z0-9_-]{0,62})?$"
Scalar = str | int | float | bool | None
Number = int | float


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every document has."""

    kind: str
    key: Key
    name: str = ""
    description: str = ""


class Condition(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"is_": "is", "in_": "in", "as_": "as", "for_": "for"},
):
    """A question about a person: one subject and how it compares, or a group of conditions.

    Groups: `all`, `any`, `none`. Subjects: `trait` (`address.city` for one inside another),
    `score` (the trait `scores.<name>`), `property` (of the event at hand), `event` (its count, or
    the `sum` of a property, of those it holds `where`, `within` a window or ever; or the time of
    the first or last, by `which`), `message` (how many were sent, opened, ... `within` a window),
    `consent` (`channel/topic`), `segment` (`for` at least so long).
    """

    all: "tuple[Condition, ...] | UnsetType" = UNSET
    any: "tuple[Condition, ...] | UnsetType" = UNSET
    none: "tuple[Condition, ...] | UnsetType" = UNSET
    trait: FieldName | UnsetType = UNSET
    property: FieldName | UnsetType = UNSET
    event: EventName | UnsetType = UNSET
    segment: Key | UnsetType = UNSET
    score: FieldName | UnsetType = UNSET
    consent: Annotated[str, Meta(pattern=CONSENT_PATTERN)] | UnsetType = UNSET
    message: MessageSign | UnsetType = UNSET
    within: DurationText | UnsetType = UNSET
    where: "Condition | UnsetType" = UNSET
    sum: FieldName | UnsetType = UNSET
    which: Literal["first", "last"] | UnsetType = UNSET
    channel: Channel | UnsetType = UNSET
    topic: Key | UnsetType = UNSET
    template: Key | UnsetType = UNSET
    for_: DurationText | UnsetType = UNSET
    as_: Literal["version"] | UnsetType = UNSET
    is_: Scalar | UnsetType = UNSET
    is_not: Scalar | UnsetType = UNSET
    in_: tuple[Scalar, ...] | UnsetType = UNSET
    not_in: tuple[Scalar, ...] | UnsetType = UNSET
    at_least: Number | str | UnsetType = UNSET
    at_most: Number | str | UnsetType = UNSET
    more_than: Number | str | UnsetType = UNSET
    less_than: Number | str | UnsetType = UNSET
    contains: str | UnsetType = UNSET
    contains_any: tuple[str, ...] | UnsetType = UNSET
    contains_all: tuple[str, ...] | UnsetType = UNSET
    starts_with: str | UnsetType = UNSET
    ends_with: str | UnsetType = UNSET
    before: str | UnsetType = UNSET
    after: str | UnsetType = UNSET
    older_than: DurationText | UnsetType = UNSET
    newer_than: DurationText | UnsetType = UNSET
    due_within: DurationText | UnsetType = UNSET
    anniversary: DurationText | UnsetType = UNSET
    exists: bool | UnsetType = UNSET


class EventRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event, with what must be true of it.

    `match` lists properties that must equal those of the event that started the journey.
    """

    event: EventName
    where: Condition | None = None
    match: tuple[FieldName, ...] = ()


class ExistingCustomers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may get e-mail on this topic without consent (§ 7(3) UWG), derived per message.

    `bought` describes the sale the address comes from, of goods like those the topic advertises;
    `notice` names the trait that is true where the person was told, when the address was collected,
    that they may object at any time. Every message says it too: it has an unsubscribe link.
    """

    bought: Condition
    notice: FieldName


class Topic(Document, frozen=True, kw_only=True, rename={"message_class": "class"}):
    """What messages are about; consent is given per channel and topic."""

    message_class: MessageClass = "marketing"
    existing_customers: ExistingCustomers | None = None


class Template(Document, frozen=True, kw_only=True, rename={"message_class": "class"}):
    """A scene: one message with one ask.

    With `on_request` it goes only when a client app asks for the next message.

    Who has not seen the scene it `builds_on` gets the template `recap` instead.
    `variables` lists what its text may use: `profile.<trait>` and `event.<property>` (of the
    event that started the journey). `content` and `variants`, by locale, `link_parameters` and
    `placement` belong to delivery. `expires` names the real end of what it offers: a day, or a
    variable that holds one; `holds_for` says how long promise and links are there after sending;
    `segments_max`, what one SMS may cost. Of several `variants` those that are answered more go out
    more often; with any, the content itself is one only where a variant leaves it as it is. `value`
    is what a response is worth. With `send_time: preferred` it waits, at most a day, for the hour
    its reader is usually there.
    """

    channel: Channel
    topic: Key
    message_class: MessageClass | None = None
    role: Role = "none"
    ask: Key | None = None
    promise: str = ""
    builds_on: Key | None = None
    recap: Key | None = None
    tags: tuple[Key, ...] = ()
    cool_down: DurationText | None = None
    variables: tuple[Annotated[str, Meta(pattern=r"^(profile|event)\..+$")], ...] = ()
    content: dict[str, Any] = {}
    variants: Annotated[dict[Key, dict[str, Any]], Meta(max_length=6)] = {}
    link_parameters: dict[FieldName, str] = {}
    placement: str = ""
    expires: str = ""
    holds_for: DurationText | None = None
    segments_max: Annotated[int, Meta(ge=1, le=10)] = 3
    value: Annotated[float, Meta(ge=0, le=1_000_000)] = 1.0
    send_time: Literal["now", "preferred"] = "now"
    on_request: bool = False


class Block(Document, frozen=True, kw_only=True):
    """A piece of text that templates share, by locale; it belongs to delivery as they do."""

    content: dict[str, Any]


class Ask(Document, frozen=True, kw_only=True):
    """What messages ask for; done once `done_when` happened, whoever asked.

    What can be done again (an order) is worth asking again: `holds_for` says how long an answer
    counts; without it, for ever.
    """

    done_when: EventRule
    holds_for: DurationText | None = None


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much more often a goal shall be reached, `since` a day against as long before it.

    `change` is relative: 0.15 is 15 % more, -0.1 is 10 % less.
    """

    change: Number
    since: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    until: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Goal(Document, frozen=True, kw_only=True):
    """What messages are meant to bring about: an event within `window` of one.

    `where` names properties that must have exactly these values; `value` the property that says
    what it is worth. A message is measured by the goals as they were when it was sent.
    """

    event: EventName
    where: dict[str, Scalar] = {}
    value: FieldName | None = None
    window: Annotated[str, Meta(pattern=r"^P(\d+W|\d+D|T\d+H)$")] = "P7D"
    target: Target | None = None


class Segment(Document, frozen=True, kw_only=True):
    """A group of people by rule."""

    rule: Condition


class Event(Document, frozen=True, kw_only=True):
    """An event by name: the tracking plan. `low_signal` events are counted, but never trigger.

    `schema` is a JSON Schema (2020-12) of the properties; an event that breaks it is kept in
    quarantine until schema or event is mended. References lead into the schema itself only.
    """

    key: EventName
    low_signal: bool = False
    schema: dict[str, Any] | None = None


class Arbitration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How messages are chosen.

    `exploration`: the share of draws among variants and channels that is spread evenly.
    `fatigue_cost`: what each unanswered message of the past 28 days takes off the score, in the
    unit of `value`. `response_window`: how long after its order a response counts for a message.
    """

    exploration: Annotated[float, Meta(ge=0.01, le=1)] = 0.1
    fatigue_cost: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    response_window: DurationText = "P7D"


class Holdout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A share of people who get no marketing, for comparison; a new `version` draws them anew."""

    percent: Annotated[float, Meta(gt=0, le=50)]
    salt: Annotated[str, Meta(max_length=100)] = ""
    version: Annotated[int, Meta(ge=1)] = 1


class Workspace(Document, frozen=True, kw_only=True):
    """What holds for everyone: zone and language where the person's are unknown.

    `phone_region`: country (ISO 3166) of telephone numbers without a country code. `identify_by`:
    addresses that say who somebody is, not only where they can be reached. `unknown_events`: what
    becomes of a track event that no document of kind event lists.
    `compete_again_after`: how long a message that lost, or follows one just sent, stands back.
    """

    timezone: str = "UTC"
    locale: str = "en"
    compete_again_after: DurationText = "PT1H"
    campaigns_need_approval: bool = False
    arbitration: Arbitration = Arbitration()
    holdout: Holdout | None = None
    phone_region: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""
    identify_by: tuple[Literal["email", "phone"], ...] = ()
    unknown_events: Literal["allow", "warn", "refuse"] = "allow"


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which messages a policy is about: all named must fit; an empty list fits everything."""

    channels: tuple[Channel, ...] = ()
    topics: tuple[Key, ...] = ()
    classes: tuple[MessageClass, ...] = ("marketing",)
    tags: tuple[Key, ...] = ()


class PolicyRule(Scope, frozen=True, kw_only=True, tag_field="type"):
    """What a policy demands."""


class Cap(PolicyRule, frozen=True, kw_only=True, tag="cap"):
    """At most so many messages `within` a rolling window, or `per` calendar period.

    Periods are those of the person's zone; a week begins on Monday. With `look_ahead` a message
    does not take a place which one of higher priority, planned within that time, will need.
    """

    messages: Annotated[int, Meta(ge=1, le=10_000)]
    within: DurationText | None = None
    per: Literal["hour", "day", "week", "month", "quarter"] | None = None
    look_ahead: DurationText | None = None


class MinimumGap(PolicyRule, frozen=True, kw_only=True, tag="minimum_gap"):
    """At least so much time between two messages."""

    duration: DurationText


class Blocker(Scope, frozen=True, kw_only=True):
    """Which messages bar others."""

    classes: tuple[MessageClass, ...] = ("service", "marketing")


class Blocking(PolicyRule, frozen=True, kw_only=True, tag="block"):
    """After one of the messages `after` describes, none of those this policy is about, for long."""

    after: Blocker
    duration: DurationText


class Blackout(PolicyRule, frozen=True, kw_only=True, tag="blackout"):
    """No messages on these days in the person's zone.

    A day is 2026-12-24, or 12-24 for every year; two of a kind with a slash between are all days
    from the one to the other.
    """

    dates: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9-]{5,10}(/[0-9-]{5,10})?$")], ...],
        Meta(min_length=1, max_length=100),
    ]


class Adaptive(PolicyRule, frozen=True, kw_only=True, tag="adaptive"):
    """A cap that tightens for those who do not respond.

    After every `halve_after` messages in a row without a response, `messages` is halved, down to
    `at_least`. A click or a reply is a response; an opening by a human with `opens`. Messages of
    the last day, and those older than `look_back`, do not count as unanswered.
    """

    messages: Annotated[int, Meta(ge=1, le=1_000)]
    within: DurationText
    halve_after: Annotated[int, Meta(ge=1, le=100)] = 4
    at_least: Annotated[int, Meta(ge=0, le=1_000)] = 1
    look_back: DurationText = "P60D"
    opens: bool = False


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class QuietHours(
    PolicyRule, frozen=True, kw_only=True, tag="quiet_hours", rename={"start": "from", "end": "to"}
):
    """No messages from one time of day to another, in the person's zone; may pass midnight.

    `weekdays` are those on which the time begins, all where none is named. From a time to the
    same time is a whole day.
    """

    start: LocalTime
    end: LocalTime
    weekdays: tuple[Weekday, ...] = ()


class Policy(Document, frozen=True, kw_only=True):
    """A named rule of the contact policy; the strictest of all that apply wins.

    `when_blocked` says what becomes of a message this rule holds; where it is silent, the step
    does. `hold_at_most` ends the holding so long after the message was first wanted.
    """

    rule: Cap | MinimumGap | Blocking | QuietHours | Blackout | Adaptive
    when_blocked: Literal["hold", "skip", "exit", "reroute"] | None = None
    hold_at_most: DurationText | None = None


class Provider(Document, frozen=True, kw_only=True):
    """An account with somebody who delivers messages, of one channel.

    The accounts of the lowest `order` share a channel's messages by `weight`; the next ones take
    over while none of these can. `secrets` names what is kept under `/v1/secrets/{ref}`.
    """

    type: Literal["smtp", "http", "twilio", "webhook", "in_app"]
    order: Annotated[int, Meta(ge=0, le=100)] = 0
    weight: Annotated[int, Meta(ge=0, le=1000)] = 100
    paused: bool = False
    per_second: Annotated[float, Meta(ge=0, le=100_000)] = 0.0
    at_once: Annotated[int, Meta(ge=1, le=500)] = 32
    settings: dict[str, str] = {}
    secrets: dict[str, Key] = {}
