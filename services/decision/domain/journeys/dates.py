"""Dates people carry as traits (a birthday, a renewal) as instants: "7 days before, at 09:00"."""

import re
from datetime import date, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from services.decision.domain.civil import instant_s, local
from services.decision.domain.documents import FieldName, LocalTime
from services.decision.domain.state import TraitValue

OffsetText = Annotated[
    str, Meta(pattern=r"^-?P\d{1,3}[DW]$", description="Days or weeks, such as -P7D for before")
]
_OFFSET = re.compile(r"(-?)P(\d{1,3})([DW])")
_YEARS_AHEAD = 2


class DateDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The date a trait holds (`2026-05-17`, or a time stamp's first ten characters).

    `every_year` means its next anniversary; 29 February is kept on the 28th where there is none.
    """

    trait: FieldName
    offset: OffsetText = "P0D"
    at: LocalTime = "09:00"
    every_year: bool = False


class TraitDate(msgspec.Struct, frozen=True):
    """A date trait as it runs: `days` after the date (before where negative), at a local time."""

    trait: str
    days: int
    at: time
    every_year: bool

    def next_s(self, value: TraitValue, after_s: int, zone: ZoneInfo) -> int | None:
        """Return the first instant meant after `after_s`; None where there is none."""
        day = parse_day(value)
        if day is None:
            return None
        if not self.every_year:
            due_s = self._due_s(day, zone)
            return due_s if due_s is not None and due_s > after_s else None
        year = local(after_s, zone).year
        for candidate in range(year - 1, year + _YEARS_AHEAD + 1):
            if candidate < day.year:
                continue
            due_s = self._due_s(in_year(day, candidate), zone)
            if due_s is not None and due_s > after_s:
                return due_s
        return None

    def _due_s(self, day: date, zone: ZoneInfo) -> int | None:
        try:
            return instant_s(day + timedelta(days=self.days), self.at, zone)
        except OverflowError:
            return None


def parse_day(value: TraitValue) -> date | None:
    """Return the day a trait names, None where it names none."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        return None


def in_year(day: date, year: int) -> date:
    """Return the same day of another year; 29 February becomes the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def days_of(offset: str) -> int:
    """Return the days an offset such as -P7D or P2W means; the pattern is checked by its type."""
    match = _OFFSET.fullmatch(offset)
    if match is None:
        raise ValueError(f"not an offset: {offset}")
    sign, count, unit = match.groups()
    return (-1 if sign else 1) * int(count) * (7 if unit == "W" else 1)
