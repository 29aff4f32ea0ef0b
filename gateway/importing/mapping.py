"""From a row of somebody else's table to an item of ours.

A mapping is a list of rules, one for each member of the item:

    userId=customer_no                 the column `customer_no`
    properties.total=amount:number     a column as a number
    event='Order Completed'            the same for every row

Columns that no rule names keep their name: those called like a member of an item are that member
(`userId`, `timestamp`, `traits.plan`), all others go where the kind of import keeps what it does
not know (`OTHERS`).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from kit.errors import Invalid


class Kind(StrEnum):
    """What the rows are about."""

    EVENTS = "events"
    PROFILES = "profiles"
    CONSENTS = "consents"
    OBJECTIONS = "objections"
    SUPPRESSIONS = "suppressions"
    CONTACTS = "contacts"


BASES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.EVENTS: {"type": "track"},
    Kind.PROFILES: {"type": "identify"},
    Kind.CONSENTS: {"type": "permission", "part": "consent"},
    Kind.OBJECTIONS: {"type": "permission", "part": "objection", "status": "set"},
    Kind.SUPPRESSIONS: {"type": "permission", "part": "suppression", "status": "set"},
    Kind.CONTACTS: {"type": "contact"},
}
"""What every item of a kind says where its row does not."""
OTHERS: Mapping[Kind, str] = {
    Kind.EVENTS: "properties",
    Kind.PROFILES: "traits",
    Kind.CONSENTS: "evidence",
    Kind.OBJECTIONS: "evidence",
    Kind.SUPPRESSIONS: "evidence",
    Kind.CONTACTS: "data",
}
"""Where columns go that no rule and no member claims."""

_COMMON = {"userId", "anonymousId", "messageId", "timestamp", "type"}
_WISH = {"email", "status", "part", "purpose", "channel", "topic", "basis", "reason", "until"}
MEMBERS: Mapping[Kind, frozenset[str]] = {
    Kind.EVENTS: frozenset(_COMMON | {"event", "name", "category", "groupId", "previousId"}),
    Kind.PROFILES: frozenset(_COMMON),
    Kind.CONSENTS: frozenset(_COMMON | _WISH),
    Kind.OBJECTIONS: frozenset(_COMMON | _WISH),
    Kind.SUPPRESSIONS: frozenset(_COMMON | _WISH),
    Kind.CONTACTS: frozenset(
        _COMMON | {"email", "channel", "topic", "class", "name", "system", "tags"}
    ),
}
OBJECTS = frozenset({"traits", "properties", "context", "evidence", "data"})
"""Members that hold members."""
_ALIASES = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "message_id": "messageId",
    "previous_id": "previousId",
    "group_id": "groupId",
}
TIMES = frozenset({"timestamp", "until"})
RULES_MAX = 500

_RULE = re.compile(
    r"(?P<target>[A-Za-z][\w.-]*)=(?:'(?P<constant>[^']*)'|(?P<column>.+?)(?::(?P<type>[a-z]+))?)"
)


class RowError(Exception):
    """Why a row makes no item; `place` is a JSON pointer into the item."""

    def __init__(self, reason: str, place: str = "", *, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place
        self.status = status


class Rule(msgspec.Struct, frozen=True):
    """One member of the item: a column with a type, or a constant (then `column` is empty)."""

    target: str
    column: str = ""
    constant: str = ""
    type: str = "text"


def parse(texts: Sequence[str], kind: Kind) -> list[Rule]:
    """The rules of a mapping; raises Invalid with the one that cannot be read."""
    if len(texts) > RULES_MAX:
        raise Invalid(f"At most {RULES_MAX} rules of mapping")
    return [_rule(text, kind) for text in texts]


def _rule(text: str, kind: Kind) -> Rule:
    found = _RULE.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is no rule: write member=column, member=column:type, member='x'")
    target = found["target"]
    if target not in MEMBERS[kind] and target.partition(".")[0] not in OBJECTS:
        allowed = ", ".join(sorted(MEMBERS[kind] | {f"{OTHERS[kind]}.<name>"}))
        raise Invalid(f"{target!r} is no member of {kind}: one of {allowed}")
    if found["constant"] is not None:
        return Rule(target, constant=found["constant"])
    kind_of = found["type"] or "text"
    if kind_of not in TYPES:
        raise Invalid(f"{kind_of!r} is no type: one of {', '.join(TYPES)}")
    return Rule(target, found["column"], type=kind_of)


class RowMapping:
    """Turns rows of one import into items."""

    def __init__(self, kind: Kind, rules: Sequence[Rule], *, flat: bool) -> None:
        self._kind = kind
        self._rules = rules
        self._flat = flat or bool(rules)
        self._named = {rule.column for rule in rules}

    @property
    def plain(self) -> bool:
        """Whether rows are items already, but for what every item of the kind says."""
        return not self._flat

    def item(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The item of a row; raises RowError at the member that cannot be made."""
        item = dict(BASES[self._kind])
        if not self._flat:
            return {**item, **row}
        for column, value in row.items():
            if column not in self._named:
                _put(item, self._home(column), _plain(value, column))
        for rule in self._rules:
            if not rule.column:
                _put(item, rule.target, rule.constant)
            elif rule.column not in row:
                raise RowError(f"There is no column {rule.column!r}", f"/{rule.target}")
            else:
                _put(item, rule.target, _typed(row[rule.column], rule))
        for name in TIMES & item.keys():
            item[name] = _zoned(item[name])
        return item

    def _home(self, column: str) -> str:
        name = _ALIASES.get(column, column)
        head, dot, _ = name.partition(".")
        if name in MEMBERS[self._kind] or (dot and head in OBJECTS):
            return name
        return f"{OTHERS[self._kind]}.{name}"


def _put(item: dict[str, Any], target: str, value: Any) -> None:
    """An empty cell says nothing."""
    if value is None or value == "":
        return
    head, dot, name = target.partition(".")
    if dot and head in OBJECTS:
        item.setdefault(head, {})[name] = value
    else:
        item[target] = value


def _plain(value: Any, column: str) -> Any:
    """What columnar files hold, as JSON knows it."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        raise RowError("Bytes cannot be imported", f"/{column}")
    return value


def _typed(value: Any, rule: Rule) -> Any:
    value = _plain(value, rule.column)
    if value is None or value == "":
        return None
    try:
        return TYPES[rule.type](value)
    except (ValueError, TypeError):
        raise RowError(f"{value!r} is no {rule.type}", f"/{rule.target}") from None


def _zoned(value: Any) -> Any:
    """A time without a zone is one of UTC; one that cannot be read is left to be refused."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _boolean(value: Any) -> bool:
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    text = str(value).strip().lower()
    if text not in known:
        raise ValueError
    return known[text]


def _number(value: Any) -> float:
    return float(str(value).strip())


def _time(value: Any) -> str:
    return str(_zoned(datetime.fromisoformat(str(value).strip()).isoformat()))


TYPES: Mapping[str, Callable[[Any], Any]] = {
    "text": str,
    "number": _number,
    "integer": lambda value: int(str(value).strip()),
    "boolean": _boolean,
    "time": _time,
    "list": lambda value: [part.strip() for part in str(value).split(",") if part.strip()],
    "json": lambda value: json.loads(str(value)),
}
"""What a column can be read as."""
