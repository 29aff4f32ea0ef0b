"""Less noise from what was known before (CUPED), and honesty about many questions at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.history.domain.statistics.comparison import Arm


@dataclass(frozen=True, kw_only=True)
class Paired:
    """An arm with what each person did before it: sums of outcome y, past x, squares, products."""

    people: int
    y: float
    yy: float
    x: float
    xx: float
    xy: float


def adjust(arms: Sequence[Paired]) -> list[Arm]:
    """Each arm with the part of its outcome removed that the past explains.

    CUPED (Deng, Xu, Kohavi & Walker 2013): y - theta (x - mean of x over all arms), with one theta
    = cov(x, y) / var(x) over everyone. Means stay unbiased; variance falls by the squared
    correlation. Without a varying past nothing changes.
    """
    people = sum(arm.people for arm in arms)
    if people < 2:
        return [Arm(people=arm.people, total=arm.y, squares=arm.yy) for arm in arms]
    x, y = sum(arm.x for arm in arms), sum(arm.y for arm in arms)
    spread = sum(arm.xx for arm in arms) - x * x / people
    theta = (sum(arm.xy for arm in arms) - x * y / people) / spread if spread > 0 else 0.0
    mean = x / people
    return [_adjusted(arm, theta, mean) for arm in arms]


def _adjusted(arm: Paired, theta: float, mean: float) -> Arm:
    past = arm.x - arm.people * mean
    past_squares = arm.xx - 2 * mean * arm.x + arm.people * mean * mean
    products = arm.xy - mean * arm.y
    return Arm(
        people=arm.people,
        total=arm.y - theta * past,
        squares=arm.yy - 2 * theta * products + theta * theta * past_squares,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values that keep the chance of any false alarm (Holm 1979)."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(_ascending(p_values)):
        highest = max(highest, min(1.0, p_values[place] * (len(p_values) - rank)))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values that keep the share of false alarms (Benjamini & Hochberg 1995)."""
    adjusted = [0.0] * len(p_values)
    lowest = 1.0
    ranked = list(enumerate(_ascending(p_values), start=1))
    for rank, place in reversed(ranked):
        lowest = min(lowest, p_values[place] * len(p_values) / rank)
        adjusted[place] = lowest
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)
