"""The body of a tracking call, read into items.

The shapes are those of the Segment HTTP tracking API. A fault of the body as a whole raises
`Refused`; a fault of one item of a batch refuses that item and nothing else. Nothing that Postgres
or a reader downstream could choke on gets through: NUL, lone surrogates, numbers beyond a double,
deep nesting.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

import msgspec

from services.ingest.domain import endpoints, reported
from services.ingest.domain.endpoints import Endpoint
from services.ingest.domain.ids import an_id, further_ids, refuse, short
from services.ingest.domain.items import (
    Item,
    KeyKind,
    Kind,
    Reading,
    Refusal,
    Refused,
    Source,
)
from services.ingest.domain.planned import planned_as, violation

ITEM_BYTES_MAX = 32 * 1024
"""One event, as the Segment API limits it."""
BODY_BYTES_MAX = 500 * 1024
"""One request, as the Segment API limits it."""
BATCH_ITEMS_MAX = 2_500
"""As the Segment API limits it; bounds the work of one request."""
DEPTH_MAX = 32
"""Levels of nesting; deeper documents are mistakes, and readers have stacks."""
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
"""Events before it come from unset clocks."""
REPORTS = frozenset({Kind.PERMISSION, Kind.CONTACT})
"""What only imports and secret keys may say."""
KINDS = {kind.value: kind for kind in Kind if kind not in REPORTS}
IMPORTS = frozenset({"history", "import"})
"""The past of another tool; `history` triggers nothing."""
CONTACTS = "contacts"
_EVERY_KIND = {kind.value: kind for kind in Kind}
KINDS_OF = {
    "batch": KINDS,
    "history": _EVERY_KIND,
    "import": _EVERY_KIND,
    CONTACTS: {Kind.CONTACT.value: Kind.CONTACT},
}
"""Call with several items → what they may be."""
BATCH_CALLS = frozenset(KINDS_OF)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_PLACE = re.compile(r" - at `\$(.*)`$")
_encode = msgspec.json.Encoder().encode


class _Batch(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw]
    sent_at: datetime | None = None
    context: dict[str, Any] | None = None


class _Call(msgspec.Struct, rename="camel", gc=False):
    type: str | None = None
    message_id: str | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


_batch = msgspec.json.Decoder(_Batch)
_call = msgspec.json.Decoder(_Call)


def read(call: str, body: bytes, source: Source) -> Reading:
    """The items of one request.

    Args:
        call: `batch`, `history`, or the kind of a single call.
        body: decompressed JSON.

    Raises:
        Refused: the body as a whole cannot be taken (for a single call, whatever is wrong with it).
    """
    if call not in BATCH_CALLS and call not in KINDS:
        refuse(f"There is no call named {call}", status=404)
    _check_text(body)
    if call in BATCH_CALLS:
        return _read_batch(call, body, source)
    common = _Common(source, sent_at=None, context=None, call=call)
    return Reading(items=(_read_item(body, 0, KINDS[call], common),), refused=())


class _Common:
    """What all items of one request share."""

    def __init__(
        self,
        source: Source,
        *,
        sent_at: datetime | None,
        context: dict[str, Any] | None,
        call: str,
    ) -> None:
        self.source = source
        self.sent_at = sent_at
        self.kinds = KINDS_OF.get(call, KINDS)
        self.imported = call in IMPORTS
        self.history = call == "history"
        seen: dict[str, Any] = {}
        if source.key_kind is KeyKind.BROWSER:
            given = {"ip": source.client_ip, "userAgent": source.user_agent}
            seen = {name: value for name, value in given.items() if value}
        self.context = seen | (context or {})


def _check_text(body: bytes) -> None:
    if len(body) > BODY_BYTES_MAX:
        refuse(f"The body has {len(body)} bytes; at most {BODY_BYTES_MAX} are taken", status=413)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        refuse(f"The body is not UTF-8 (byte {error.start})", status=400)


def _read_batch(call: str, body: bytes, source: Source) -> Reading:
    batch = _split(body)
    if len(batch.batch) > BATCH_ITEMS_MAX:
        refuse(
            f"The batch has {len(batch.batch)} items; at most {BATCH_ITEMS_MAX} are taken",
            pointer="/batch",
            status=413,
        )
    _check_zone(batch.sent_at, "/sentAt")
    common = _Common(source, sent_at=batch.sent_at, context=batch.context, call=call)
    items: list[Item] = []
    refused: list[Refusal] = []
    for index, raw in enumerate(batch.batch):
        try:
            items.append(_read_item(bytes(raw), index, None, common))
        except Refused as error:
            refusal = error.refusal
            refused.append(
                Refusal(
                    index=index,
                    reason=refusal.reason,
                    pointer=f"/batch/{index}{refusal.pointer}",
                    status=refusal.status,
                )
            )
    return Reading(items=tuple(items), refused=tuple(refused))


def _split(body: bytes) -> _Batch:
    """The batch with its items still unread, so that one unreadable item spoils no other."""
    try:
        return _batch.decode(body)
    except msgspec.ValidationError as error:
        _refuse_as(error)
    except RecursionError:
        refuse("The body is nested too deeply", status=400)
    except msgspec.DecodeError as error:
        if _SURROGATE.search(body):
            return _split_with_surrogates(body, error)
        refuse(f"The body is not JSON: {error}", status=400)


def _split_with_surrogates(body: bytes, error: msgspec.DecodeError) -> _Batch:
    """A lone surrogate is legal JSON that no UTF-8 can hold: the items without one are kept."""
    try:
        document = json.loads(body)
        items = document.pop("batch")
        batch = msgspec.convert(document | {"batch": []}, _Batch, strict=True)
        batch.batch = [msgspec.Raw(json.dumps(item).encode()) for item in items]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        refuse(f"The body is not JSON: {error}", status=400)
    return batch


def _read_item(raw: bytes, index: int, kind: Kind | None, common: _Common) -> Item:
    if len(raw) > ITEM_BYTES_MAX:
        refuse(f"The event has {len(raw)} bytes; at most {ITEM_BYTES_MAX} are taken", status=413)
    call = _decode(raw)
    if b"\\u0000" in raw and _NUL.search(raw):
        refuse("The character NUL cannot be stored", _place_of_nul(raw))
    if (
        raw.count(b"{") + raw.count(b"[") > DEPTH_MAX
        and _depth(msgspec.json.decode(raw)) > DEPTH_MAX
    ):
        refuse(f"Nested deeper than {DEPTH_MAX} levels")
    kind = kind or _kind_of(call, common)
    _check_required(kind, call)
    source = common.source
    context = common.context | (call.context or {})
    report = reported.read(kind, raw) if kind in REPORTS else None
    properties = report.body if report else _properties(kind, call)
    name = short(report.name, "/name") if report else _name(kind, call)
    user_id = an_id(call.user_id, "/userId")
    verified = bool(user_id) and user_id == source.verified_user
    planned = planned_as(kind, name, source.rules)
    traits = call.traits if kind is Kind.IDENTIFY else None
    reachable: Sequence[Endpoint] = ()
    if traits or "device" in context:
        reachable = endpoints.named(traits, context, source.spelling, source.rules.phone_region)
    believed = source.key_kind is KeyKind.SERVER or verified
    return Item(
        workspace=source.workspace,
        index=index,
        kind=kind,
        message_id=_message_id(call, common),
        name=name,
        user_id=user_id,
        anonymous_id=an_id(call.anonymous_id, "/anonymousId"),
        previous_id=an_id(call.previous_id, "/previousId") if kind is Kind.ALIAS else "",
        occurred_at=_occurred_at(call, common),
        received_at=source.received_at,
        properties_json=_encode(properties) if properties else b"",
        traits=call.traits or None,
        traits_json=_encode(call.traits) if call.traits else b"",
        context_json=_encode(context) if context else b"",
        key_kind=source.key_kind,
        history=common.history,
        traceparent=source.traceparent,
        bulk=common.imported and not (report and report.urgent),
        user_verified=verified,
        endpoints=tuple(reachable),
        further_ids=further_ids(context, reachable if believed else (), source.rules.identify_by),
        low_signal=planned.low_signal if planned else False,
        unplanned=planned is None,
        violation=violation(planned, properties),
    )


def _decode(raw: bytes) -> _Call:
    try:
        return _call.decode(raw)
    except msgspec.ValidationError as error:
        _refuse_as(error)
    except RecursionError:
        refuse("Nested too deeply")
    except msgspec.DecodeError as error:
        if _SURROGATE.search(raw):
            refuse("A lone surrogate (half of a UTF-16 pair) cannot be stored")
        refuse(f"Not JSON: {error}", status=400)


def _kind_of(call: _Call, common: _Common) -> Kind:
    kind = common.kinds.get(call.type or "")
    if kind is None:
        refuse(f"type must be one of {', '.join(common.kinds)}", "/type")
    return kind


def _check_required(kind: Kind, call: _Call) -> None:
    if not call.user_id and not call.anonymous_id:
        refuse("userId or anonymousId is required", "/userId")
    if kind is Kind.TRACK and not (call.event and call.event.strip()):
        refuse("event is required: the name of what happened", "/event")
    if kind is Kind.GROUP and not call.group_id:
        refuse("groupId is required", "/groupId")
    if kind is Kind.ALIAS and not call.user_id:
        refuse("userId is required: the id to keep", "/userId")
    if kind is Kind.ALIAS and not call.previous_id:
        refuse("previousId is required: the id to join", "/previousId")


def _message_id(call: _Call, common: _Common) -> str:
    if call.message_id:
        return short(call.message_id, "/messageId")
    if common.imported:
        refuse("messageId is required: it makes a repeated import harmless", "/messageId")
    return common.source.new_message_id()


def _name(kind: Kind, call: _Call) -> str:
    if kind is Kind.TRACK:
        return short(call.event or "", "/event")
    if kind in (Kind.PAGE, Kind.SCREEN):
        return short(call.name or "", "/name")
    return ""


def _properties(kind: Kind, call: _Call) -> dict[str, Any] | None:
    """The properties, with what a call carries beside them: category of a page, id of a group,
    alias.
    """
    if kind in (Kind.PAGE, Kind.SCREEN) and call.category:
        return {"category": call.category} | (call.properties or {})
    if kind is Kind.GROUP:
        return {"groupId": short(call.group_id or "", "/groupId")}
    if kind is Kind.ALIAS:
        return {"previousId": call.previous_id}
    return call.properties


def _occurred_at(call: _Call, common: _Common) -> datetime:
    """When it happened, by our clock: receivedAt − (sentAt − timestamp), never in the future.

    An import names its times itself; they are only kept out of the future.
    """
    received_at = common.source.received_at
    stamp = call.timestamp or call.original_timestamp
    if stamp is None:
        return received_at
    sent_at = call.sent_at or common.sent_at
    _check_zone(stamp, "/timestamp")
    _check_zone(call.sent_at, "/sentAt")
    try:
        if sent_at is None or common.imported:
            occurred_at = stamp.astimezone(UTC)
        else:
            occurred_at = received_at - (sent_at - stamp)
    except OverflowError:
        refuse("The time is out of range", "/timestamp")
    if occurred_at < OLDEST:
        refuse("The time lies before 1970", "/timestamp")
    return min(occurred_at, received_at)


def _check_zone(stamp: datetime | None, pointer: str) -> None:
    if stamp is not None and stamp.tzinfo is None:
        refuse("The time needs an offset (RFC 3339), for example 2026-01-31T12:00:00Z", pointer)


def _place_of_nul(raw: bytes) -> str:
    return next(_nuls(msgspec.json.decode(raw), ""), "")


def _nuls(value: Any, pointer: str) -> Iterator[str]:
    if isinstance(value, str) and "\x00" in value:
        yield pointer
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\x00" in name:
                yield pointer
            yield from _nuls(inner, f"{pointer}/{_token(name)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nuls(inner, f"{pointer}/{index}")


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((_depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(inner) for inner in value), default=0)
    return 0


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _refuse_as(error: msgspec.ValidationError) -> NoReturn:
    """msgspec's complaint with its path (`$.userId`) as a JSON pointer (`/userId`)."""
    text = str(error)
    place = _PLACE.search(text)
    pointer = re.sub(r"\.|\[", "/", place[1]).replace("]", "") if place else ""
    reason = _PLACE.sub("", text).replace("`", "").replace(" | null", "")
    if missing := re.fullmatch(r"Object missing required field (\w+)", reason):
        pointer, reason = f"{pointer}/{missing[1]}", f"{missing[1]} is required"
    refuse(reason, pointer)
