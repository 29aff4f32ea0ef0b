"""What the signed links of messages say; delivery makes them (its `domain/links.py`)."""

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from kit import tokens
from kit.errors import Broken

UNSUBSCRIBE, PREFERENCES, CLICK, OPEN = "unsubscribe", "preferences", "click", "open"

T = TypeVar("T")


@dataclass(frozen=True)
class PageLink:
    """Who came here, and through which message."""

    workspace: str
    person: UUID
    message_id: UUID
    channel: str
    topic: str


def page_link(purpose: str, token: str, secret: str) -> PageLink:
    """The link behind the token of a page; NotFound where we did not sign it."""
    shape = tuple[str, bytes, bytes, str, str]
    workspace, person, message, channel, topic = _read(purpose, token, secret, shape)
    return PageLink(workspace, UUID(bytes=person), UUID(bytes=message), channel, topic)


def click_link(token: str, secret: str) -> tuple[str, UUID, bytes]:
    """Workspace, message and target of a click; NotFound where we did not sign it."""
    workspace, message, target = _read(CLICK, token, secret, tuple[str, bytes, bytes])
    return workspace, UUID(bytes=message), target


def open_link(token: str, secret: str) -> tuple[str, UUID]:
    """Workspace and message of a pixel; NotFound where we did not sign it."""
    workspace, message = _read(OPEN, token, secret, tuple[str, bytes])
    return workspace, UUID(bytes=message)


def _read(purpose: str, token: str, secret: str, shape: Any) -> Any:
    payload = tokens.verify(purpose, token, secret.encode())
    try:
        return msgspec.msgpack.decode(payload, type=shape)
    except (msgspec.DecodeError, ValueError) as error:
        raise Broken("A signed link cannot be read") from error
