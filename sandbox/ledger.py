"""What the stand-in providers received, in order, for good.

One JSON object per line in `ledger.jsonl`, written before the provider answers: a killed sandbox
has lost nothing it said yes to. Not synced to the disk: it outlives the process, not the power.
In memory stays an index of about 300 bytes per arrival; contents are read from the file.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from kit.clock import to_us
from kit.errors import NotFound, Unavailable

Channel = Literal["email", "sms", "push", "webhook"]
Provider = Literal["smtp", "http", "sms", "twilio", "push", "sink"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "push", "webhook")
PROVIDERS: tuple[Provider, ...] = ("smtp", "http", "sms", "twilio", "push", "sink")


class Arrival(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One thing a provider was handed, before it decided what to do with it.

    `raw` is an SMTP message as it came (read by `sandbox.mail`); the other contents are those of
    the HTTP providers.
    """

    channel: Channel
    provider: Provider
    recipient: str
    sender: str = ""
    idempotency_key: str | None = None
    message_id: str | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    headers: dict[str, str] = {}
    data: dict[str, object] = {}
    raw: str | None = None
    raw_charset: Literal["utf-8", "latin-1"] = "utf-8"


class Entry(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An arrival and what became of it: a line of the ledger.

    `repeat_of` is the number of the first accepted arrival of the same message. `accepted` says
    that this arrival counts as one more delivery: always false for a repeat under an idempotency
    key, true for a repeated mail over SMTP, which has no keys.
    """

    seq: int
    at: datetime
    accepted: bool
    status: int
    repeat_of: int | None = None
    arrival: Arrival


class Row(NamedTuple):
    """The index entry of one line."""

    offset: int
    length: int
    at_us: int
    channel: Channel
    provider: Provider
    recipient: str
    message_id: str | None
    accepted: bool


class _HeadOfArrival(msgspec.Struct):
    """The part of an arrival that the index needs; the rest is skipped unread."""

    channel: Channel
    provider: Provider
    recipient: str
    idempotency_key: str | None = None
    message_id: str | None = None


class _Head(msgspec.Struct):
    """The part of a line that the index needs."""

    at: datetime
    accepted: bool
    arrival: _HeadOfArrival
    repeat_of: int | None = None


def _sameness(arrival: Arrival | _HeadOfArrival) -> str | None:
    """What makes two arrivals the same message to their provider; None: never the same.

    SMTP knows no key: there the same Message-ID for the same recipient is a repeat.
    """
    if arrival.provider == "smtp":
        return arrival.message_id and f"smtp {arrival.message_id} {arrival.recipient}"
    return arrival.idempotency_key and f"{arrival.provider} {arrival.idempotency_key}"


@dataclass
class Tally:
    """How many arrivals, of which accepted, repeated and refused."""

    received: int = 0
    accepted: int = 0
    repeated: int = 0
    refused: int = 0

    def add(self, *, accepted: bool, repeated: bool) -> None:
        """Counts one arrival."""
        self.received += 1
        self.accepted += accepted
        self.repeated += repeated
        self.refused += not accepted and not repeated


@dataclass
class Counts:
    """Tallies per channel and per provider since the last reset."""

    channels: dict[str, Tally] = field(default_factory=dict)
    providers: dict[str, Tally] = field(default_factory=dict)

    def add(self, channel: str, provider: str, *, accepted: bool, repeated: bool) -> None:
        """Counts one arrival under both heads."""
        for tallies, name in ((self.channels, channel), (self.providers, provider)):
            tallies.setdefault(name, Tally()).add(accepted=accepted, repeated=repeated)


class Ledger:
    """The append-only record; one process at a time (a second one is refused).

    Numbers (`seq`) start at 1 and are dense; `reset` starts again at 1.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise Unavailable(
                f"Another sandbox writes {path}; stop it or set KAIROS_DATA"
            ) from None
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Entry)
        self._size = 0
        self._rows: list[Row] = []
        self._firsts: dict[str, int] = {}
        self.counts = Counts()
        self._load(path)

    def __len__(self) -> int:
        return len(self._rows)

    def close(self) -> None:
        """Lets another process take the file."""
        os.close(self._file)

    def first(self, arrival: Arrival) -> int | None:
        """The number of the accepted entry that `arrival` repeats, if it does."""
        same = _sameness(arrival)
        return self._firsts.get(same) if same else None

    def append(self, entry: Entry) -> None:
        """Writes the entry; when this returns, a kill of the process cannot lose it.

        Raises Unavailable when the disk does not take it; the ledger is then as before.
        """
        line = self._encoder.encode(entry) + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError:
            written = 0
        if written != len(line):
            os.ftruncate(self._file, self._size)
            raise Unavailable("The ledger's disk is full")
        self._index(entry, len(line))

    def reset(self) -> None:
        """Forgets everything."""
        os.ftruncate(self._file, 0)
        self._size = 0
        self._rows.clear()
        self._firsts.clear()
        self.counts = Counts()

    def entry(self, seq: int) -> Entry:
        """One entry with its contents; raises NotFound."""
        if not 1 <= seq <= len(self._rows):
            raise NotFound(f"The ledger has no entry {seq}")
        row = self._rows[seq - 1]
        return self._decoder.decode(os.pread(self._file, row.length, row.offset))

    def row(self, seq: int) -> Row:
        """The index entry of a number that exists."""
        return self._rows[seq - 1]

    def upwards(self, after: int = 0) -> Iterator[tuple[int, Row]]:
        """Numbers above `after` and their rows, oldest first; sees what is appended meanwhile."""
        seq = max(after, 0)
        while seq < len(self._rows):
            seq += 1
            yield seq, self._rows[seq - 1]

    def downwards(self, before: int | None = None) -> Iterator[tuple[int, Row]]:
        """Numbers below `before` and their rows, newest first."""
        top = len(self._rows) if before is None else min(before - 1, len(self._rows))
        for seq in range(top, 0, -1):
            yield seq, self._rows[seq - 1]

    def _load(self, path: Path) -> None:
        decoder = msgspec.json.Decoder(_Head)
        with path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._index(decoder.decode(line), len(line))
        os.ftruncate(self._file, self._size)

    def _index(self, head: Entry | _Head, length: int) -> None:
        arrival, repeated = head.arrival, head.repeat_of is not None
        self._rows.append(
            Row(
                offset=self._size,
                length=length,
                at_us=to_us(head.at),
                channel=arrival.channel,
                provider=arrival.provider,
                recipient=arrival.recipient,
                message_id=arrival.message_id,
                accepted=head.accepted,
            )
        )
        self._size += length
        if head.accepted and (same := _sameness(arrival)):
            self._firsts.setdefault(same, len(self._rows))
        heads = (arrival.channel, arrival.provider)
        self.counts.add(*heads, accepted=head.accepted, repeated=repeated)
