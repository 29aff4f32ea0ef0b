"""What is known about one message: when it was sent, as what, and how its recipient reacted."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

REACTIONS = (
    "delivered",
    "opened",
    "clicked",
    "replied",
    "bounced",
    "complained",
    "unsubscribed",
    "machine",
)
"""Of each the first is kept. `machine` is an opening or a click that was likely no person's."""
RESPONSES = ("opened", "clicked", "replied")
COMPLAINTS = ("complained", "unsubscribed")


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message as one or several facts tell of it. `at` is None until its sending was told."""

    workspace: str
    message: UUID
    person: UUID
    at: datetime | None = None
    channel: str = ""
    message_class: str = ""
    topic: str = ""
    template: str = ""
    variant: str = ""
    journey: str = ""
    campaign: str = ""
    cost_micros: int = 0
    catalog_revision: int = 0
    reactions: Mapping[str, datetime] = {}

    @property
    def is_sent(self) -> bool:
        """Whether its sending is known; without it a message is in no sum."""
        return self.at is not None

    def had(self, kinds: Iterable[str]) -> bool:
        """Whether it is known to be sent and had one of these reactions."""
        return self.is_sent and any(kind in self.reactions for kind in kinds)


class Change(msgspec.Struct, frozen=True):
    """A message before and after a batch of facts; `before` is None where it was not known."""

    before: Message | None
    after: Message


def fold(told: Iterable[Message]) -> list[Message]:
    """One value for each message, in the order of their keys: sendings and first reactions united.

    In whatever order, and however often, the same facts are told, the same value comes out.
    """
    known: dict[tuple[str, UUID], Message] = {}
    for each in told:
        key = (each.workspace, each.message)
        known[key] = unite(known[key], each) if key in known else each
    return [known[key] for key in sorted(known)]


def unite(one: Message, other: Message) -> Message:
    """What both tell together; of two sendings the earlier one counts."""
    sending = one
    if other.at is not None and (one.at is None or other.at < one.at):
        sending = other
    reactions = dict(one.reactions)
    for kind, at in other.reactions.items():
        reactions[kind] = min(at, reactions.get(kind, at))
    return msgspec.structs.replace(sending, reactions=reactions)
