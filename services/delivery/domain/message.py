"""What delivery is asked to send, and the states a message goes through.

    planned ──► calling ──► accepted | rejected | unknown
       │  ▲         │
       │  └─────────┘ retry, or a repeat that is safe
       └──► expired | cancelled | rejected

`calling` is committed before the call, so a message whose process died in a call is known to be one
of those that may have gone out.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class MessageClass(StrEnum):
    """What the content is; decides how often a message may be repeated after a lost answer."""

    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    MARKETING = "marketing"


class State(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    CALLING = "calling"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How one attempt ended; equal to `kairos.deliveries.v1.AttemptOutcome`, held so by a test."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETRYING = "retrying"


class Order(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ordered message: all that rendering and sending need.

    Args:
        variables: JSON object the template sees.
        traceparent: trace of whatever caused the order; empty where there is none.
        variant: which wording of the template; empty for its content.
        measure: whether opens may be measured.
    """

    workspace: str
    message_id: UUID
    decision_id: UUID
    person: UUID
    lane: str
    channel: str
    endpoint: str
    template: str
    catalog_revision: int
    topic: str
    message_class: str
    locale: str
    variables: str
    ordered_at: datetime
    valid_until: datetime
    journey: str
    step: str
    reason_en: str
    reason_de: str
    basis: str
    traceparent: str
    variant: str = ""
    measure: bool = False

    @property
    def key(self) -> tuple[str, UUID]:
        """What names the message everywhere in delivery."""
        return self.workspace, self.message_id


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A message one process works on. Writes about it count only while `epoch` is the row's.

    Args:
        attempts: how many attempts have ended before this one.
        maybe_sent: an earlier call may have been accepted; its answer was lost.
        account: the provider account called last; empty before the first call.
        keyed: that account takes a repeat under the same key as the same message.
    """

    order: Order
    epoch: int
    attempts: int = 0
    maybe_sent: bool = False
    account: str = ""
    keyed: bool = False

    @property
    def pinned(self) -> bool:
        """Only the account called last may be asked again: elsewhere it would be a second one."""
        return self.maybe_sent and self.keyed

    @property
    def attempt(self) -> int:
        """Number of the attempt that is being made, from 1."""
        return self.attempts + 1
