"""How two arms differ, with intervals that mean what they say.

Every arm is summed up by counts and sums, so an experiment of millions compares in microseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from services.history.domain.statistics.normal import chi_square_tail, quantile, two_sided_p

RATIO_ALARM = 0.001
"""Below it the split was not what was planned, and no difference can be trusted (GrowthBook and
Eppo use the same threshold).
"""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm: its people, and the sum and sum of squares of what each did.

    For a conversion every person counts 0 or 1, so that both sums are the number converted.
    """

    people: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        """Of one person, unbiased."""
        if self.people < 2:
            return 0.0
        return max(0.0, (self.squares - self.total**2 / self.people) / (self.people - 1))


def converted(people: int, conversions: int) -> Arm:
    """The arm of a yes-or-no outcome."""
    return Arm(people=people, total=conversions, squares=conversions)


@dataclass(frozen=True)
class Interval:
    """An estimate between its bounds."""

    low: float
    estimate: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """A treatment against its control. `lift` is relative, None where the control did nothing."""

    difference: Interval
    lift: Interval | None
    p_value: float
    standard_error: float


def compare(control: Arm, treatment: Arm, *, alpha: float = 0.05) -> Comparison:
    """Difference of means with its normal interval (Welch), and the relative lift.

    The lift's interval is on the log scale (Katz et al. 1978), so that it cannot pass -100 %.
    """
    error = _standard_error(control, treatment)
    z = quantile(1 - alpha / 2)
    difference = treatment.mean - control.mean
    return Comparison(
        difference=Interval(difference - z * error, difference, difference + z * error),
        lift=_lift(control, treatment, z),
        p_value=two_sided_p(difference / error) if error else float(difference == 0),
        standard_error=error,
    )


def _standard_error(control: Arm, treatment: Arm) -> float:
    if not control.people or not treatment.people:
        return 0.0
    return math.sqrt(control.variance / control.people + treatment.variance / treatment.people)


def _lift(control: Arm, treatment: Arm, z: float) -> Interval | None:
    if control.mean <= 0 or treatment.mean <= 0:
        return None
    ratio = treatment.mean / control.mean
    error = math.sqrt(
        control.variance / (control.people * control.mean**2)
        + treatment.variance / (treatment.people * treatment.mean**2)
    )
    spread = math.exp(z * error)
    return Interval(ratio / spread - 1, ratio - 1, ratio * spread - 1)


@dataclass(frozen=True)
class Ratio:
    """Whether people were split as planned; with `alarm`, look for the fault before the result."""

    p_value: float
    alarm: bool


def sample_ratio(people: Sequence[int], shares: Sequence[float]) -> Ratio:
    """Pearson's chi-square of the people in each arm against the planned shares."""
    total, planned = sum(people), sum(shares)
    if len(people) < 2 or total == 0 or planned <= 0:
        return Ratio(1.0, alarm=False)
    statistic = 0.0
    for count, share in zip(people, shares, strict=True):
        expected = total * share / planned
        if expected == 0:
            return Ratio(0.0, alarm=True) if count else Ratio(1.0, alarm=False)
        statistic += (count - expected) ** 2 / expected
    p_value = chi_square_tail(statistic, len(people) - 1)
    return Ratio(p_value, alarm=p_value < RATIO_ALARM)
