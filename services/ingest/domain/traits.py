"""What is known about a person: the last writer by event time wins, trait by trait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode

TRAIT_BYTES_MAX = 4 * 1024
"""Of one value, as JSON; a larger one stays in its event and is not kept here."""
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

    def text(self, name: str) -> str:
        """The trait where it is a text; empty otherwise."""
        trait = self.by_name.get(name)
        return trait.value if trait and isinstance(trait.value, str) else ""

    @property
    def email(self) -> str | None:
        """The address in the form it is looked up by; None where there is none."""
        return as_address(self.text("email"))


def as_address(text: str) -> str | None:
    """An address as it is compared: without outer blanks, in lower case."""
    return text.strip().lower() or None


def said(values: Mapping[str, Any], at: datetime) -> Traits:
    """The traits of one call, as far as they can be kept."""
    return Traits(
        by_name={
            name: Trait(value=value, at=at)
            for name, value in values.items()
            if not _is_large(name) and not _is_large(value)
        }
    )


def _is_large(value: Any) -> bool:
    if isinstance(value, str):
        return len(value.encode()) > TRAIT_BYTES_MAX
    return isinstance(value, dict | list) and len(_encode(value)) > TRAIT_BYTES_MAX


def merge(before: Traits, later: Iterable[Traits]) -> Traits:
    """`before` with what came in: newer values win; of two from the same instant the one that came
    last.

    Merging the same again changes nothing.
    """
    by_name = dict(before.by_name)
    for each in later:
        _take(by_name, each)
    return Traits(by_name=by_name)


def take(known: Traits, news: Traits) -> tuple[Traits, tuple[str, ...]]:
    """`merge` for one call, with the names of the traits about which something newer was known."""
    by_name = dict(known.by_name)
    superseded = _take(by_name, news)
    return Traits(by_name=by_name), superseded


def _take(by_name: dict[str, Trait], news: Traits) -> tuple[str, ...]:
    superseded = []
    for name, trait in news.by_name.items():
        known = by_name.get(name)
        if known is None:
            if len(by_name) < TRAITS_MAX:
                by_name[name] = trait
        elif trait.at >= known.at:
            by_name[name] = trait
        else:
            superseded.append(name)
    return tuple(superseded)
