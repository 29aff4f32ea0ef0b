"""Thompson sampling with probabilities that are known: who is best, and how surely.

Thompson sampling draws one rate from each arm's Beta posterior and plays the highest. The
probability that it plays arm i is

    P_i = integral of f_i(x) * product over j != i of F_j(x) dx

(f density, F distribution function of the posteriors), which is worked out here by deterministic
integration instead of drawing. So the action can be drawn from a table, and what is logged is the
probability it was drawn with, exactly.

Sources: Thompson (1933), Biometrika 25; Chapelle and Li (2011), NIPS 24.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log, log1p, sinh, sqrt
from typing import NamedTuple

#: Probabilities are whole millionths: a draw and what is logged of it cannot differ.
WHOLE = 1_000_000
#: More arms than this for one message are refused by the catalog: the table would cost over 10 ms.
ARMS_MAX = 12

_POINTS_EACH_SIDE = 32
_SPACING = 0.12
_STRETCH = 1.6
_TINY = 1e-300


class Beta(NamedTuple):
    """What is believed of a rate; both parameters are at least 1, so it has one peak."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """The expected rate."""
        return self.a / (self.a + self.b)


@lru_cache(maxsize=4096)
def best_probabilities(beliefs: tuple[Beta, ...]) -> tuple[float, ...]:
    """Return, for each belief, how probable it is that its rate is the highest; they sum to 1.

    Integrated over the logit of the rate, where every Beta density is smooth and log-concave, on
    the union of one grid per arm, with the trapezoidal rule corrected by derivatives (Hermite,
    fifth order in the spacing). The error is below 1e-6 (tests hold it to the closed form).
    """
    if len(beliefs) == 1:
        return (1.0,)
    if all(one == beliefs[0] for one in beliefs):
        return (1.0 / len(beliefs),) * len(beliefs)
    points = _grid(beliefs)
    curves = [_curve(one, points) for one in beliefs]
    sums = [0.0] * len(beliefs)
    before: list[tuple[float, float]] = []
    for k, point in enumerate(points):
        now = _integrands(curves, k)
        if k:
            width = point - points[k - 1]
            for i, ((g0, d0), (g1, d1)) in enumerate(zip(before, now, strict=True)):
                sums[i] += width * 0.5 * (g0 + g1) + width * width / 12 * (d0 - d1)
        before = now
    clean = [max(0.0, one) for one in sums]
    total = sum(clean)
    return tuple(one / total for one in clean)


def millionths(beliefs: Sequence[Beta], exploration: float) -> tuple[int, ...]:
    """Return the probability of playing each arm in millionths, which sum to WHOLE.

    `exploration` is the share that is spread evenly, whatever is believed: each of k arms is
    played with at least `exploration / k`, so that every policy can be judged from the log and no
    arm is given up for good.
    """
    floor = exploration / len(beliefs)
    best = best_probabilities(tuple(beliefs))
    exact = [WHOLE * (floor + (1.0 - exploration) * one) for one in best]
    whole = [int(one) for one in exact]
    missing = WHOLE - sum(whole)
    # Largest remainders first; equal ones in the order of the arms.
    order = sorted(range(len(exact)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[:missing]:
        whole[i] += 1
    return tuple(whole)


def draw(shares: Sequence[int], seed: int) -> int:
    """Return the arm that `seed` (62 random bits) draws from shares in millionths.

    A seed taken modulo a million favours no arm by more than 1 in 4e12.
    """
    point = seed % WHOLE
    for i, share in enumerate(shares):
        point -= share
        if point < 0:
            return i
    raise ValueError(f"shares sum to {sum(shares)}, not to {WHOLE}")


def _grid(beliefs: Sequence[Beta]) -> list[float]:
    """Return points around every belief's peak: dense near it, out to 1e-9 of its density."""
    points = set()
    for a, b in set(beliefs):
        peak, spread = _logit_of_peak(a, b), sqrt(1 / a + 1 / b)
        for k in range(-_POINTS_EACH_SIDE, _POINTS_EACH_SIDE + 1):
            points.add(peak + spread * _STRETCH * sinh(_SPACING * k) * 0.75)
    return sorted(points)


def _logit_of_peak(a: float, b: float) -> float:
    return log(a / b)


def _curve(belief: Beta, points: Sequence[float]) -> list[tuple[float, float, float]]:
    """Return density, its slope and the distribution function at each point."""
    a, b = belief
    peak = _logit_of_peak(a, b)
    top = a * _log_share(peak) + b * _log_share(-peak)
    heights, slopes = [], []
    for z in points:
        f = exp(a * _log_share(z) + b * _log_share(-z) - top)
        x = exp(_log_share(z))
        heights.append(f)
        slopes.append(f * (a * (1.0 - x) - b * x))
    areas = [0.0]
    for k in range(1, len(points)):
        width = points[k] - points[k - 1]
        areas.append(
            areas[-1]
            + width * 0.5 * (heights[k - 1] + heights[k])
            + width * width / 12 * (slopes[k - 1] - slopes[k])
        )
    whole = areas[-1]
    return [
        (f / whole, d / whole, max(area / whole, _TINY))
        for f, d, area in zip(heights, slopes, areas, strict=True)
    ]


def _log_share(z: float) -> float:
    """Return log(1 / (1 + e^-z)) without overflow."""
    return -log1p(exp(-z)) if z > 0 else z - log1p(exp(z))


def _integrands(
    curves: Sequence[Sequence[tuple[float, float, float]]], k: int
) -> list[tuple[float, float]]:
    """Return f_i * product of the others' F, and its slope, at point k for each arm."""
    product, hazards = 1.0, 0.0
    for curve in curves:
        f, _, area = curve[k]
        product *= area
        hazards += f / area
    found = []
    for curve in curves:
        f, slope, area = curve[k]
        others = product / area
        found.append((f * others, slope * others + f * others * (hazards - f / area)))
    return found
