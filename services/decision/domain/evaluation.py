"""What another policy would have been worth, from the log of what was done (off-policy evaluation).

Each logged decision has the actions that could be taken with the probability of each, the one that
was, and the reward (1 where the message was answered within its window). With w = pi(a) / p(a), the
new policy's probability of the logged action over the logged one:

    IPS   = mean of w * r                                 unbiased
    SNIPS = sum of w * r / sum of w                       a little bias, less variance
    DR    = mean of sum over a of pi(a) * q(a) + w * (r - q(a_logged))
                                                          unbiased, less variance where q is good

Sources: Horvitz and Thompson (1952); Swaminathan and Joachims (2015), NIPS 28 (SNIPS); Dudik,
Langford and Li (2011), ICML 28, arXiv 1103.4601 (DR). Intervals are normal, 95 %; that of SNIPS is
by the delta method. Decisions of one person count as independent; many per person make the true
intervals wider.
"""

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import NamedTuple, Protocol

import msgspec

from services.decision.domain.bandit import WHOLE
from services.decision.domain.response_model import ResponseModel

#: 97.5 % point of the normal distribution.
Z95 = 1.959963984540054
#: Below so many effective observations an estimate says little.
EFFECTIVE_MIN = 100.0

Arm = tuple[str, str, str]
"""Template, variant, channel."""


class Logged(NamedTuple):
    """One decision: its bucket, its actions with their shares in millionths, and what came of it.

    `chosen` is the place of the action that was taken.
    """

    bucket: str
    actions: tuple[tuple[Arm, int], ...]
    chosen: int
    reward: float


class Policy(Protocol):
    """What would be done instead."""

    def probabilities(self, one: Logged, model: ResponseModel) -> list[float]:
        """The probability of each of the decision's actions; they sum to 1."""
        ...


class Uniform:
    """Every action alike."""

    def probabilities(self, one: Logged, model: ResponseModel) -> list[float]:
        """One over their number."""
        return [1.0 / len(one.actions)] * len(one.actions)


class Greedy:
    """Always the action believed best by the model that is given."""

    def probabilities(self, one: Logged, model: ResponseModel) -> list[float]:
        """1 for the highest expected rate, the first of equals."""
        rates = [_expected(model, arm, one.bucket) for arm, _ in one.actions]
        best = rates.index(max(rates))
        return [float(i == best) for i in range(len(rates))]


class Weights:
    """Fixed weights by variant or channel name; what is not named weighs nothing.

    Where none of a decision's actions is named, all weigh alike.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights

    def probabilities(self, one: Logged, model: ResponseModel) -> list[float]:
        """The weight of variant, else template, else channel, over their sum."""
        given = [self._weight(arm) for arm, _ in one.actions]
        total = sum(given)
        if total <= 0:
            return [1.0 / len(given)] * len(given)
        return [weight / total for weight in given]

    def _weight(self, arm: Arm) -> float:
        template, variant, channel = arm
        for name in (f"{template}/{variant}", variant, template, channel):
            if name and name in self._weights:
                return self._weights[name]
        return 0.0


class Estimate(msgspec.Struct, frozen=True):
    """A value with its 95 % interval, in responses per decision."""

    value: float
    interval: tuple[float, float]


class Evaluation(msgspec.Struct, frozen=True):
    """The value of what was done (`logged`), and what the other policy's would have been.

    `effective` is the effective sample size, (sum w)^2 / sum w^2; `weight_max` the largest w.
    `thin`: the log holds too little of what the other policy would do (EFFECTIVE_MIN).
    """

    decisions: int
    logged: Estimate
    ips: Estimate
    snips: Estimate
    dr: Estimate
    effective: float
    weight_max: float
    thin: bool


class Evaluator:
    """Judges a policy decision by decision; q of DR comes from `model`."""

    def __init__(self, policy: Policy, model: ResponseModel) -> None:
        self._policy = policy
        self._model = model
        self._rewards, self._weights = _Sums(), _Sums()
        self._weighted, self._doubly = _Sums(), _Sums()
        self._products = self._squares = self._weight_max = 0.0

    @property
    def count(self) -> int:
        """How many decisions were seen."""
        return self._rewards.count

    def add(self, one: Logged) -> None:
        """Take one more decision into account."""
        wanted = self._policy.probabilities(one, self._model)
        weight = wanted[one.chosen] * WHOLE / one.actions[one.chosen][1]
        expected = [_expected(self._model, arm, one.bucket) for arm, _ in one.actions]
        direct = sum(p * q for p, q in zip(wanted, expected, strict=True))
        self._rewards.add(one.reward)
        self._weights.add(weight)
        self._weighted.add(weight * one.reward)
        self._doubly.add(direct + weight * (one.reward - expected[one.chosen]))
        self._products += weight * weight * one.reward
        self._squares += weight * weight * one.reward * one.reward
        self._weight_max = max(self._weight_max, weight)

    def result(self) -> Evaluation:
        """Return what the policy would have been worth on all decisions seen."""
        weights = self._weights
        snips = _snips(weights, self._weighted, self._products, self._squares)
        effective = weights.total**2 / weights.squares if weights.squares else 0.0
        return Evaluation(
            self.count, self._rewards.estimate(), self._weighted.estimate(), snips,
            self._doubly.estimate(), effective, self._weight_max, effective < EFFECTIVE_MIN,
        )  # fmt: skip


def evaluate(log: Iterable[Logged], policy: Policy, model: ResponseModel) -> Evaluation:
    """Return what `policy` would have been worth on a whole log."""
    evaluator = Evaluator(policy, model)
    for one in log:
        evaluator.add(one)
    return evaluator.result()


def _snips(weights: "_Sums", weighted: "_Sums", products: float, squares: float) -> Estimate:
    """Return SNIPS; its variance is sum w^2 (r - v)^2 / (sum w)^2 (Owen, 2013, section 9.2)."""
    if not weights.total:
        return Estimate(0.0, (0.0, 0.0))
    value = weighted.total / weights.total
    spread = squares - 2 * value * products + value * value * weights.squares
    return _interval(value, sqrt(max(0.0, spread)) / weights.total)


class _Sums:
    """Number, sum and sum of squares."""

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.squares += value * value

    def estimate(self) -> Estimate:
        """The mean."""
        if self.count < 2:
            return Estimate(self.total, (0.0, 0.0))
        mean = self.total / self.count
        variance = max(0.0, self.squares - self.total * mean) / (self.count - 1)
        return _interval(mean, sqrt(variance / self.count))


def _interval(value: float, error: float) -> Estimate:
    return Estimate(value, (value - Z95 * error, value + Z95 * error))


def _expected(model: ResponseModel, arm: Arm, bucket: str) -> float:
    template, variant, channel = arm
    if variant:
        return model.of_variant_for(channel, template, variant, bucket).mean
    return model.of_template_for(channel, template, bucket).mean
