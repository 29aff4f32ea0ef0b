"""Goals: what messages are meant to bring about, and which event reaches one."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

_WINDOW = re.compile(r"P(?:(?P<weeks>\d+)W|(?P<days>\d+)D|T(?P<hours>\d+)H)")


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """An event that counts as success within `window` of a message.

    `where` names properties that must have exactly these values; `value` the property that says
    what it is worth, in the workspace's currency.
    """

    key: str
    event: str
    where: Mapping[str, Any] = {}
    value: str = ""
    window: timedelta = timedelta(days=7)

    def is_reached_by(self, name: str, properties: Mapping[str, Any]) -> bool:
        """Whether an event with this name and these properties is what the goal asks for."""
        return name == self.event and all(
            properties.get(each) == wanted for each, wanted in self.where.items()
        )

    def worth(self, properties: Mapping[str, Any]) -> float:
        """What the event is worth; 0 where it does not say, or says something else."""
        told = properties.get(self.value) if self.value else None
        try:
            return float(told) if isinstance(told, (int, float, str)) else 0.0
        except ValueError:
            return 0.0


def read_goals(documents: Iterable[bytes]) -> tuple[Goal, ...]:
    """The goals of these catalog documents, in the order of their keys."""
    found = [_goal(msgspec.json.decode(each)) for each in documents]
    return tuple(sorted(found, key=lambda goal: goal.key))


def _goal(document: Mapping[str, Any]) -> Goal:
    return Goal(
        key=document["key"],
        event=document["event"],
        where=document.get("where") or {},
        value=document.get("value") or "",
        window=read_window(document.get("window") or "P7D"),
    )


def read_window(text: str) -> timedelta:
    """A duration of whole weeks, days or hours; raises ValueError for any other."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no duration such as P7D")
    return timedelta(**{unit: int(count) for unit, count in found.groupdict().items() if count})
