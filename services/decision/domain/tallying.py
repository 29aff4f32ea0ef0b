"""Counts that rules ask for beyond the counters: of some events only, sums, other windows.

A window given in days counts by whole UTC days, in hours by hours, in minutes by minutes, and one
of more than 90 days by weeks: the bucket in which it begins counts whole. Nothing counts once the
last event is as old as the window, so absence flips to the second.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from services.decision.domain.model import Test
from services.decision.domain.state import DAY_S, DAYS_KEPT, Tally, new

MINUTE_S, HOUR_S, WEEK_S = 60, 3_600, 7 * DAY_S

#: From a bucket's length to how many before the last one are kept: 4 hours by minutes, 7 days by
#: hours, 90 days by days, 3 years by weeks.
REACH = {MINUTE_S: 240, HOUR_S: 168, DAY_S: DAYS_KEPT, WEEK_S: 157}

_NOBODY = new(UUID(int=0))
_DECIMALS = 6


class TallySpec(msgspec.Struct, frozen=True):
    """What a tally counts; `number` stands for it in a state.

    `value` is the property to sum, empty for none; `unit_s` the length of its buckets, 0 for none.
    """

    number: int
    event: str
    where: Test | None
    value: str
    unit_s: int


def add(tally: Tally | None, spec: TallySpec, at_s: int, properties: Mapping[str, Any]) -> Tally:
    """Return the tally with one more event at `at_s`, in whatever order events come."""
    amount = _amount(properties.get(spec.value)) if spec.value else 0.0
    unit_s = spec.unit_s
    if tally is None:
        buckets = (0, 1) if unit_s else ()
        return Tally(1, at_s, at_s, amount, buckets, (amount,) if unit_s and spec.value else ())
    one = Tally(1, at_s, at_s, amount, (0, 1) if unit_s else (), (amount,) if tally.sums else ())
    return merge(tally, one, unit_s)


def counts(spec: TallySpec, now_s: int, properties: Mapping[str, Any]) -> bool:
    """Return whether an event is one that the tally counts; only its properties matter."""
    return spec.where is None or spec.where(_NOBODY, now_s, properties)


def merge(one: Tally, other: Tally, unit_s: int) -> Tally:
    """Return the tally of both, which saw different events."""
    last_s = max(one.last_s, other.last_s)
    buckets: tuple[int, ...] = ()
    sums: tuple[float, ...] = ()
    if unit_s:
        buckets, sums = _united(one, other, last_s, unit_s)
    return Tally(
        one.count + other.count, min(one.first_s, other.first_s), last_s, one.sum + other.sum,
        buckets, sums,
    )  # fmt: skip


def _united(
    one: Tally, other: Tally, last_s: int, unit_s: int
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    counted: dict[int, int] = {}
    summed: dict[int, float] = {}
    for tally in (one, other):
        last = tally.last_s // unit_s
        for i in range(0, len(tally.buckets), 2):
            bucket = last - tally.buckets[i]
            counted[bucket] = counted.get(bucket, 0) + tally.buckets[i + 1]
            if tally.sums:
                summed[bucket] = summed.get(bucket, 0.0) + tally.sums[i // 2]
    last, reach = last_s // unit_s, REACH[unit_s]
    kept = sorted(bucket for bucket in counted if last - bucket <= reach)
    buckets = tuple(part for bucket in kept for part in (last - bucket, counted[bucket]))
    return buckets, tuple(summed[bucket] for bucket in kept if bucket in summed)


def within(tally: Tally | None, spec: TallySpec, start_s: int) -> float:
    """Return the count, or the sum where one is asked for, of what came after `start_s`."""
    if tally is None or tally.last_s <= start_s:
        return 0
    if tally.first_s > start_s:
        return ever(tally, spec)
    left = _buckets(tally, spec, start_s)
    return _remaining(left, spec)[0] if left else 0


def ever(tally: Tally | None, spec: TallySpec) -> float:
    """Return the count, or the sum, of all."""
    if tally is None:
        return 0
    return _rounded(tally.sum, spec) if spec.value else tally.count


def next_change(
    tally: Tally, spec: TallySpec, window_s: int, now_s: int, check: Callable[[float], bool]
) -> int | None:
    """Return when `check` of the count or sum within a rolling window answers otherwise by itself.

    None where it never will.
    """
    start_s, end_s = now_s - window_s, tally.last_s + window_s
    if end_s <= now_s:
        return None
    holds = check(within(tally, spec, start_s))
    left = _buckets(tally, spec, start_s)
    remaining = _remaining(left, spec)
    steps = list(zip([ends_s for ends_s, _ in left], [*remaining[1:], 0.0], strict=True))
    if tally.first_s > start_s and left:
        steps.insert(0, (tally.first_s, remaining[0]))
    for leaves_s, amount in steps:
        at_s = leaves_s + window_s
        if at_s >= end_s:
            break
        if check(amount) != holds:
            return at_s
    return end_s if check(0) != holds else None


def _remaining(left: list[tuple[int, float]], spec: TallySpec) -> list[float]:
    """Return what is left from each bucket on, always summed up in the same order."""
    total, found = 0.0, []
    for _, amount in reversed(left):
        total += amount
        found.append(_rounded(total, spec))
    return found[::-1]


def _buckets(tally: Tally, spec: TallySpec, start_s: int) -> list[tuple[int, float]]:
    """Return the end and amount of each bucket that reaches beyond `start_s`, oldest first."""
    unit_s = spec.unit_s
    if not unit_s:
        return [(tally.last_s, float(tally.count))] if tally.last_s > start_s else []
    last, first = tally.last_s // unit_s, start_s // unit_s
    found = []
    for i in range(0, len(tally.buckets), 2):
        bucket = last - tally.buckets[i]
        if bucket >= first:
            amount = tally.sums[i // 2] if spec.value else tally.buckets[i + 1]
            found.append(((bucket + 1) * unit_s, amount))
    return found


def _rounded(amount: float, spec: TallySpec) -> float:
    """A sum of money must not miss its bound by the last bit."""
    return round(amount, _DECIMALS) if spec.value else amount


def _amount(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else 0.0
