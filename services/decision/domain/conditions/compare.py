"""How a value compares: each comparison of a document as a function of the value.

A missing value satisfies only `exists: false`, `is_not` and `not_in`. Numbers compare with
numbers, texts (ISO dates among them) with texts, versions with versions; anything else is false,
never an error.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from services.decision.domain.conditions.context import Report
from services.decision.domain.documents import Condition

Check = Callable[[Any], bool]

ORDERED = ("at_least", "at_most", "more_than", "less_than")
EXACT = ("is_", "is_not", "in_", "not_in")
TEXTUAL = ("contains", "contains_any", "contains_all", "starts_with", "ends_with")
PLAIN = (*EXACT, *ORDERED, *TEXTUAL, "exists")
VERSIONS = ("is_", "is_not", *ORDERED, "exists")

# Precedence of Semantic Versioning 2.0.0 (semver.org), §11; a leading v and missing parts are let
# pass, as apps write them.
_VERSION = re.compile(
    r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]+)?"
)
Version = tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]


def checks(condition: Condition, names: Sequence[str], path: str, report: Report) -> Check:
    """Return the check that passes where all named comparisons of the condition do."""
    if condition.as_ == "version":
        found = [_of_version(name, condition, path, report) for name in names]
    else:
        found = [comparison(name, getattr(condition, name)) for name in names]
    return all_of(tuple(found))


def comparison(name: str, operand: Any) -> Check:
    """Return the check a comparison of a document means."""
    found = _COMPARISONS.get(name)
    return found(operand) if found else _order(name, operand)


def _same(operand: Any) -> Check:
    if isinstance(operand, str):
        return lambda value: value == operand
    return lambda value: value == operand and isinstance(value, bool) == isinstance(operand, bool)


def _other(operand: Any) -> Check:
    return lambda value: value != operand or isinstance(value, bool) != isinstance(operand, bool)


def _one_of(operand: Any) -> Check:
    if all(isinstance(each, str) for each in operand):
        texts = tuple(operand)
        return lambda value: value in texts
    return any_of(tuple(_same(each) for each in operand))


def _none_of(operand: Any) -> Check:
    same = _one_of(operand)
    return lambda value: not same(value)


_COMPARISONS: dict[str, Callable[[Any], Check]] = {
    "is_": _same,
    "is_not": _other,
    "in_": _one_of,
    "not_in": _none_of,
    "exists": lambda operand: lambda value: (value is not None) is operand,
    "contains": lambda operand: lambda value: isinstance(value, str | list) and operand in value,
    "contains_any": lambda operand: (
        lambda value: isinstance(value, str | list) and any(each in value for each in operand)
    ),
    "contains_all": lambda operand: (
        lambda value: isinstance(value, str | list) and all(each in value for each in operand)
    ),
    "starts_with": lambda operand: (
        lambda value: isinstance(value, str) and value.startswith(operand)
    ),
    "ends_with": lambda operand: lambda value: isinstance(value, str) and value.endswith(operand),
}


def all_of(parts: tuple[Check, ...]) -> Check:
    """Return the check that passes where all do."""
    if len(parts) == 1:
        return parts[0]

    # A loop, not all(): without a generator it takes half the time.
    def every(value: Any) -> bool:
        for part in parts:
            if not part(value):
                return False
        return True

    return every


def any_of(parts: tuple[Check, ...]) -> Check:
    """Return the check that passes where any does."""
    return lambda value: any(part(value) for part in parts)


def _order(name: str, operand: Any) -> Check:
    kind: Any = str if isinstance(operand, str) else (int, float)
    if name == "at_least":
        return lambda value: isinstance(value, kind) and value >= operand
    if name == "at_most":
        return lambda value: isinstance(value, kind) and value <= operand
    if name == "more_than":
        return lambda value: isinstance(value, kind) and value > operand
    return lambda value: isinstance(value, kind) and value < operand


def _of_version(name: str, condition: Condition, path: str, report: Report) -> Check:
    operand = getattr(condition, name)
    if name == "exists":
        return comparison(name, operand)
    wanted = version_of(operand)
    if wanted is None:
        report(f"{path}.{name.strip('_')}", "a version such as 2.10.0", repr(operand))
        return lambda value: False
    check = _ORDERS[name]

    def of_version(value: Any) -> bool:
        found = version_of(value)
        return name == "is_not" if found is None else check(found, wanted)

    return of_version


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "is_": lambda found, wanted: found == wanted,
    "is_not": lambda found, wanted: found != wanted,
    "at_least": lambda found, wanted: found >= wanted,
    "at_most": lambda found, wanted: found <= wanted,
    "more_than": lambda found, wanted: found > wanted,
    "less_than": lambda found, wanted: found < wanted,
}


def version_of(value: Any) -> Version | None:
    """Return a text as a version that compares by precedence; None where it is none."""
    return _parse_version(value) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _parse_version(text: str) -> Version | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch, early = match.groups()
    numbers = (int(major), int(minor or 0), int(patch or 0))
    if early is None:
        return (numbers, 1, ())
    parts = tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part) for part in early.split(".")
    )
    return (numbers, 0, parts)
