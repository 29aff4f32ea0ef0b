"""Quantiles and tails of the two distributions everything else rests on."""

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def quantile(probability: float) -> float:
    """The standard normal value that lies above this share of all draws."""
    return _STANDARD.inv_cdf(probability)


def cumulative(value: float) -> float:
    """The share of standard normal draws below `value`."""
    return _STANDARD.cdf(value)


def two_sided_p(z: float) -> float:
    """How often chance alone lies at least as far from zero, on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square_tail(value: float, degrees: int) -> float:
    """The share of chi-square draws above `value`, for whole degrees of freedom from 1.

    Finite sums, exact up to rounding (Abramowitz & Stegun 26.4.4 and 26.4.5).
    """
    if value <= 0:
        return 1.0
    half = value / 2
    if degrees % 2 == 0:
        term = total = math.exp(-half)
        for k in range(1, degrees // 2):
            term *= half / k
            total += term
        return min(total, 1.0)
    total = math.erfc(math.sqrt(half))
    term = math.exp(-half) * math.sqrt(value) * math.sqrt(2 / math.pi)
    for k in range(1, degrees, 2):
        total += term
        term *= value / (k + 2)
    return min(total, 1.0)
