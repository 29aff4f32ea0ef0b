"""What is known about a person: the last writer by event time wins, trait by trait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TRAITS_MAX = 300
"""Traits of one person; a new name beyond it stays in its event and is not kept here."""


@dataclass(frozen=True, kw_only=True)
class Trait:
    """One value and when it was said. None says: was removed then."""

    value: Any
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Traits:
    """All traits of a person, removed ones included, so that a late older value does not bring
    them back.
    """

    by_name: Mapping[str, Trait] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Name → value, as shown."""
        return {
            name: trait.value for name, trait in self.by_name.items() if trait.value is not None
        }

    @property
    def email(self) -> str | None:
        """The address in the form it is looked up by; None where there is none."""
        value = self.by_name.get("email")
        return as_address(value.value) if value and isinstance(value.value, str) else None


def as_address(text: str) -> str | None:
    """An address as it is compared: without outer blanks, in lower case."""
    return text.strip().lower() or None


def said(values: Mapping[str, Any], at: datetime) -> Traits:
    """The traits of one call."""
    return Traits(by_name={name: Trait(value=value, at=at) for name, value in values.items()})


def merge(before: Traits, later: Iterable[Traits]) -> Traits:
    """`before` with what came in: newer values win; of two from the same instant the one that came
    last.

    Merging the same again changes nothing.
    """
    by_name = dict(before.by_name)
    for each in later:
        for name, trait in each.by_name.items():
            known = by_name.get(name)
            if known is None and len(by_name) >= TRAITS_MAX:
                continue
            if known is None or trait.at >= known.at:
                by_name[name] = trait
    return Traits(by_name=by_name)
