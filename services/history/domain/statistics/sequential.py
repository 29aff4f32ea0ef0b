"""Looking at a running experiment as often as one likes, without fooling oneself.

A fixed interval read five times while it runs is wrong one time in seven, not one in twenty. These
hold at every moment at once.
"""

import math

from services.history.domain.statistics.comparison import Interval
from services.history.domain.statistics.normal import quantile

TUNED_FOR = 5_000
"""People at which the confidence sequence is tightest; GrowthBook's default, fixed per test."""


def confidence_sequence(
    difference: float,
    standard_error: float,
    people: int,
    *,
    alpha: float = 0.05,
    tuned_for: int = TUNED_FOR,
) -> Interval:
    """An interval valid at every look, from the difference and its standard error now.

    Asymptotic confidence sequence (Waudby-Smith et al. 2021, as GrowthBook computes it).
    """
    if people <= 0 or standard_error <= 0:
        return Interval(-math.inf, difference, math.inf)
    log_alpha = math.log(alpha)
    rho2 = (-2 * log_alpha + math.log(-2 * log_alpha + 1)) / tuned_for
    inside = people * rho2 + 1
    width = standard_error * math.sqrt(
        people * 2 * inside / (people**2 * rho2) * math.log(math.sqrt(inside) / alpha)
    )
    return Interval(difference - width, difference, difference + width)


def mixture_ratio_test(
    difference: float, standard_error: float, *, spread: float, alpha: float = 0.05
) -> Interval:
    """An interval valid at every look by the mixture sequential probability ratio test.

    `spread` is the variance of the effects one expects before any data (Johari et al. 2015; the
    form Statsig publishes).
    """
    variance = standard_error**2
    if variance <= 0:
        return Interval(-math.inf, difference, math.inf)
    z2 = (
        (variance + spread)
        / spread
        * (-2 * math.log(alpha / 2) - math.log(variance / (variance + spread)))
    )
    width = math.sqrt(z2 * variance)
    return Interval(difference - width, difference, difference + width)


def mixture_spread(variance_sum: float, people: int, *, alpha: float = 0.05) -> float:
    """The spread Statsig sets: z² (var_t + var_c) / (n_t + n_c)."""
    return quantile(1 - alpha / 2) ** 2 * variance_sum / people
