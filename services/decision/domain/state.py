"""All that the policy needs to know about one person, in one compact value.

Encoded as a version byte and a MessagePack array (fields by position, so new ones go last and have
a default). Instants are whole seconds since 1970 UTC (`_s`): five bytes instead of nine, with the
target of 1.8 KB per person in mind (above it Postgres moves a row out of line).

A state is treated as a value: a step works on `copy(state)`, and what lies inside the containers
is replaced, never changed.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

VERSION = 1
DAY_S = 86_400
DAYS_KEPT = 90

#: States of a contact.
RESERVED = "reserved"
ACCEPTED = "accepted"
UNKNOWN = "unknown"
#: Would have been sent, but the person is held out of everything: it takes the slot all the same.
GHOST = "ghost"

#: Bits of `Contact.seen`, in the order receipts were given a number; never reused.
DELIVERED, OPENED, CLICKED, REPLIED, BOUNCED, COMPLAINED, UNSUBSCRIBED = 1, 2, 4, 8, 16, 32, 64

TraitValue = str | int | float | bool | list[str] | None


class Counter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often and when an event was seen.

    `days` holds two bytes per UTC day with events, oldest first: days before the day of `last_s`,
    and the count of that day (255 means 255 or more). It reaches back `DAYS_KEPT` days.
    """

    total: int
    first_s: int
    last_s: int
    days: bytes = b""


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often and when an event was seen that a rule asks more of, and the sum of a property.

    `buckets` holds pairs of age and count, oldest first: buckets of time before that of `last_s`.
    `sums` has the sum of each, where one is asked for.
    """

    count: int
    first_s: int
    last_s: int
    sum: float = 0.0
    buckets: tuple[int, ...] = ()
    sums: tuple[float, ...] = ()


class Endpoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An address on a channel. `proven` is False for what only a public browser key said."""

    address: str
    proven: bool = True


class Consent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was said about one purpose, channel and topic, with the reference of its evidence.

    `address` is the fingerprint of the one endpoint a double opt-in proved, empty where the
    consent is for any.
    """

    status: str
    at_us: int
    basis: str = ""
    evidence: str = ""
    address: bytes = b""


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An objection, suppression, pause or mute: in force (`on`) or lifted, since when and why.

    `address` binds a suppression to one endpoint (a hard bounce); `until_s` ends a pause. What
    was lifted stays, so that a late report of something older does not bring it back.
    """

    on: bool
    at_us: int
    reason: str = ""
    evidence: str = ""
    until_s: int = 0
    address: bytes = b""


class Permission(msgspec.Struct, frozen=True, array_like=True):
    """The stored parts of permission, kept apart.

    `consents` by "purpose/channel/topic", `suppressions` by channel ("*" is all). Instants are
    microseconds: the order of a person's wishes must never be in doubt.
    """

    consents: dict[str, Consent] = {}
    objection: Block | None = None
    suppressions: dict[str, Block] = {}
    pause: Block | None = None
    mute: Block | None = None


class Ask(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a person was asked: `open` until `until_s` by `journey`, or `answered`."""

    status: str
    at_s: int
    journey: str = ""
    until_s: int = 0


class Position(msgspec.Struct, frozen=True, array_like=True):
    """Where a person stands in one run of a journey.

    The run is named by the event that started it (`entry`). `context` holds those properties of
    that event which the journey uses. `due_s` is the end of a wait, 0 at a message step. `sent` has
    the messages whose outcome a later step asks for, `rounds` how often `repeat` went back.
    """

    journey: str
    version: int
    step: str
    entry: UUID
    entered_s: int
    due_s: int = 0
    context: dict[str, Any] = {}
    event: str = ""
    sent: dict[str, UUID] = {}
    rounds: dict[str, int] = {}


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A message that wants to go out and is decided (again) at `due_s`, until `valid_until_s`.

    `choice` is which of the step's templates is tried.
    """

    id: UUID
    journey: str
    version: int
    step: str
    entry: UUID
    since_s: int
    valid_until_s: int
    due_s: int
    context: dict[str, Any] = {}
    event: str = ""
    choice: int = 0


class Flight(msgspec.Struct, frozen=True, array_like=True):
    """What must be known about a message until its fate is: where it came from, where it goes.

    `cancelled` is the reason code once an exit rule or a goal made it pointless.
    """

    pending: Pending
    address: bytes
    cancelled: str = ""


class Contact(msgspec.Struct, frozen=True, array_like=True):
    """One message of the contact ledger and the slot it takes.

    `state` is RESERVED, ACCEPTED or UNKNOWN; what was given back is no contact any more. `at_s` is
    rounded up, so that a rolling window never ends early. `seen` has one bit per receipt kind.
    """

    id: UUID
    template: str
    channel: str
    topic: str
    message_class: str
    tags: tuple[str, ...]
    at_s: int
    state: str
    seen: int = 0
    flight: Flight | None = None


class Passage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often a journey was entered, and when last; the key of "once".

    `values` has the hashes of the last values that entered, where each may enter once.
    """

    entered: int
    last_s: int
    values: bytes = b""


class PersonState(msgspec.Struct, array_like=True):
    """What the policy knows about one person.

    `applied` has, per source profile, the sequence numbers already applied, as flat closed ranges
    [from, to, from, to, ...]; `said` numbers what decision has said about the person. `dates` has,
    per journey that begins at a date of the person, when that comes next. `rhythm` is the histogram
    of the hours of their week (rhythm.py).

    By segment number: `segments` since when they are a member, `dues` when passing time may change
    that. `settled` is the catalog revision up to which they are counted into every segment;
    `tallies` by number are the counts that rules ask for beyond `counters`.
    """

    person: UUID
    said: int = 0
    traits: dict[str, TraitValue] = {}
    endpoints: dict[str, Endpoint] = {}
    timezone: str = ""
    locale: str = ""
    counters: dict[str, Counter] = {}
    permission: Permission = msgspec.field(default_factory=Permission)
    asks: dict[str, Ask] = {}
    positions: list[Position] = []
    pending: list[Pending] = []
    passages: dict[str, Passage] = {}
    contacts: list[Contact] = []
    applied: dict[bytes, list[int]] = {}
    merged: list[UUID] = []
    timezone_source: str = ""
    segments: dict[int, int] = {}
    dues: dict[int, int] = {}
    settled: int = 0
    dates: dict[str, int] = {}
    rhythm: bytes = b""
    tallies: dict[int, Tally] = {}


def new(person: UUID) -> PersonState:
    """Return the state of a person nothing is known about."""
    return PersonState(person)


def copy(state: PersonState) -> PersonState:
    """Return a state whose containers can be changed without touching `state`."""
    return PersonState(
        state.person,
        state.said,
        state.traits.copy(),
        state.endpoints.copy(),
        state.timezone,
        state.locale,
        state.counters.copy(),
        state.permission,
        state.asks.copy(),
        state.positions.copy(),
        state.pending.copy(),
        state.passages.copy(),
        state.contacts.copy(),
        {source: ranges.copy() for source, ranges in state.applied.items()},
        state.merged.copy(),
        state.timezone_source,
        state.segments.copy(),
        state.dues.copy(),
        state.settled,
        state.dates.copy(),
        state.rhythm,
        state.tallies.copy(),
    )


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(PersonState)

#: From a version to the function that turns its decoded array into that of the next version.
UPGRADES: dict[int, Callable[[list[Any]], list[Any]]] = {}


def encode(state: PersonState) -> bytes:
    """Return `state` as bytes of the current version."""
    return bytes((VERSION,)) + _encoder.encode(state)


def decode(data: bytes) -> PersonState:
    """Return the state `encode` wrote, upgraded from any earlier version.

    Raises ValueError for a version newer than this code: rolling back needs the newer release.
    """
    version = data[0]
    if version == VERSION:
        return _decoder.decode(memoryview(data)[1:])
    if version > VERSION:
        raise ValueError(f"person state of version {version}; this release reads up to {VERSION}")
    fields = msgspec.msgpack.decode(memoryview(data)[1:])
    while version < VERSION:
        fields = UPGRADES[version](fields)
        version += 1
    return _decoder.decode(_encoder.encode(fields))
