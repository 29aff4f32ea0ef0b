"""What others report about a person: their wishes as another tool recorded them, and contacts that
another system made. Neither is an event of the person; both stand in the record like one.
"""

import re
from datetime import datetime
from typing import Any, Literal, NoReturn

import msgspec

from services.ingest.domain.items import Kind, Refusal, Refused

CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,29}|\*")
TOPIC = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}|\*")
"""As the catalog writes them; `*` is all."""
TAGS_MAX = 20
NAME_CHARACTERS_MAX = 255

CONSENT_STATUSES = ("granted", "withdrawn", "pending")
BLOCK_STATUSES = ("set", "lifted")
URGENT = frozenset({"withdrawn", "set"})
"""Less permission never waits behind a million rows."""


class Report(msgspec.Struct, frozen=True):
    """A report as it is stored: its name in the record, its members, whether it is urgent."""

    name: str
    body: dict[str, Any]
    urgent: bool = False


class _Permission(msgspec.Struct):
    status: str
    part: Literal["consent", "objection", "suppression", "pause", "mute"] = "consent"
    purpose: Literal["contact", "measurement", "profiling"] = "contact"
    channel: str = "*"
    topic: str = "*"
    basis: str = ""
    reason: str = ""
    until: datetime | None = None
    evidence: dict[str, Any] = {}


class _Contact(msgspec.Struct):
    channel: str
    topic: str = ""
    message_class: Literal["transactional", "service", "marketing"] = msgspec.field(
        default="marketing", name="class"
    )
    tags: list[str] = []
    name: str = ""
    system: str = ""
    data: dict[str, Any] = {}


_permission = msgspec.json.Decoder(_Permission)
_contact = msgspec.json.Decoder(_Contact)


def read(kind: Kind, raw: bytes) -> Report:
    """The report in an item of this kind; raises Refused with the place that is wrong.

    A consent is granted, withdrawn or pending; everything else is set or lifted.
    """
    try:
        if kind is Kind.PERMISSION:
            return _read_permission(_permission.decode(raw))
        return _read_contact(_contact.decode(raw))
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$")
        pointer = place.rstrip("`").replace(".", "/")
        _refuse(text.replace("`", ""), pointer)


def _read_permission(row: _Permission) -> Report:
    allowed = CONSENT_STATUSES if row.part == "consent" else BLOCK_STATUSES
    if row.status not in allowed:
        _refuse(f"The status of a {row.part} is one of {', '.join(allowed)}", "/status")
    _check_scope(row.channel, row.topic or "*")
    if row.until is not None and row.until.tzinfo is None:
        _refuse("The time needs an offset (RFC 3339)", "/until")
    if row.part == "pause" and row.status == "set" and row.until is None:
        _refuse("A pause says until when", "/until")
    body = msgspec.to_builtins(row)
    return Report(row.part, _given(body), urgent=row.status in URGENT)


def _read_contact(row: _Contact) -> Report:
    _check_scope(row.channel, row.topic or "*")
    if row.channel == "*":
        _refuse("A contact was made on one channel", "/channel")
    if len(row.tags) > TAGS_MAX:
        _refuse(f"At most {TAGS_MAX} tags", "/tags")
    for place, tag in enumerate(row.tags):
        if len(tag) > NAME_CHARACTERS_MAX:
            _refuse(f"At most {NAME_CHARACTERS_MAX} characters", f"/tags/{place}")
    if len(row.system) > NAME_CHARACTERS_MAX:
        _refuse(f"At most {NAME_CHARACTERS_MAX} characters", "/system")
    return Report(row.name, _given(msgspec.to_builtins(row)))


def _check_scope(channel: str, topic: str) -> None:
    if not CHANNEL.fullmatch(channel):
        _refuse("A channel is written like `email` or `in_app`", "/channel")
    if not TOPIC.fullmatch(topic):
        _refuse("A topic is written like `tips` or `new-arrivals`", "/topic")


def _given(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in ("", None, [], {})}


def _refuse(reason: str, pointer: str) -> NoReturn:
    raise Refused(Refusal(reason=reason, pointer=pointer))
