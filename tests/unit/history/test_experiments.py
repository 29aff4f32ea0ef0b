"""What an experiment says, and when it says to believe nothing."""

from typing import Any

import msgspec
import pytest

from services.history.domain.experiments import (
    ArmSums,
    Plan,
    Question,
    analyse,
    check,
    plan,
)
from services.history.domain.reports import Table
from services.history.domain.statistics.comparison import compare, converted

QUESTION = Question(experiment="journey:hook", arms=("old", "new"), control="old", goal="order")


def sums(arm: str, people: int, hits: int) -> ArmSums:
    return ArmSums(arm=arm, people=people, converted=hits, y=hits, yy=hits, x=0, xx=0, xy=0)


def rows_of(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_control_stands_first_and_others_against_it() -> None:
    table, notes = analyse(QUESTION, [sums("new", 10_000, 1_150), sums("old", 10_000, 1_000)])
    old, new = rows_of(table)

    expected = compare(converted(10_000, 1_000), converted(10_000, 1_150))
    assert (old["arm"], old["rate"], old["difference"]) == ("old", 0.1, None)
    assert new["difference"] == pytest.approx(0.015)
    assert new["p_value"] == pytest.approx(expected.p_value, rel=1e-6)
    assert new["sequential_low"] < new["difference_low"] < new["difference_high"]
    assert not notes["sample_ratio"]["alarm"]


def test_a_broken_split_is_an_alarm() -> None:
    _, notes = analyse(QUESTION, [sums("new", 10_600, 1), sums("old", 10_000, 1)])
    assert notes["sample_ratio"]["alarm"]


def test_planned_shares_are_no_alarm() -> None:
    ten_percent = msgspec.structs.replace(QUESTION, shares=(9.0, 1.0))
    _, notes = analyse(ten_percent, [sums("old", 9_030, 1), sums("new", 1_000, 1)])
    assert not notes["sample_ratio"]["alarm"]


def test_several_arms_are_corrected_together() -> None:
    """Three arms that look good alone at 5 %: together none is."""
    question = msgspec.structs.replace(QUESTION, arms=("old", "a", "b", "c"))
    found = [sums("old", 10_000, 1_000)] + [sums(arm, 10_000, 1_090) for arm in "abc"]
    table, _ = analyse(question, found)
    rows = rows_of(table)[1:]

    assert all(row["p_value"] < 0.05 < row["p_adjusted"] for row in rows)


def test_an_empty_experiment_is_told_without_numbers() -> None:
    table, notes = analyse(QUESTION, [])
    assert [row[:2] for row in table.rows] == [("old", 0), ("new", 0)]
    assert notes["detectable_lift"] is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arms": ("old",)}, "two arms"),
        ({"arms": ("old", "old")}, "once"),
        ({"control": "other"}, "control"),
        ({"measure": "joy"}, "measure"),
        ({"shares": (1.0,)}, "share"),
        ({"shares": (1.0, 0.0)}, "share"),
        ({"alpha": 0.0}, "alpha"),
    ],
)
def test_questions_that_make_no_sense_are_refused(change: dict[str, Any], expected: str) -> None:
    assert expected in str(check(msgspec.structs.replace(QUESTION, **change)))
    assert check(QUESTION) is None


def test_plan_says_people_power_and_weeks() -> None:
    table = plan(Plan(baseline=0.05, lift=0.1, people_a_day=1_000))
    [row] = rows_of(table)
    assert row["people_an_arm"] in (31_231, 31_232, 31_234)
    assert row["power"] == pytest.approx(0.8, abs=1e-3)
    assert row["days"] == 63
