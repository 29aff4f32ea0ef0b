"""What a rule means, worked out the slow way from everything that happened: no counters, no state.

The evaluator is held to this by `test_rules_against_reference.py`.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 7 * 86_400
_ORDER = {
    "at_least": lambda a, b: a >= b,
    "at_most": lambda a, b: a <= b,
    "more_than": lambda a, b: a > b,
    "less_than": lambda a, b: a < b,
}


@dataclass
class Past:
    """Everything that happened, with when it was learnt: (known since, occurred at, what)."""

    zone: ZoneInfo
    events: list[tuple[int, int, str, dict[str, Any]]] = field(default_factory=list)
    traits: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    segments: dict[str, Any] = field(default_factory=dict)

    def holds(self, rule: dict[str, Any], now_s: int) -> bool:
        """Whether the rule is true at `now_s`, which nothing known lies after."""
        for kind, combine in (("all", all), ("any", any)):
            if kind in rule:
                return combine(self.holds(part, now_s) for part in rule[kind])
        if "none" in rule:
            return not any(self.holds(part, now_s) for part in rule["none"])
        if "segment" in rule:
            return self.holds(self.segments[rule["segment"]], now_s)
        if "event" in rule:
            return self._event(rule, now_s)
        return self._trait(rule, now_s)

    def _event(self, rule: dict[str, Any], now_s: int) -> bool:
        seen = [
            (at_s, properties)
            for known_s, at_s, name, properties in self.events
            if known_s <= now_s and name == rule["event"]
            and ("where" not in rule or compared(rule["where"], properties.get("kind")))
        ]  # fmt: skip
        times = sorted(at_s for at_s, _ in seen)
        if "which" in rule:
            if not times:
                return False
            return self._dated(rule, times[0] if rule["which"] == "first" else times[-1], now_s)
        if "within" in rule:
            window_s, unit_s = window(rule["within"])
            start_s = now_s - window_s
            if not any(at_s > start_s for at_s in times):
                seen = []
            elif "sum" in rule or not yes_or_no(rule):
                seen = [one for one in seen if one[0] // unit_s >= start_s // unit_s]
            else:
                seen = [one for one in seen if one[0] > start_s]
        value: float = len(seen)
        if "sum" in rule:
            value = round(sum(properties.get(rule["sum"], 0) for _, properties in seen), 6)
        asked = {key: each for key, each in rule.items() if key in {*_ORDER, "is"}}
        return compared(asked or {"at_least": 1}, value)

    def _trait(self, rule: dict[str, Any], now_s: int) -> bool:
        value: Any = None
        for known_s, traits in self.traits:
            if known_s <= now_s:
                value = traits.get(rule["trait"], value)
        dated = [name for name in ("older_than", "newer_than", "due_within", "anniversary",
                                   "before", "after") if name in rule]  # fmt: skip
        if dated:
            at_s = instant(value, self.zone) if isinstance(value, str) else None
            return at_s is not None and self._dated(rule, at_s, now_s)
        return compared(rule, value)

    def _dated(self, rule: dict[str, Any], at_s: int, now_s: int) -> bool:
        zone = self.zone
        if "anniversary" in rule:
            days = int(rule["anniversary"][1:-1])
            born = datetime.fromtimestamp(at_s, zone).date()
            then = datetime.fromtimestamp(now_s, zone).date() + timedelta(days=days)
            same = (then.month, then.day) == (born.month, born.day)
            leap = (born.month, born.day) == (2, 29) and (then.month, then.day) == (2, 28)
            is_leap = (then.year % 4 == 0 and then.year % 100 != 0) or then.year % 400 == 0
            return then.year > born.year and (same or (leap and not is_leap))
        if "before" in rule or "after" in rule:
            limit_s = instant(rule.get("before") or rule["after"], zone)
            assert limit_s is not None
            return (at_s < limit_s) is ("before" in rule)
        if "older_than" in rule:
            return later(at_s, rule["older_than"], zone) <= now_s
        if "newer_than" in rule:
            return at_s <= now_s < later(at_s, rule["newer_than"], zone)
        return later(at_s, rule["due_within"], zone, -1) <= now_s < at_s


def compared(rule: dict[str, Any], value: Any) -> bool:
    """All comparisons of a rule, on one value."""
    version = rule.get("as") == "version"
    if version:
        value = value and [int(part) for part in value.split(".")]
    for name, operand in rule.items():
        wanted = (
            [int(part) for part in operand.split(".")] if version and name in _ORDER else operand
        )
        if name in _ORDER:
            same = isinstance(value, list if version else int | float)
            if not same or not _ORDER[name](value, wanted):
                return False
        if name == "is" and value != operand:
            return False
        if name == "in" and value not in operand:
            return False
        if name == "exists" and (value is not None) is not operand:
            return False
        if name == "contains_any" and not (value and set(value) & set(operand)):
            return False
    return True


def yes_or_no(rule: dict[str, Any]) -> bool:
    """Whether only none or some matters: then windows end to the second."""
    asked = {(name, rule[name]) for name in (*_ORDER, "is") if name in rule}
    return asked <= {("at_least", 1), ("at_most", 0), ("is", 0), ("more_than", 0), ("less_than", 1)}


def window(text: str) -> tuple[int, int]:
    """Length of a window and of the buckets it is counted in."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?", text)
    assert match is not None
    days, hours, minutes = (int(part or 0) for part in match.groups())
    length_s = days * DAY + hours * HOUR + minutes * MINUTE
    if minutes:
        return length_s, MINUTE
    if hours:
        return length_s, HOUR
    return length_s, DAY if days <= 90 else WEEK


def instant(text: str, zone: ZoneInfo) -> int | None:
    """A date as its first moment, a time as it stands, in seconds."""
    if len(text) == 10:
        found = datetime.combine(date.fromisoformat(text), time(), tzinfo=zone)
    else:
        found = datetime.fromisoformat(text)
    return int(found.astimezone(UTC).timestamp() // 1)


def later(at_s: int, text: str, zone: ZoneInfo, sign: int = 1) -> int:
    """A duration after (or before) an instant: months and days by the calendar, hours exact."""
    match = re.fullmatch(r"P(?:(\d+)M)?(?:(\d+)D)?(?:T(\d+)H)?", text)
    assert match is not None
    months, days, hours = (sign * int(part or 0) for part in match.groups())
    if months or days:
        start = datetime.fromtimestamp(at_s, zone).replace(tzinfo=None)
        month = start.year * 12 + start.month - 1 + months
        first = start.replace(year=month // 12, month=month % 12 + 1, day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        day = min(start.day, (following - timedelta(days=1)).day)
        moved = first.replace(day=day) + timedelta(days=days)
        at_s = int(moved.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp() // 1)
    return at_s + hours * HOUR
