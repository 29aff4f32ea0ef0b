"""What stands on a timeline."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class Kind(StrEnum):
    """The sorts of entries."""

    EVENT = "event"
    TRAIT = "trait"
    CONSENT = "consent"
    SEGMENT = "segment"
    JOURNEY = "journey"
    DECISION = "decision"
    MESSAGE = "message"
    ATTEMPT = "attempt"
    RECEIPT = "receipt"
    REPLY = "reply"
    LOYALTY = "loyalty"
    PROFILE = "profile"


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a person's timeline. Absent texts are empty, absent ids None.

    `id` is the id of the fact it tells of: the same fact always makes the same entry. `summary`
    says in one sentence what happened, `reason` in one why; `code` is the reason as a machine
    reads it. `data_json` holds the details, German sentences among them.
    """

    workspace: str
    person: UUID
    at: datetime
    recorded_at: datetime
    id: UUID
    source: str
    person_seq: int
    kind: Kind
    name: str = ""
    summary: str = ""
    reason: str = ""
    code: str = ""
    channel: str = ""
    journey: str = ""
    campaign: str = ""
    event: UUID | None = None
    decision: UUID | None = None
    message: UUID | None = None
    data_json: bytes = b""
    trace_id: str = ""


class Merge(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The loser's timeline is read as part of the winner's."""

    workspace: str
    loser: UUID
    winner: UUID
    loser_last_seq: int
    merged_at: datetime
