"""Sample sizes against published figures and scipy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.history.domain.statistics.planning import (
    detectable_lift,
    duration_days,
    power_of,
    sample_size,
)

PUBLISHED = [
    (0.20, 0.05, 25_580, 34_244),
    (0.10, 0.10, 14_749, 19_744),
    (0.05, 0.10, 31_231, 41_810),
    (0.03, 0.10, 53_208, 71_230),
    (0.02, 0.10, 80_679, 108_006),
    (0.01, 0.10, 163_092, 218_334),
    (0.01, 0.20, 42_691, 57_150),
    (0.20, 0.25, 1_091, 1_461),
]


@pytest.mark.parametrize(("baseline", "lift", "at_80", "at_90"), PUBLISHED)
def test_sample_size_is_the_published_one(
    baseline: float, lift: float, at_80: int, at_90: int
) -> None:
    """The field's usual table, at 80 % and 90 % power; rounded up, as people are whole."""
    assert sample_size(baseline, lift) - at_80 in (0, 1)
    assert sample_size(baseline, lift, power=0.9) - at_90 in (0, 1)


@settings(deadline=None, max_examples=50)
@given(st.floats(0.01, 0.6), st.floats(0.05, 0.5))
def test_sample_size_has_the_power_it_was_made_for(baseline: float, lift: float) -> None:
    """And one person in fifty less has not."""
    needed = sample_size(baseline, lift)

    assert power_of(baseline, lift, needed) >= 0.8
    assert power_of(baseline, lift, int(needed * 0.98) - 1) < 0.8


def test_power_is_how_often_a_real_difference_is_found() -> None:
    """Counted over all outcomes of two binomial arms; the normal form is off by half a percent."""
    control, treatment, arm = stats.binom(600, 0.2), stats.binom(600, 0.28), 600
    counts = range(arm + 1)
    found = 0.0
    for mine, chance in zip(counts, control.pmf(counts), strict=True):
        if chance < 1e-9:
            continue
        p1 = mine / arm
        others = [p / arm for p in counts]
        clear = [
            abs(p2 - p1) > 1.959964 * ((p1 * (1 - p1) + p2 * (1 - p2)) / arm) ** 0.5
            for p2 in others
        ]
        found += chance * float(treatment.pmf(counts)[clear].sum())

    assert power_of(0.2, 0.4, arm) == pytest.approx(found, abs=0.01)


def test_detectable_lift_is_the_inverse_of_the_sample_size() -> None:
    found = detectable_lift(0.1, sample_size(0.1, 0.1))

    assert found == pytest.approx(0.1, abs=1e-4)
    assert detectable_lift(0.9, 3) is None, "three people find nothing above 90 %"


def test_duration_is_whole_weeks() -> None:
    """A test that saw two Mondays and one Sunday compares weekdays, not messages."""
    assert duration_days(1_000, 2, 250) == 14
    assert duration_days(10, 2, 1_000_000) == 7
    with pytest.raises(ValueError, match="nobody"):
        duration_days(10, 2, 0)


@pytest.mark.parametrize(("baseline", "lift"), [(0.0, 0.1), (1.0, 0.1), (0.6, 0.7), (0.5, 0.0)])
def test_impossible_rates_are_refused(baseline: float, lift: float) -> None:
    with pytest.raises(ValueError, match=r"rates|lift"):
        sample_size(baseline, lift)
