"""When a person is there: a histogram over the hours of their week, with everyone's as its prior.

A week has 168 local hours; hour 0 is Monday, 00:00 to 01:00, where the person is. A histogram is
kept as two bytes per hour seen (hour, count), at most HOURS_KEPT of them, sorted by hour.
"""

from datetime import datetime
from functools import lru_cache

from services.decision.domain.response_model import HOURS, ResponseModel

#: 48 bytes of state at most; the rarest hour makes room for a new one.
HOURS_KEPT = 24
#: How many sightings the prior weighs.
STRENGTH = 12.0
_COUNT_MAX = 255


def hour_of_week(local: datetime) -> int:
    """Return the hour of the week, 0 to 167, that a local time falls into."""
    return local.weekday() * 24 + local.hour


def add(histogram: bytes, hour: int) -> bytes:
    """Return the histogram with one more sighting. When a count is full, all are halved."""
    counts = counts_of(histogram)
    counts[hour] = counts.get(hour, 0) + 1
    if counts[hour] > _COUNT_MAX:
        counts = {at: count // 2 for at, count in counts.items() if count > 1}
    elif len(counts) > HOURS_KEPT:
        rarest = min((at for at in counts if at != hour), key=lambda at: (counts[at], at))
        del counts[rarest]
    return bytes(value for at in sorted(counts) for value in (at, counts[at]))


def merge(one: bytes, other: bytes) -> bytes:
    """Return the histogram of two profiles that are one person."""
    counts = counts_of(one)
    for hour, count in counts_of(other).items():
        counts[hour] = min(_COUNT_MAX, counts.get(hour, 0) + count)
    kept = sorted(counts, key=lambda at: (-counts[at], at))[:HOURS_KEPT]
    return bytes(value for at in sorted(kept) for value in (at, counts[at]))


def counts_of(histogram: bytes) -> dict[int, int]:
    """Return sightings by hour of the week."""
    return {histogram[i]: histogram[i + 1] for i in range(0, len(histogram), 2)}


@lru_cache(maxsize=8)
def _everyone(hours: tuple[int, ...]) -> tuple[float, ...]:
    """Return everyone's shares: each hour with half of its two neighbours, one sighting given."""
    smooth = [hours[h] + 0.5 * (hours[h - 1] + hours[(h + 1) % HOURS]) + 2.0 for h in range(HOURS)]
    total = sum(smooth)
    return tuple(one / total for one in smooth)


def share(histogram: bytes, model: ResponseModel, hour: int) -> float:
    """Return how much of the person's week falls into an hour; 1/168 where nothing is known."""
    prior = _everyone(model.hours)[hour]
    if not histogram:
        return prior
    seen, total = 0.0, 0
    before, after = (hour - 1) % HOURS, (hour + 1) % HOURS
    for i in range(0, len(histogram), 2):
        at, count = histogram[i], histogram[i + 1]
        total += count
        if at == hour:
            seen += 0.5 * count
        elif at in (before, after):
            seen += 0.25 * count
    return (seen + STRENGTH * prior) / (total + STRENGTH)


def best_wait_h(histogram: bytes, model: ResponseModel, hour: int, hours_max: int) -> int:
    """Return in how many hours, 0 to `hours_max`, the best hour begins; of equals the first."""
    shares = [share(histogram, model, (hour + wait) % HOURS) for wait in range(hours_max + 1)]
    return shares.index(max(shares))
