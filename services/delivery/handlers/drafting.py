"""From an order to what a provider is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from msgspec import structs

from kit.clock import Clock
from services.delivery.domain import faults
from services.delivery.domain.faults import Fault
from services.delivery.domain.mail import (
    Content,
    Mail,
    Unmailable,
    checked_address,
    checked_header,
    checked_mailbox,
    checked_subject,
    message_id_header,
)
from services.delivery.domain.message import Claim, MessageClass, Order
from services.delivery.domain.outgoing import (
    Hook,
    Note,
    Outgoing,
    Sms,
    checked_note,
    checked_number,
    checked_payload,
    checked_sms,
    checked_url,
)
from services.delivery.ports import Links, Templates, Unrenderable

EMAIL = "email"


DETAIL_CHARS_MAX = 300
NOTE_HOLDS_S = 30 * 86_400.0
"""How long a message in the app stays where its template does not say (`holds_for`)."""


def shown(text: str) -> str:
    """Text fit for a column and a page: short, without control characters."""
    return "".join(c if c.isprintable() else "?" for c in text[:DETAIL_CHARS_MAX])


class Unsendable(Exception):
    """No attempt can ever work; `fault` says what is wrong, `detail` where."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = shown(detail)


@dataclass(frozen=True)
class Letterhead:
    """Who we are to recipients and mail servers; all empty where the account sends no mail.

    `callback` is where the provider reports to; the message's id is added to it.
    """

    sender: str = ""
    return_path: str = ""
    domain: str = ""
    callback: str = ""

    @classmethod
    def of(cls, sender: str, return_path: str, domain: str) -> "Letterhead":
        """A letterhead any mail server takes; raises Unmailable for an address that is none."""
        return cls(checked_mailbox("From", sender), checked_address(return_path), domain)


class Letter(msgspec.Struct, frozen=True):
    """A message ready for its provider, and the hash that names its content on the timeline."""

    claim: Claim
    outgoing: Outgoing
    sha256: bytes


class Drafts:
    """Renders messages."""

    def __init__(self, templates: Templates, links: Links, clock: Clock) -> None:
        self._templates = templates
        self._links = links
        self._clock = clock

    async def draft(self, claim: Claim, letterhead: Letterhead) -> Letter:
        """The message, ready to go; raises Unsendable, Unavailable where the catalog is away."""
        order = claim.order
        check, assemble = _CHANNELS.get(order.channel, (None, None))
        if check is None or assemble is None:
            raise Unsendable(faults.CHANNEL, "no provider for this channel")
        try:
            to = check(order.endpoint)
        except Unmailable as error:
            raise Unsendable(faults.ENDPOINT, str(error)) from error
        try:
            template = await self._templates.find(order)
            channel = template.document.channel
            if channel != order.channel:
                raise Unsendable(faults.TEMPLATE, f"the template is for {channel}")
            pages = self._links.pages_of(order)
            content = await template.render(order, pages)
            url = pages["unsubscribe_url"]
            outgoing = assemble(order, to, content, url, letterhead, self._clock.now())
            return Letter(claim, outgoing, outgoing.content.sha256)
        except (Unrenderable, Unmailable) as error:
            raise Unsendable(faults.TEMPLATE, str(error)) from error


def _mail(
    order: Order, to: str, content: Content, url: str, head: Letterhead, at: datetime
) -> Mail:
    headers = _unsubscribe(checked_header("the link", url)) if _is_marketing(order) else {}
    if content.reply_to:
        headers |= {"Reply-To": checked_mailbox("Reply-To", content.reply_to)}
    return Mail(
        key=str(order.message_id),
        sender=checked_mailbox("From", content.sender) if content.sender else head.sender,
        return_path=head.return_path,
        to=to,
        content=structs.replace(content, subject=checked_subject(content.subject)),
        message_id=message_id_header(order.message_id, head.domain),
        headers=headers,
        at=at,
    )


def _sms(order: Order, to: str, content: Content, url: str, head: Letterhead, at: datetime) -> Sms:
    callback = f"{head.callback}&message={order.message_id}" if head.callback else ""
    words = Content("", "", checked_sms(content.text))
    return Sms(str(order.message_id), to, words, callback, at)


def _hook(
    order: Order, to: str, content: Content, url: str, head: Letterhead, at: datetime
) -> Hook:
    payload = Content("", "", checked_payload(content.text))
    return Hook(str(order.message_id), to, payload, at)


def _note(
    order: Order, to: str, content: Content, url: str, head: Letterhead, at: datetime
) -> Note:
    holds_s = content.holds_s or NOTE_HOLDS_S
    return Note(order, checked_note(content), at, at + timedelta(seconds=holds_s))


def _anywhere(endpoint: str) -> str:
    """The person is the address."""
    return endpoint


_CHANNELS: dict[str, tuple[Callable[[str], str], Callable[..., Outgoing]]] = {
    EMAIL: (checked_address, _mail),
    "sms": (checked_number, _sms),
    "webhook": (checked_url, _hook),
    "in_app": (_anywhere, _note),
}
"""Channel -> how an endpoint is checked, and what is made for a provider."""


def _is_marketing(order: Order) -> bool:
    return order.message_class == MessageClass.MARKETING


def _unsubscribe(url: str) -> dict[str, str]:
    """RFC 8058: one click, without a page in between."""
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
