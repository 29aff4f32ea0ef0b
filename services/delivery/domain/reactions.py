"""What recipients do with a message on our own pages, and whether it was a person."""

import re
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from services.delivery.domain.receipts import Event, ReceiptKind

PROVIDER = "kairos"
"""Names our own pages where a provider's name would stand."""
AT_ONCE = timedelta(seconds=2)
"""Nobody reads and clicks so soon after the provider took the message; a scanner does."""
USER_AGENT_CHARS_MAX = 500
_MACHINES = re.compile(
    r"bot\b|crawl|spider|scan|preview|monitor|headless|python|curl|wget|java/|go-http|okhttp|libwww"
    r"|httpclient|barracuda|mimecast|proofpoint|symantec|fireeye|safelinks|bingpreview|slackbot"
    r"|facebookexternalhit|whatsapp|telegram",
    re.IGNORECASE,
)
_BARE_MOZILLA = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says when it loads pictures ahead of any reader."""


class Reaction(msgspec.Struct, frozen=True):
    """Somebody, or something, followed a link of ours.

    Args:
        message_id: None where a short link's `code` says it.
        target: what a click leads to.
    """

    kind: ReceiptKind
    message_id: UUID | None
    target: UUID | None
    code: str
    user_agent: str
    at: datetime


def is_machine(reaction: Reaction, accepted_at: datetime | None) -> bool:
    """Whether a scanner or prefetcher did it, as far as one can tell. A POST is always a person."""
    if reaction.kind not in (ReceiptKind.OPENED, ReceiptKind.CLICKED):
        return False
    agent = reaction.user_agent.strip()
    if agent in ("", _BARE_MOZILLA) or _MACHINES.search(agent):
        return True
    return accepted_at is None or reaction.at - accepted_at < AT_ONCE


def event_of(reaction: Reaction, message_id: UUID, accepted_at: datetime | None, url: str) -> Event:
    """The reaction as a receipt; twice within a minute is once, and a scanner hides no reader."""
    machine = is_machine(reaction, accepted_at)
    minute = int(reaction.at.timestamp()) // 60
    target = f":{reaction.target.hex}" if reaction.target else ""
    once = reaction.kind not in (ReceiptKind.OPENED, ReceiptKind.CLICKED)
    when = "" if once else f":{minute}"
    return Event(
        event_id=f"{message_id}:{reaction.kind}{target}{when}{':m' if machine else ''}",
        type=reaction.kind,
        message_id=str(message_id),
        at=reaction.at,
        machine=machine,
        detail=url.partition("?")[0].partition("#")[0][:300],
    )
