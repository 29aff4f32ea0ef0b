"""A campaign as people write it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.decision.domain.documents import Condition, Document, DurationText, Key

#: The names of its journey and of its runs begin so; no key of a journey can.
PREFIX = "campaign:"

Instant = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$",
        description="A local date and time, such as 2026-05-01T09:00",
    ),
]


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One message of several, and its weight among them."""

    key: Key
    template: Key
    weight: Annotated[float, Meta(ge=0, le=1_000_000)] = 1


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Up to this share of the audience, then a rest to look at the figures."""

    percent: Annotated[float, Meta(gt=0, lt=100)]
    rest: DurationText


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When: at a time, in the recipient's zone (`local`) or the workspace's, and again by `rrule`.

    `rrule` is a recurrence rule (RFC 5545) that begins at `at`.
    """

    at: Instant
    local: bool = False
    rrule: Annotated[str, Meta(pattern="^FREQ=", max_length=500)] | None = None


class Campaign(Document, frozen=True, kw_only=True):
    """A message to everybody in the audience, once each; again only by `rrule`.

    Nobody is written to before it is launched. `per_minute` bounds how fast recipients are taken
    up. `stages` let a part of the audience go first.
    """

    audience: Condition
    variants: Annotated[tuple[Variant, ...], Meta(min_length=1, max_length=20)]
    send: Send | None = None
    per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    stages: Annotated[tuple[Stage, ...], Meta(max_length=10)] = ()
    priority: Annotated[int, Meta(ge=0, le=100)] = 50
    valid_for: DurationText = "P3D"
    when_blocked: Literal["hold", "skip"] = "hold"
