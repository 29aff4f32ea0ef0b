"""How a value compares: each comparison of a document as a function of the value.

A missing value satisfies only `exists: false`, `is_not` and `not_in`. Numbers compare with
numbers, texts (ISO dates among them) with texts; anything else is false, never an error.
"""

from collections.abc import Callable
from typing import Any

Check = Callable[[Any], bool]

COMPARISONS = (
    "is_", "is_not", "in_", "not_in", "at_least", "at_most", "more_than", "less_than", "contains",
    "exists",
)  # fmt: skip


def comparison(name: str, operand: Any) -> Check:
    """Return the check a comparison of a document means."""
    if name == "is_":
        return lambda value: (
            value == operand and isinstance(value, bool) == isinstance(operand, bool)
        )
    if name == "is_not":
        return lambda value: (
            value != operand or isinstance(value, bool) != isinstance(operand, bool)
        )
    if name == "in_":
        return lambda value: value in operand
    if name == "not_in":
        return lambda value: value not in operand
    if name == "exists":
        return lambda value: (value is not None) is operand
    if name == "contains":
        return lambda value: isinstance(value, str | list) and operand in value
    return _order(name, operand)


def all_of(checks: tuple[Check, ...]) -> Check:
    """Return the check that passes where all do."""
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)


def _order(name: str, operand: Any) -> Check:
    kind: Any = str if isinstance(operand, str) else (int, float)
    if name == "at_least":
        return lambda value: isinstance(value, kind) and value >= operand
    if name == "at_most":
        return lambda value: isinstance(value, kind) and value <= operand
    if name == "more_than":
        return lambda value: isinstance(value, kind) and value > operand
    return lambda value: isinstance(value, kind) and value < operand
