"""Differences, lifts and split checks against scipy."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.stats.contingency import relative_risk

from services.history.domain.statistics.comparison import (
    Arm,
    compare,
    converted,
    sample_ratio,
)
from services.history.domain.statistics.normal import chi_square_tail


@settings(deadline=None)
@given(st.floats(0, 200), st.integers(1, 30))
def test_chi_square_tail_equals_scipy(value: float, degrees: int) -> None:
    expected = stats.chi2.sf(value, degrees)

    assert chi_square_tail(value, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_means_compare_as_in_a_welch_test() -> None:
    """At this size Student's t and the normal agree to three digits."""
    draw = random.Random(7)
    a = [draw.expovariate(1 / 30) for _ in range(5_000)]
    b = [draw.expovariate(1 / 31) for _ in range(4_000)]

    found = compare(_arm(a), _arm(b))

    expected = stats.ttest_ind(b, a, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.02)
    interval = expected.confidence_interval()
    assert (found.difference.low, found.difference.high) == pytest.approx(interval, rel=0.01)


def test_lift_of_conversions_equals_scipy() -> None:
    """The interval of the ratio on the log scale."""
    found = compare(converted(10_000, 1_000), converted(10_000, 1_120))

    expected = relative_risk(1_120, 10_000, 1_000, 10_000).confidence_interval(0.95)
    assert found.lift is not None
    assert found.lift.estimate == pytest.approx(0.12)
    assert (found.lift.low + 1, found.lift.high + 1) == pytest.approx(expected, rel=1e-4)
    assert found.difference.is_clear


def test_control_without_conversions_has_no_lift() -> None:
    assert compare(converted(100, 0), converted(100, 5)).lift is None
    assert compare(converted(0, 0), converted(0, 0)).p_value == 1.0


@pytest.mark.parametrize(
    ("people", "p_value", "alarm"),
    [((50_000, 50_732), 0.021, False), ((821_588, 815_482), 1.8e-6, True)],
    ids=["by-chance", "broken-split"],
)
def test_split_check_gives_the_published_values(
    people: tuple[int, int],
    p_value: float,
    alarm: bool,  # noqa: FBT001 - a column of the table
) -> None:
    found = sample_ratio(people, (1, 1))

    assert found.p_value == pytest.approx(p_value, rel=0.05)
    assert found.alarm is alarm


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 9)), min_size=2, max_size=6))
def test_split_check_equals_scipy(arms: list[tuple[int, int]]) -> None:
    people, shares = [each[0] for each in arms], [each[1] for each in arms]
    expected = [sum(people) * share / sum(shares) for share in shares]

    found = sample_ratio(people, shares).p_value

    assert found == pytest.approx(stats.chisquare(people, expected).pvalue, rel=1e-6, abs=1e-12)


def test_people_in_an_arm_that_was_to_have_none_are_an_alarm() -> None:
    assert sample_ratio((100, 1), (1, 0)).alarm
    assert not sample_ratio((100, 0), (1, 0)).alarm
    assert not sample_ratio((0, 0), (1, 1)).alarm, "nobody yet"


def test_same_arms_differ_at_the_nominal_rate() -> None:
    """A/A: one comparison in twenty is called clear, within what chance allows (99.9 %)."""
    draw = random.Random(20_261_125)
    tries = 2_000
    clear = sum(
        compare(_flips(draw, 400, 0.2), _flips(draw, 400, 0.2)).difference.is_clear
        for _ in range(tries)
    )

    assert stats.binomtest(clear, tries, 0.05).pvalue > 0.001


def _flips(draw: random.Random, people: int, rate: float) -> Arm:
    return converted(people, sum(draw.random() < rate for _ in range(people)))


def _arm(values: list[float]) -> Arm:
    return Arm(
        people=len(values), total=sum(values), squares=sum(value * value for value in values)
    )
