"""Before an experiment starts: how many people it needs, what it can find, how long it takes.

Two proportions, two-sided, equal arms, unpooled variance (Fleiss, Levin & Paik 2003, ch. 4):
n per arm = (z[1-alpha/2] + z[power])² · (p1 q1 + p2 q2) / (p1 - p2)².
"""

import math

from services.history.domain.statistics.normal import cumulative, quantile

ALPHA, POWER = 0.05, 0.8
"""The conventions of the field: one false alarm in twenty, four of five real effects found."""


def sample_size(baseline: float, lift: float, *, alpha: float = ALPHA, power: float = POWER) -> int:
    """People needed in each arm to find a relative `lift` over the rate `baseline`.

    Raises ValueError where a rate would leave (0, 1) or there is no lift to find.
    """
    other = _other(baseline, lift)
    z = quantile(1 - alpha / 2) + quantile(power)
    variance = baseline * (1 - baseline) + other * (1 - other)
    return math.ceil(z**2 * variance / (other - baseline) ** 2)


def power_of(baseline: float, lift: float, arm: int, *, alpha: float = ALPHA) -> float:
    """The chance of finding the relative `lift` with `arm` people in each arm."""
    other = _other(baseline, lift)
    error = math.sqrt((baseline * (1 - baseline) + other * (1 - other)) / arm)
    distance = abs(other - baseline) / error
    z = quantile(1 - alpha / 2)
    return cumulative(distance - z) + cumulative(-distance - z)


def detectable_lift(
    baseline: float, arm: int, *, alpha: float = ALPHA, power: float = POWER
) -> float | None:
    """The smallest relative lift `arm` people in each arm will find; None where not even a rise
    to certainty would be found.
    """
    highest = (1 - baseline) / baseline
    low, high = 0.0, highest * (1 - 1e-9)
    if power_of(baseline, high, arm, alpha=alpha) < power:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        if middle > 0 and power_of(baseline, middle, arm, alpha=alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def duration_days(arm: int, arms: int, people_a_day: float) -> int:
    """Days until every arm is full, whole weeks at least: weekdays are not alike."""
    if people_a_day <= 0:
        raise ValueError("nobody enters the experiment")
    days = math.ceil(arm * arms / people_a_day)
    return math.ceil(days / 7) * 7


def _other(baseline: float, lift: float) -> float:
    other = baseline * (1 + lift)
    if not 0 < baseline < 1 or not 0 < other < 1:
        raise ValueError("both rates must lie between 0 and 1")
    if other == baseline:
        raise ValueError("there is no lift to find")
    return other
