"""What one item of a tracking call is once it has been read, and how a refused one is named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from services.ingest.domain.endpoints import Endpoint, Spelling
from services.ingest.domain.rules import Rules, Violation


class Kind(StrEnum):
    """The calls of the Segment tracking specification, and what others report about a person."""

    TRACK = "track"
    IDENTIFY = "identify"
    PAGE = "page"
    SCREEN = "screen"
    GROUP = "group"
    ALIAS = "alias"
    PERMISSION = "permission"
    CONTACT = "contact"


class KeyKind(StrEnum):
    """How far the write key can be trusted."""

    SERVER = "server"
    BROWSER = "browser"


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One valid call about one person. Absent texts are empty; JSON is compact UTF-8, empty where
    absent. `history` triggers nothing; `bulk` never delays what is not bulk.
    """

    workspace: str
    index: int
    kind: Kind
    message_id: str
    name: str
    user_id: str
    anonymous_id: str
    previous_id: str
    occurred_at: datetime
    received_at: datetime
    properties_json: bytes
    traits: Mapping[str, Any] | None
    traits_json: bytes
    context_json: bytes
    key_kind: KeyKind
    history: bool
    traceparent: str
    bulk: bool = False
    user_verified: bool = False
    """A user token signed by the workspace came along and names this user."""
    endpoints: tuple[Endpoint, ...] = ()
    further_ids: tuple[tuple[str, str], ...] = ()
    """Kind and value of what else names the person: ids of other systems, addresses where the
    workspace says so."""
    low_signal: bool = False
    unplanned: bool = False
    """The tracking plan does not list the event, and the workspace wants to be warned."""
    violation: Violation | None = None
    """How it breaks the tracking plan: kept in quarantine until the plan or the event is mended."""

    @property
    def is_trusted(self) -> bool:
        """Whether what it says about endpoints counts as given."""
        return self.key_kind is KeyKind.SERVER or self.user_verified


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why an item, or a whole body, is not stored.

    `pointer` is a JSON pointer (RFC 6901) into the body; `status` is what the item alone would
    have got.
    """

    reason: str
    pointer: str = ""
    status: int = 422
    index: int = 0


class Refused(Exception):
    """Raised while reading; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is known about a request besides its body."""

    workspace: str
    key_kind: KeyKind
    received_at: datetime
    client_ip: str
    user_agent: str
    traceparent: str
    new_message_id: Callable[[], str]
    spelling: Spelling
    rules: Rules
    verified_user: str = ""
    """The user that a token signed by the workspace names."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A body, read: what can be stored, and what cannot with the reason."""

    items: tuple[Item, ...]
    refused: tuple[Refusal, ...]
