"""What providers report back, and whether it is really them (Standard Webhooks 1.0).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

AGE_S_MAX = 300.0
"""A signed body further from now than this is a replay; the specification's advice."""
_PREFIX = "whsec_"
_STORABLE = r"^[^\x00]*$"
"""Postgres keeps any text but NUL."""


class ReceiptKind(StrEnum):
    """What happened; equal to `kairos.deliveries.v1.ReceiptKind`, held so by a test."""

    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    NOT_RELEVANT = "not_relevant"
    DISMISSED = "dismissed"


class Event(msgspec.Struct, frozen=True):
    """One item of a provider's webhook.

    Args:
        event_id: the provider's name for it; the same event always carries the same one.
        message_id: the Message-ID header we sent, or the id the provider gave the message.
    """

    event_id: Annotated[str, Meta(min_length=1, max_length=200, pattern=_STORABLE)]
    type: ReceiptKind
    message_id: Annotated[str, Meta(min_length=1, max_length=500, pattern=_STORABLE)]
    at: Annotated[datetime, Meta(tz=True)]
    machine: bool = False
    detail: Annotated[str, Meta(max_length=500, pattern=_STORABLE)] = ""


class Webhook(msgspec.Struct, frozen=True):
    """The body of a webhook."""

    events: Annotated[tuple[Event, ...], Meta(max_length=1000)]


class Receipt(msgspec.Struct, frozen=True):
    """An event about a message of ours."""

    workspace: str
    provider: str
    event: Event
    message_id: UUID
    decision_id: UUID
    person: UUID
    channel: str
    lane: str
    traceparent: str


def signing_key(secret: str) -> bytes:
    """The key a secret stands for: base64 after `whsec_`, else the text itself."""
    if secret.startswith(_PREFIX):
        return b64decode(secret.removeprefix(_PREFIX), validate=True)
    return secret.encode()


def why_refused(
    headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime
) -> str | None:
    """Why a webhook cannot be trusted; None where it can.

    Checks the signature over the raw body with every key (two while one is replaced) and the age.
    """
    given = {name.lower(): value for name, value in headers.items()}
    webhook_id = given.get("webhook-id", "")
    timestamp = given.get("webhook-timestamp", "")
    signatures = given.get("webhook-signature", "")
    if not (webhook_id and timestamp and signatures):
        return "The headers webhook-id, webhook-timestamp and webhook-signature are needed"
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return "webhook-timestamp must be whole seconds since 1970"
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    if not any(
        _matches(signature, signed, key) for signature in signatures.split() for key in keys
    ):
        return "The signature does not match the body"
    if abs(now.timestamp() - int(timestamp)) > AGE_S_MAX:
        return f"The timestamp is more than {AGE_S_MAX:g} s away from now"
    return None


def _matches(signature: str, signed: bytes, key: bytes) -> bool:
    version, _, given = signature.partition(",")
    if version != "v1":
        return False
    try:
        mac = b64decode(given, validate=True)
    except (NotBase64, ValueError):
        return False
    return (
        hmac.compare_digest(mac, hmac.digest(key, signed, sha256))
        and b64encode(mac) == given.encode()
    )
