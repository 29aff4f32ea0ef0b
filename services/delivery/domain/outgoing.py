"""What is handed to providers, channel by channel, ready to go out."""

import json
import re
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from services.delivery.domain.mail import Content, Mail, Unmailable
from services.delivery.domain.message import Order

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
SMS_CHARS_MAX = 1600
"""What Twilio takes as one message; ten concatenated parts."""
HOOK_BYTES_MAX = 256 * 1024
URL_CHARS_MAX = 2000


class Sms(msgspec.Struct, frozen=True):
    """One short message.

    Args:
        key: the same for every attempt at one message.
        to: E.164, such as +4915112345678.
        callback: marks the provider's status reports as being about this message; empty for none.
    """

    key: str
    to: str
    content: Content
    callback: str
    at: datetime


class Hook(msgspec.Struct, frozen=True):
    """One outgoing webhook; `key` is its `webhook-id`, constant over retries."""

    key: str
    to: str
    content: Content
    at: datetime


class Note(msgspec.Struct, frozen=True):
    """One message in the app: an item of the person's feed, a banner or a pop-up."""

    order: Order
    content: Content
    at: datetime
    expires_at: datetime


Outgoing = Mail | Sms | Hook | Note

NOTE_CHARS_MAX = 4000
PLACEMENTS = ("feed", "banner", "popup")
"""Where the embeddable script shows what; apps may know further places."""


def checked_note(content: Content) -> Content:
    """The content of a message in the app; raises Unmailable where it is empty or leads astray."""
    if not content.subject.strip() or not content.text.strip():
        raise Unmailable("a message in the app needs a title and words")
    if len(content.subject) + len(content.text) > NOTE_CHARS_MAX or "\x00" in content.text:
        raise Unmailable(f"a message in the app has at most {NOTE_CHARS_MAX} characters")
    for url in (content.url, content.image):
        if url:
            checked_url(url)
    return content


def checked_number(text: str) -> str:
    """The number as it is; raises Unmailable where it is not E.164."""
    if not _NUMBER.fullmatch(text):
        raise Unmailable("the number is not in the form +4915112345678")
    return text


def checked_sms(text: str) -> str:
    """The words of a short message; raises Unmailable where they are none or too many."""
    words = text.strip()
    if not words:
        raise Unmailable("the short message is empty")
    if len(words) > SMS_CHARS_MAX:
        raise Unmailable(f"the short message is over {SMS_CHARS_MAX} characters")
    if "\x00" in words:
        raise Unmailable("the short message holds a control character")
    return words


def checked_url(text: str) -> str:
    """The address of a webhook as it is; raises Unmailable for anything but https or http.

    Whether it may be called is the caller's to find out, from the address it resolves to.
    """
    if len(text) > URL_CHARS_MAX or not text.isascii() or not text.isprintable():
        raise Unmailable("the endpoint is no URL")
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise Unmailable("the endpoint is no URL") from None
    if not fits:
        raise Unmailable("the endpoint is no URL")
    if parts.username is not None or parts.password is not None:
        raise Unmailable("the URL holds credentials")
    return text


def checked_payload(text: str) -> str:
    """The body of a webhook: JSON as rendered; raises Unmailable where it is not."""
    if len(text.encode("utf-8", "replace")) > HOOK_BYTES_MAX:
        raise Unmailable(f"the payload is over {HOOK_BYTES_MAX} bytes")
    try:
        json.loads(text)
    except ValueError:
        raise Unmailable("the payload is not JSON") from None
    return text
