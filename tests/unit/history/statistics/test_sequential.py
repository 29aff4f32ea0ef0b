"""Intervals that may be looked at all the time, against published widths and by simulation."""

import random

import pytest
from scipy import stats

from services.history.domain.statistics.comparison import compare, converted
from services.history.domain.statistics.normal import quantile
from services.history.domain.statistics.sequential import (
    confidence_sequence,
    mixture_ratio_test,
    mixture_spread,
)


@pytest.mark.parametrize(
    ("people", "ratio"),
    [(500, 1.97), (1_000, 1.72), (5_000, 1.55), (10_000, 1.56), (50_000, 1.65)],
)
def test_confidence_sequence_is_as_wide_as_published(people: int, ratio: float) -> None:
    """Compared with a fixed interval, at GrowthBook's default tuning."""
    found = confidence_sequence(0.0, 1.0, people)

    assert found.high / quantile(0.975) == pytest.approx(ratio, abs=0.006)


def test_looking_often_keeps_the_rate_of_false_alarms() -> None:
    """A/A with 20 looks: a fixed interval errs one time in five, these one in twenty."""
    draw = random.Random(4)
    tries, looks, batch = 300, 20, 250
    fixed = sequence = mixture = 0
    for _ in range(tries):
        a = b = 0
        wrong = [False, False, False]
        for look in range(1, looks + 1):
            a += sum(draw.random() < 0.3 for _ in range(batch))
            b += sum(draw.random() < 0.3 for _ in range(batch))
            control, treatment = converted(look * batch, a), converted(look * batch, b)
            found = compare(control, treatment)
            error, people = found.standard_error, 2 * look * batch
            spread = mixture_spread(control.variance + treatment.variance, people)
            estimate = found.difference.estimate
            wrong[0] |= found.difference.is_clear
            wrong[1] |= confidence_sequence(estimate, error, people).is_clear
            wrong[2] |= mixture_ratio_test(estimate, error, spread=spread).is_clear
        fixed += wrong[0]
        sequence += wrong[1]
        mixture += wrong[2]

    assert fixed / tries > 0.12, "the simulation must show what it guards against"
    for often in (sequence, mixture):
        assert stats.binomtest(often, tries, 0.05, "greater").pvalue > 0.001


def test_without_data_everything_is_possible() -> None:
    assert not confidence_sequence(0.1, 0.0, 0).is_clear
    assert not mixture_ratio_test(0.1, 0.0, spread=1.0).is_clear
