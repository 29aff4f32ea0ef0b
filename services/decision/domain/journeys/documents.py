"""A journey as people write it: who enters, who may again, what ends it, and its steps."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from services.decision.domain.documents import (
    Condition,
    Document,
    DurationText,
    EventName,
    EventRule,
    FieldName,
    Holdout,
    Key,
)
from services.decision.domain.journeys.dates import DateDocument
from services.decision.domain.journeys.steps.branch import BranchDocument
from services.decision.domain.journeys.steps.emit_event import EmitEventDocument
from services.decision.domain.journeys.steps.exit import ExitDocument
from services.decision.domain.journeys.steps.follow_up import FollowUpDocument
from services.decision.domain.journeys.steps.hand_over import HandOverDocument
from services.decision.domain.journeys.steps.message import MessageDocument
from services.decision.domain.journeys.steps.repeat import RepeatDocument
from services.decision.domain.journeys.steps.set_trait import SetTraitDocument
from services.decision.domain.journeys.steps.split import SplitDocument
from services.decision.domain.journeys.steps.start_journey import StartJourneyDocument
from services.decision.domain.journeys.steps.sunset import SunsetDocument
from services.decision.domain.journeys.steps.wait import WaitDocument
from services.decision.domain.journeys.steps.wait_for_event import WaitForEventDocument
from services.decision.domain.journeys.steps.webhook import WebhookDocument
from services.decision.domain.journeys.steps.withdraw_topic import WithdrawTopicDocument

AnyStep = (
    MessageDocument
    | WaitDocument
    | WaitForEventDocument
    | FollowUpDocument
    | BranchDocument
    | SplitDocument
    | RepeatDocument
    | SetTraitDocument
    | EmitEventDocument
    | WebhookDocument
    | HandOverDocument
    | WithdrawTopicDocument
    | SunsetDocument
    | StartJourneyDocument
    | ExitDocument
)


class Entry(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"change": "on"}
):
    """What lets people enter: an event, a segment they enter or leave, a date of theirs, the API.

    Exactly one of `event`, `segment` and `date`, or `api` alone; `api` may stand beside the others.
    `imported` lets imported history enter too; without it the past begins nothing.
    """

    event: EventName | None = None
    where: Condition | None = None
    imported: bool = False
    segment: Key | None = None
    change: Literal["entered", "left"] = "entered"
    date: DateDocument | None = None
    api: bool = False


class Journey(Document, frozen=True, kw_only=True):
    """A path of scenes. Steps follow each other in the order written unless they say otherwise.

    `reentry` says who may enter again: nobody (`once`), whoever left (`after_exit`), everybody
    (`every`), or whoever brings a new value of the property `per` (`per_value`, such as an order
    id); never within `cool_down` of the last entry. A `draft` is checked but nobody enters it;
    `draining` lets nobody enter any more, `archived` also ends what is under way.
    """

    version: Annotated[int, Meta(ge=1)] = 1
    status: Literal["live", "draft", "draining", "archived"] = "live"
    entry: Entry
    reentry: Literal["once", "after_exit", "every", "per_value"] = "once"
    per: FieldName | None = None
    cool_down: DurationText | None = None
    audience: Condition | None = None
    exit_when: tuple[EventRule, ...] = ()
    goal: EventRule | None = None
    holdout: Holdout | None = None
    steps: Annotated[tuple[AnyStep, ...], Meta(min_length=1, max_length=100)]


class Webhook(Document, frozen=True, kw_only=True):
    """An address of another system. `secret` names the environment variable that holds the signing
    key (Standard Webhooks); secrets themselves are never in the catalog.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2_000)]
    secret: Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]{0,99}$")] = "KAIROS_WEBHOOK_SECRET"  # noqa: S105 -- a name
    timeout_s: Annotated[int, Meta(ge=1, le=30)] = 10
