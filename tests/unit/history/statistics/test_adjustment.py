"""CUPED and corrections for many questions, against their definitions and scipy."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.history.domain.statistics.adjustment import (
    Paired,
    adjust,
    benjamini_hochberg,
    holm,
)
from services.history.domain.statistics.comparison import compare

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@settings(deadline=None)
@given(P_VALUES)
def test_benjamini_hochberg_equals_scipy(p_values: list[float]) -> None:
    expected = list(stats.false_discovery_control(p_values))

    assert benjamini_hochberg(p_values) == pytest.approx(expected)


def test_holm_gives_the_textbook_values() -> None:
    """Smallest times four, next times three, and never below one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]


def test_the_past_takes_its_part_of_the_noise() -> None:
    """Correlation 0.8: the standard error falls to 60 %, and the difference stays where it was."""
    draw = random.Random(11)
    arms = [_arm(draw, shift, 4_000) for shift in (0.0, 0.5)]

    plain = compare(*adjust([_forgetful(arm) for arm in arms]))
    adjusted = compare(*adjust(arms))

    assert adjusted.standard_error / plain.standard_error == pytest.approx(0.6, abs=0.03)
    assert adjusted.difference.low < 0.5 < adjusted.difference.high


def test_adjusted_sums_are_those_of_adjusted_people() -> None:
    """The sums do what adjusting each person would."""
    xs, ys = [1.0, 2.0, 4.0, 7.0], [2.0, 1.0, 5.0, 9.0]
    [arm] = adjust([_paired(xs, ys)])
    mean = sum(xs) / 4
    spread = sum((x - mean) ** 2 for x in xs)
    theta = sum((x - mean) * (y - sum(ys) / 4) for x, y in zip(xs, ys, strict=True)) / spread
    people = [y - theta * (x - mean) for x, y in zip(xs, ys, strict=True)]

    assert arm.total == pytest.approx(sum(people))
    assert arm.squares == pytest.approx(sum(each * each for each in people))


def test_a_past_that_does_not_vary_changes_nothing() -> None:
    [arm] = adjust([_paired([3.0, 3.0], [1.0, 2.0])])
    assert (arm.total, arm.squares) == (3.0, 5.0)


def _arm(draw: random.Random, shift: float, people: int) -> Paired:
    xs = [draw.gauss(0, 1) for _ in range(people)]
    ys = [0.8 * x + draw.gauss(0, 0.6) + shift for x in xs]
    return _paired(xs, ys)


def _forgetful(arm: Paired) -> Paired:
    return Paired(people=arm.people, y=arm.y, yy=arm.yy, x=0, xx=0, xy=0)


def _paired(xs: list[float], ys: list[float]) -> Paired:
    return Paired(
        people=len(xs),
        y=sum(ys),
        yy=sum(y * y for y in ys),
        x=sum(xs),
        xx=sum(x * x for x in xs),
        xy=sum(x * y for x, y in zip(xs, ys, strict=True)),
    )
