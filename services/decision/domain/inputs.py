"""What a step takes in: everything that can happen to a person, as values.

`encode` and `decode` keep a step's inputs with its decision, so that the step can be run again.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain.state import Tally


class EventKind(StrEnum):
    """The call of the Segment tracking specification an event came through."""

    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"


class ReceiptKind(StrEnum):
    """What became of an ordered message, as delivery reports it."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    NOT_RELEVANT = "not_relevant"
    DISMISSED = "dismissed"


class PermissionPart(StrEnum):
    """The stored parts of permission; the existing-customer exception is derived, never stored."""

    CONSENT = "consent"
    OBJECTION = "objection"
    SUPPRESSION = "suppression"
    PAUSE = "pause"
    MUTE = "mute"


class PermissionStatus(StrEnum):
    """What a permission change says: the first three for consent, the others for all else."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"
    SET = "set"
    LIFTED = "lifted"


class EventInput(msgspec.Struct, frozen=True, tag="event", omit_defaults=True):
    """An event of a client app, accepted by ingest.

    `source` is the profile whose dense `seq` numbers it (after a merge not always the person
    itself; None means the person); (source, seq) is applied once. `seq` 0 means not numbered: such
    an event is applied every time it is seen. `traits` are those of an identify; endpoints, locale
    and time zone are read from them, or from `locale` and `timezone` (the client's context).
    `history` counts but never triggers; `trusted` is False for what a public browser key says.
    `endpoints` are addresses by channel, read and spelled by ingest: empty is taken back, None
    could not be read; a channel it names is not read from the traits again. `superseded` names
    traits that something newer had replaced before this call arrived.
    """

    id: UUID
    seq: int
    kind: EventKind
    occurred_at: datetime
    received_at: datetime
    name: str = ""
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    source: UUID | None = None
    locale: str = ""
    timezone: str = ""
    history: bool = False
    low_signal: bool = False
    trusted: bool = True
    endpoints: dict[str, str | None] = {}
    superseded: tuple[str, ...] = ()


class WakeupInput(msgspec.Struct, frozen=True, tag="wakeup", omit_defaults=True):
    """A time that was waited for has come. With `reconsider` everything held competes again now."""

    id: UUID
    due_at: datetime
    reconsider: bool = False


class ReceiptInput(msgspec.Struct, frozen=True, tag="receipt", omit_defaults=True):
    """What delivery or a provider reports about a message. Repeats change nothing.

    `channel` and `topic` let an opt-out count even when the message itself is long forgotten.
    `repeats`: delivery asks the provider again, which takes it as the same message. `word`: what
    the person answered by the carriers' rules, `stop` or `start`.
    """

    id: UUID
    message_id: UUID
    outcome: ReceiptKind
    at: datetime
    channel: str = ""
    topic: str = ""
    hard_bounce: bool = False
    machine: bool = False
    repeats: bool = False
    word: str = ""


class PermissionInput(msgspec.Struct, frozen=True, tag="permission", omit_defaults=True):
    """A change of permission. `channel` and `topic` "*" (or empty) mean all.

    `address` binds a double opt-in to the one endpoint it proved. `reason` is that of a
    suppression or mute, `until` the end of a pause. What an import reports is numbered like an
    event (`source`, `seq`).
    """

    id: UUID
    part: PermissionPart
    status: PermissionStatus
    at: datetime
    purpose: str = "contact"
    channel: str = "*"
    topic: str = "*"
    basis: str = ""
    evidence: str = ""
    address: str = ""
    reason: str = ""
    until: datetime | None = None
    seq: int = 0
    source: UUID | None = None


class ContactInput(msgspec.Struct, frozen=True, tag="contact", omit_defaults=True):
    """Another system reached the person; numbered like an event.

    It takes a slot of every policy that fits it, from the time it was made.
    """

    id: UUID
    at: datetime
    channel: str
    message_class: str
    topic: str = ""
    tags: tuple[str, ...] = ()
    seq: int = 0
    source: UUID | None = None


class PermitRefusedInput(msgspec.Struct, frozen=True, tag="permit", omit_defaults=True):
    """The permit of a chosen message was refused: its slot goes back, it waits or ends."""

    id: UUID
    message_id: UUID
    reason: str
    at: datetime
    until: datetime | None = None


class MergeInput(msgspec.Struct, frozen=True, tag="merge"):
    """Another profile turned out to be the same person; `loser` is its encoded state."""

    id: UUID
    loser_person: UUID
    loser: bytes
    at: datetime


class EnterInput(msgspec.Struct, frozen=True, tag="enter", omit_defaults=True):
    """Somebody shall enter a journey that the API may send people into; `id` names the run."""

    id: UUID
    journey: str
    at: datetime
    properties: dict[str, Any] = {}


class SettleInput(msgspec.Struct, frozen=True, tag="settle", omit_defaults=True):
    """The catalog has moved on: the person is counted into its segments, silently.

    `traits` and `tallies` are what ingest knew of the past that the state has applied. Changes
    nothing for somebody who is counted in.
    """

    id: UUID
    at: datetime
    traits: dict[str, Any] = {}
    tallies: dict[int, Tally] = {}


class MoveInput(msgspec.Struct, frozen=True, tag="move", omit_defaults=True):
    """Everybody in a journey's version shall go to another one, or leave (`to_version` 0).

    `steps` says, by key of the old version, where those go whose step the new one lacks.
    """

    id: UUID
    journey: str
    from_version: int
    to_version: int
    at: datetime
    steps: dict[str, str] = {}


class MessageInput(msgspec.Struct, frozen=True, tag="message", omit_defaults=True):
    """Somebody shall get a message of this template, without a journey; `id` names the request.

    Again with the same id changes nothing while the message waits or is on its way.
    """

    id: UUID
    template: str
    at: datetime
    valid_for_s: int
    data: dict[str, Any] = {}


class NextInput(msgspec.Struct, frozen=True, tag="next", omit_defaults=True):
    """A client app asks for the next best message now, on these channels, for this placement."""

    id: UUID
    at: datetime
    channels: tuple[str, ...]
    placement: str = ""


class LaunchInput(msgspec.Struct, frozen=True, tag="launch", omit_defaults=True):
    """A run of a campaign comes to this person. With `local_at` it waits for that local time."""

    id: UUID
    campaign: str
    run: UUID
    at: datetime
    local_at: str = ""


Input = (
    EventInput
    | WakeupInput
    | ReceiptInput
    | PermissionInput
    | PermitRefusedInput
    | MergeInput
    | EnterInput
    | MoveInput
    | MessageInput
    | NextInput
    | LaunchInput
    | ContactInput
    | SettleInput
)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Input])


def encode(inputs: Sequence[Input]) -> bytes:
    """Return `inputs` as bytes that `decode` reads back equal."""
    return _encoder.encode(list(inputs))


def decode(data: bytes) -> list[Input]:
    """Return the inputs `encode` wrote."""
    return _decoder.decode(data)
