"""What delivery needs from outside; `adapters/` and `store.py` keep these promises."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

import msgspec

from kit.db.database import Tx
from services.delivery.domain.attempts import Conclusion, Result
from services.delivery.domain.mail import Content
from services.delivery.domain.message import Claim, Order
from services.delivery.domain.outgoing import Note
from services.delivery.domain.rates import Rate
from services.delivery.domain.receipts import Event, Receipt
from services.delivery.domain.template import Copy, TemplateDocument


class PermitExpired(Exception):
    """The permit ran out before anything was written to the provider; nothing happened."""


class Unrenderable(Exception):
    """The template can never be rendered for this order; says why, without personal data."""


class Permit(msgspec.Struct, frozen=True):
    """Decision's word that a call may start, until `good_until_s` of the monotonic clock."""

    good_until_s: float


class Refusal(msgspec.Struct, frozen=True):
    """Decision's word that it may not."""

    reason: str


class Permits(Protocol):
    """Decision, asked right before the call."""

    async def ask(self, orders: Sequence[Order], *, keyed: bool) -> list[Permit | Refusal]:
        """One answer for each order, in order; raises Unavailable where decision cannot answer.

        Args:
            keyed: a repeat of a call whose answer was lost is no second message.
        """
        ...


class Template(Protocol):
    """A template at one revision."""

    @property
    def document(self) -> TemplateDocument:
        """What the catalog says of it."""
        ...

    async def render(self, order: Order, given: Mapping[str, str]) -> Content:
        """What this recipient reads, with `given` beside the order's variables.

        Raises Unrenderable, and Unavailable where nothing can be rendered now.
        """
        ...


class Preview(msgspec.Struct, frozen=True):
    """A text somebody wants to see.

    Args:
        revision: of the catalog; 0 for the head.
        variables: JSON object the template sees.
    """

    key: str
    revision: int
    locale: str
    variant: str
    variables: str
    at: datetime


class Proof(msgspec.Struct, frozen=True):
    """What it would be."""

    channel: str
    content: Content


class Wording(msgspec.Struct, frozen=True):
    """One wording as parsed: its parts with blocks in place, and the variables it uses."""

    copy: Copy
    used: Sequence[str]


class Proofs(Protocol):
    """Templates looked at before anybody gets them, and the catalog they stand in."""

    async def catalog(self, workspace: str, kind: str) -> dict[str, bytes]:
        """All documents of a kind at the head, by key; raises Unavailable."""
        ...

    async def look(
        self, document: bytes, blocks: Sequence[bytes], wordings: Sequence[tuple[str, str]]
    ) -> list[Wording | Unrenderable]:
        """Each wording (language, variant) of a template; raises Unavailable."""
        ...

    async def write(self, workspace: str, asked: Preview) -> Proof:
        """What somebody would read; raises Unrenderable, NotFound, Unavailable."""
        ...


class Templates(Protocol):
    """The templates of the catalog."""

    async def find(self, order: Order) -> Template:
        """The template at the order's revision; raises Unrenderable or Unavailable."""
        ...


class Links(Protocol):
    """Signed links into the recipient's pages."""

    def pages_of(self, order: Order) -> dict[str, str]:
        """The recipient's pages by the names templates know them by; `unsubscribe_url` is one."""
        ...

    def click_url(self, order: Order, target: UUID) -> str:
        """Leads to the stored target, and tells us that somebody went there."""
        ...

    def open_url(self, order: Order) -> str:
        """A picture of one pixel that tells us that the message was opened."""
        ...

    def short_url(self, order: Order, target: UUID) -> tuple[str, str]:
        """As `click_url`, short enough for a text message; the code and the address."""
        ...

    def is_own(self, url: str) -> bool:
        """Whether it is one of our pages."""
        ...


class Sent(msgspec.Struct, frozen=True):
    """What a reaction is about, and when the provider took it; None while it has not."""

    workspace: str
    message_id: UUID
    decision_id: UUID
    person: UUID
    channel: str
    lane: str
    traceparent: str
    accepted_at: datetime | None


class InboxRow(msgspec.Struct, frozen=True):
    """An item as stored."""

    item: UUID
    position: int
    placement: str
    title: str
    text: str
    url: str
    action: str
    image: str
    at: datetime
    expires_at: datetime
    seen_at: datetime | None
    clicked_at: datetime | None


class InboxQuestion(msgspec.Struct, frozen=True):
    """Which items: those before a position, newest first, or those after one, oldest first."""

    persons: Sequence[UUID]
    placement: str
    before: int
    after: int
    limit: int


class Inboxes(Protocol):
    """The messages in apps."""

    async def put(self, tx: Tx, note: Note) -> bool:
        """Stores one; False where it was there."""
        ...

    async def items(
        self, tx: Tx, workspace: str, asked: InboxQuestion, now: datetime
    ) -> list[InboxRow]:
        """Those that are neither put away nor over."""
        ...

    async def act(
        self, tx: Tx, workspace: str, persons: Sequence[UUID], item: UUID, act: str, now: datetime
    ) -> bool | None:
        """Notes what the person did first; False where it was noted, None where there is none."""
        ...


class Targets(Protocol):
    """Where links lead, and whom they were sent to."""

    async def keep_targets(
        self, tx: Tx, workspace: str, targets: Mapping[UUID, str], now: datetime
    ) -> None:
        """Stores those that are new."""
        ...

    async def keep_short(
        self, tx: Tx, workspace: str, message_id: UUID, codes: Mapping[str, UUID]
    ) -> None:
        """Stores codes of short links with their targets."""
        ...

    async def find_target(self, tx: Tx, workspace: str, target: UUID) -> str | None:
        """Where it leads."""
        ...

    async def find_short(self, tx: Tx, code: str) -> tuple[str, UUID, UUID] | None:
        """Workspace, message and target of a short link."""
        ...

    async def find_sent(self, tx: Tx, workspace: str, message_id: UUID) -> Sent | None:
        """The message a reaction is about."""
        ...


O_contra = TypeVar("O_contra", contravariant=True)


class Provider(Protocol[O_contra]):
    """Someone who takes messages of one channel.

    `keyed`: a second call with the same key is no second message.
    """

    name: str
    keyed: bool

    async def send(self, message: O_contra, permit: Permit) -> Result:
        """Calls the provider once and says what is known afterwards; never raises for its faults.

        Raises PermitExpired when the permit ran out before the message was written.
        """
        ...

    async def close(self) -> None:
        """Ends its connections."""
        ...


class Rates(Protocol):
    """Limits that all processes share."""

    async def take(
        self, tx: Tx, workspace: str, account: str, rate: Rate, wanted: int, now: datetime
    ) -> tuple[int, float]:
        """How many of `wanted` calls may start now; if none, in how many seconds one may."""
        ...


class Secrets(Protocol):
    """Encrypted secrets by reference."""

    async def keep_secret(
        self, tx: Tx, workspace: str, ref: str, key_id: str, sealed: bytes, now: datetime
    ) -> None:
        """Stores or replaces one."""
        ...

    async def drop_secret(self, tx: Tx, workspace: str, ref: str) -> bool:
        """Deletes one; whether it was there."""
        ...

    async def list_secrets(self, tx: Tx, workspace: str) -> list[tuple[str, datetime]]:
        """References and when each was changed, by name."""
        ...

    async def sealed(
        self, tx: Tx, workspace: str, refs: Sequence[str]
    ) -> list[tuple[str, str, bytes]]:
        """Reference, name of the key and encrypted secret of those that are there."""
        ...


class Written(msgspec.Struct, frozen=True):
    """What one attempt leaves behind.

    Args:
        called_at: when the call started; None where there was none.
        traceparent: span of the attempt where it is traced.
    """

    claim: Claim
    conclusion: Conclusion
    at: datetime
    provider: str = ""
    result: Result = Result()
    called_at: datetime | None = None
    subject: str = ""
    content_sha256: bytes = b""
    traceparent: str = ""

    @property
    def fault(self) -> str:
        """Name of the fault; empty where there was none."""
        return self.result.fault.name if self.result.fault else ""


class AttemptRow(msgspec.Struct, frozen=True):
    """An attempt as stored."""

    attempt: int
    outcome: str
    provider: str
    provider_message_id: str
    fault: str
    detail: str
    called_at: datetime | None
    at: datetime
    subject: str
    content_sha256: bytes


class ReceiptRow(msgspec.Struct, frozen=True):
    """A receipt as stored."""

    provider: str
    kind: str
    at: datetime
    machine: bool
    detail: str


class MessageRow(msgspec.Struct, frozen=True):
    """A message with everything that became of it."""

    order: Order
    state: str
    attempts: Sequence[AttemptRow]
    receipts: Sequence[ReceiptRow]


class Orders(Protocol):
    """Takes orders in."""

    async def add(
        self, tx: Tx, orders: Sequence[Order], sender: UUID | None, now: datetime
    ) -> list[Claim]:
        """Stores those that are new, claimed for `sender` if one is given; returns those."""
        ...


class Outbound(Protocol):
    """The messages a sender works on. Every write names the claim's epoch, else it is void."""

    async def claim_due(
        self, tx: Tx, sender: UUID, lane: str, now: datetime, limit: int
    ) -> list[Claim]:
        """Takes messages that are due and nobody works on, oldest first."""
        ...

    async def mark_calling(
        self,
        tx: Tx,
        sender: UUID,
        claims: Sequence[Claim],
        account: str,
        now: datetime,
        *,
        keyed: bool,
    ) -> set[tuple[str, UUID]]:
        """Says that these are about to be called; the keys of those that still are the sender's."""
        ...

    async def put_back(
        self, tx: Tx, sender: UUID, claims: Sequence[Claim], next_at: Sequence[datetime]
    ) -> None:
        """Gives up claims that were not called; each is due at its `next_at`."""
        ...

    async def write(self, tx: Tx, written: Sequence[Written]) -> set[tuple[str, UUID]]:
        """Records attempts and where their messages stand; the keys of those that counted."""
        ...

    async def next_due(self, tx: Tx, lane: str) -> datetime | None:
        """When the next message of a lane nobody works on is due."""
        ...


class Rest(Protocol):
    """Whether anything is left to do."""

    async def is_any_owned(self, tx: Tx) -> bool:
        """Whether some process works on some message."""
        ...

    async def next_due(self, tx: Tx, lane: str) -> datetime | None:
        """When the next message of a lane nobody works on is due."""
        ...


class Senders(Protocol):
    """The processes that send, and what a dead one leaves behind."""

    async def enlist(self, tx: Tx, sender: UUID) -> None:
        """Makes this process known."""
        ...

    async def beat(self, tx: Tx, sender: UUID) -> bool:
        """Says it is alive; False where others have taken it for dead."""
        ...

    async def beats(self, tx: Tx) -> dict[UUID, int]:
        """All known processes."""
        ...

    async def strike_off(self, tx: Tx, sender: UUID, beat: int) -> None:
        """Declares a process dead whose beat still is `beat`."""
        ...

    async def dismiss(self, tx: Tx, sender: UUID) -> None:
        """Takes a process off the list that leaves by itself."""
        ...

    async def free_claims_of_the_dead(self, tx: Tx, now: datetime) -> int:
        """Messages claimed, but not called, by processes that are gone become due; how many."""
        ...

    async def calls_of_the_dead(self, tx: Tx, limit: int) -> list[tuple[Claim, str, datetime]]:
        """Locks what processes now gone were calling: claim, provider, start of the call."""
        ...


class Records(Protocol):
    """Messages after the fact."""

    async def find_sms(
        self, tx: Tx, account: str, message_id: UUID | None, number: str, workspace: str
    ) -> tuple[str, UUID] | None:
        """Workspace and id of an SMS: by id, else the last one an account sent to a number.

        An empty workspace means any.
        """
        ...

    async def find(self, tx: Tx, workspace: str, message_id: UUID) -> MessageRow | None:
        """One message with attempts and receipts."""
        ...

    async def match(
        self, tx: Tx, provider: str, events: Sequence[tuple[Event, UUID | None]]
    ) -> list[Receipt]:
        """The events about messages of ours, each given with the id its Message-ID holds."""
        ...

    async def add_receipts(
        self, tx: Tx, receipts: Sequence[Receipt], now: datetime
    ) -> list[Receipt]:
        """Stores those that are new; returns those."""
        ...
