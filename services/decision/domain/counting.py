"""Event counters: total, first, last and counts per UTC day, sparse, for 90 days."""

from collections.abc import Callable

from services.decision.domain.state import DAY_S, DAYS_KEPT, Counter

_COUNT_MAX = 255


def add(counter: Counter | None, at_s: int) -> Counter:
    """Return the counter with one more event at `at_s`, in whatever order events come."""
    if counter is None:
        return Counter(1, at_s, at_s, b"\x00\x01")
    counts = day_counts(counter)
    day = at_s // DAY_S
    counts[day] = min(counts.get(day, 0) + 1, _COUNT_MAX)
    last_s = max(counter.last_s, at_s)
    return Counter(counter.total + 1, min(counter.first_s, at_s), last_s, _pack(counts, last_s))


def merge(one: Counter, other: Counter) -> Counter:
    """Return the counter of both, which saw different events."""
    counts = day_counts(one)
    for day, count in day_counts(other).items():
        counts[day] = min(counts.get(day, 0) + count, _COUNT_MAX)
    last_s = max(one.last_s, other.last_s)
    return Counter(
        one.total + other.total, min(one.first_s, other.first_s), last_s, _pack(counts, last_s)
    )


def day_counts(counter: Counter) -> dict[int, int]:
    """Return events per UTC day (days since 1970)."""
    last_day = counter.last_s // DAY_S
    days = counter.days
    return {last_day - days[i]: days[i + 1] for i in range(0, len(days), 2)}


def count_since(counter: Counter, start_s: int) -> int:
    """Return how many events came after `start_s`, by whole UTC days: the day of `start_s` counts.

    Exact where first and last tell the answer (none, or all), so "never since" flips to the second.
    """
    if counter.last_s <= start_s:
        return 0
    if counter.first_s > start_s:
        return counter.total
    age_max = counter.last_s // DAY_S - start_s // DAY_S
    days, count = counter.days, 0
    for i in range(len(days) - 2, -1, -2):
        if days[i] > age_max:
            break
        count += days[i + 1]
    return count


def next_change(
    counter: Counter, window_s: int, now_s: int, check: Callable[[int], bool]
) -> int | None:
    """Return when `check` of the count within a rolling window will answer otherwise by itself.

    None where it never will: without events a count only falls, whole days at a time, and to zero
    when the last event is as old as the window.
    """
    start_s, end_s = now_s - window_s, counter.last_s + window_s
    if end_s <= now_s:
        return None
    holds = check(count_since(counter, start_s))
    days, last_day = counter.days, counter.last_s // DAY_S
    age_max = last_day - start_s // DAY_S
    first = 0
    while first < len(days) and days[first] > age_max:
        first += 2
    remaining = sum(days[first + 1 :: 2])
    if counter.first_s > start_s and check(remaining) != holds:
        return min(counter.first_s + window_s, end_s)
    for i in range(first, len(days), 2):
        leaves_s = (last_day - days[i] + 1) * DAY_S + window_s
        if leaves_s >= end_s:
            break
        remaining -= days[i + 1]
        if check(remaining) != holds:
            return leaves_s
    return end_s if check(0) != holds else None


def _pack(counts: dict[int, int], last_s: int) -> bytes:
    """Return the days as bytes, oldest first, without those out of reach."""
    last_day = last_s // DAY_S
    packed = bytearray()
    for day in sorted(counts):
        age = last_day - day
        if age <= DAYS_KEPT:
            packed.append(age)
            packed.append(counts[day])
    return bytes(packed)
