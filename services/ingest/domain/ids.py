"""The ids a client names things by: which texts are none, and what else names a person."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from services.ingest.domain.endpoints import ENDPOINT_TRAITS, Endpoint
from services.ingest.domain.items import Refusal, Refused

ID_CHARACTERS_MAX = 255
"""Ids and names; keeps every index row far below Postgres's 2,704 bytes."""
EXTERNAL_IDS_MAX = 10
"""Of one call: a person is known to few systems, and each id is a look-up."""
EXTERNAL = "external:"
"""Kind of an id of another system: this and the name of the system."""
PLACEHOLDER_IDS = frozenset(
    {
        "null",
        "undefined",
        "none",
        "nil",
        "nan",
        "true",
        "false",
        "0",
        "[object object]",
        "anonymous",
    }
)
"""Texts that broken clients send for "no id"; taken as ids they would glue strangers together.
(The list that PostHog arrived at, without the words a shop might really use.)"""


def an_id(value: str | None, pointer: str) -> str:
    """The id, empty where there is none; refuses what stands for none, and what is too long."""
    if not value:
        return ""
    if value.strip().lower() in PLACEHOLDER_IDS or not value.strip():
        refuse(f"{value!r} stands for no id; leave the field out", pointer)
    return short(value, pointer)


def short(value: str, pointer: str) -> str:
    """The value; refuses one that is too long."""
    if len(value) > ID_CHARACTERS_MAX:
        refuse(f"At most {ID_CHARACTERS_MAX} characters, got {len(value)}", pointer)
    return value


def further_ids(
    context: Mapping[str, Any], reachable: Iterable[Endpoint], identify_by: frozenset[str]
) -> tuple[tuple[str, str], ...]:
    """Kind and value of what names the person beside userId and anonymousId.

    Ids of other systems come as Segment sends them, `context.externalIds`: a list of objects with
    `id` and `type`, the name of the system. Addresses count where the workspace says so.
    """
    found: dict[tuple[str, str], None] = {}
    if (listed := context.get("externalIds")) is not None:
        found = dict.fromkeys(_external_ids(listed))
    if identify_by:
        for channel, address in reachable:
            kind = ENDPOINT_TRAITS.get(channel, "")
            if address and kind in identify_by:
                found[kind, address.lower()] = None
    return tuple(found)


def _external_ids(listed: Any) -> Iterable[tuple[str, str]]:
    place = "/context/externalIds"
    if not isinstance(listed, list) or len(listed) > EXTERNAL_IDS_MAX:
        refuse(f"externalIds is a list of at most {EXTERNAL_IDS_MAX} objects", place)
    for number, each in enumerate(listed):
        pointer = f"{place}/{number}"
        kind = each.get("type") if isinstance(each, dict) else None
        value = each.get("id") if isinstance(each, dict) else None
        if not isinstance(kind, str) or not isinstance(value, str) or not kind:
            refuse("An external id is an object with the texts id and type", pointer)
        if found := an_id(value, f"{pointer}/id"):
            yield EXTERNAL + short(kind, f"{pointer}/type"), found


def refuse(reason: str, pointer: str = "", *, status: int = 422) -> NoReturn:
    """Ends the reading of this item, or of the body."""
    raise Refused(Refusal(reason=reason, pointer=pointer, status=status))
