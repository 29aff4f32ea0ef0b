"""What an experiment says: every arm against the control, and whether it may be believed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from services.history.domain.reports import Row, Table
from services.history.domain.statistics.adjustment import Paired, adjust, holm
from services.history.domain.statistics.comparison import (
    Arm,
    Comparison,
    compare,
    sample_ratio,
)
from services.history.domain.statistics.planning import (
    ALPHA,
    POWER,
    detectable_lift,
    duration_days,
    power_of,
    sample_size,
)
from services.history.domain.statistics.sequential import confidence_sequence

MEASURES = ("conversion", "count", "value")
"""Whether somebody reached the goal, how often, or for how much."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Which experiment, measured how.

    `experiment` is `journey:<key>` (arms are the variants of its splits) or `template:<key>`
    (arms are its variants). `shares` are the planned ones, alike where none are given.
    """

    experiment: str
    arms: tuple[str, ...]
    control: str
    goal: str
    measure: str = "conversion"
    shares: tuple[float, ...] = ()
    alpha: float = ALPHA


class ArmSums(msgspec.Struct, frozen=True, kw_only=True):
    """One arm's people, and sums over them of the outcome y and of the same before exposure, x."""

    arm: str
    people: int
    converted: int
    y: float
    yy: float
    x: float
    xx: float
    xy: float


COLUMNS = (
    "arm",
    "people",
    "converted",
    "rate",
    "mean",
    "difference",
    "difference_low",
    "difference_high",
    "lift",
    "lift_low",
    "lift_high",
    "p_value",
    "p_adjusted",
    "sequential_low",
    "sequential_high",
    "cuped_difference",
    "cuped_low",
    "cuped_high",
)


def check(question: Question) -> str | None:
    """What is wrong with a question, in words; None where nothing is."""
    if len(question.arms) < 2 or len(set(question.arms)) != len(question.arms):
        return "two arms or more, each named once"
    if question.control not in question.arms:
        return "a control that is one of the arms"
    if question.measure not in MEASURES:
        return "a measure: " + ", ".join(MEASURES)
    if question.shares and (
        len(question.shares) != len(question.arms) or min(question.shares) <= 0
    ):
        return "a positive share for each arm"
    if not 0 < question.alpha < 1:
        return "an alpha between 0 and 1"
    return None


def analyse(question: Question, found: Sequence[ArmSums]) -> tuple[Table, dict[str, Any]]:
    """The table of arms, control first, and the notes: split check, what could be found.

    `difference` and `lift` have fixed intervals, right for one look at the end. The sequential ones
    hold however often one looks. `p_adjusted` keeps the chance of any false alarm over all arms.
    """
    by_arm = {each.arm: each for each in found}
    arms = [question.control, *(arm for arm in question.arms if arm != question.control)]
    sums = [by_arm.get(arm) or _nobody(arm) for arm in arms]
    adjusted = adjust([_paired(each) for each in sums])
    plain = [_arm(each) for each in sums]
    against = [compare(plain[0], each, alpha=question.alpha) for each in plain[1:]]
    calmer = [compare(adjusted[0], each, alpha=question.alpha) for each in adjusted[1:]]
    corrected = holm([each.p_value for each in against])
    rows = [_row(sums[0], None, None, None, 0, question.alpha)]
    for place, each in enumerate(sums[1:]):
        people = sums[0].people + each.people
        rows.append(
            _row(each, against[place], calmer[place], corrected[place], people, question.alpha)
        )
    return Table(COLUMNS, tuple(rows)), _notes(question, sums, by_arm)


def _row(
    sums: ArmSums,
    plain: Comparison | None,
    calmer: Comparison | None,
    corrected: float | None,
    people: int,
    alpha: float,
) -> Row:
    told: list[float | None] = [None] * 13
    if plain and calmer:
        running = confidence_sequence(
            plain.difference.estimate, plain.standard_error, people, alpha=alpha
        )
        lift = plain.lift
        told = [
            plain.difference.estimate,
            plain.difference.low,
            plain.difference.high,
            lift.estimate if lift else None,
            lift.low if lift else None,
            lift.high if lift else None,
            plain.p_value,
            corrected,
            running.low,
            running.high,
            calmer.difference.estimate,
            calmer.difference.low,
            calmer.difference.high,
        ]
    rate = sums.converted / sums.people if sums.people else None
    mean = sums.y / sums.people if sums.people else None
    return (sums.arm, sums.people, sums.converted, *(_told(each) for each in (rate, mean, *told)))


def _notes(
    question: Question, sums: Sequence[ArmSums], by_arm: Mapping[str, ArmSums]
) -> dict[str, Any]:
    shares = question.shares or (1.0,) * len(question.arms)
    people = [by_arm[arm].people if arm in by_arm else 0 for arm in question.arms]
    ratio = sample_ratio(people, shares)
    smallest = min(people)
    rate = sums[0].converted / sums[0].people if sums[0].people else 0.0
    could = detectable_lift(rate, smallest) if 0 < rate < 1 and smallest else None
    return {
        "sample_ratio": {"p_value": ratio.p_value, "alarm": ratio.alarm},
        "detectable_lift": _told(could),
        "goal": question.goal,
        "measure": question.measure,
        "alpha": question.alpha,
    }


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment to be planned; `people` in each arm where that is given, else asked for."""

    baseline: float
    lift: float
    alpha: float = ALPHA
    power: float = POWER
    arms: int = 2
    people: int = 0
    people_a_day: float = 0.0


PLAN_COLUMNS = ("people_an_arm", "people", "power", "detectable_lift", "days")


def plan(asked: Plan) -> Table:
    """People, power and duration of an experiment; raises ValueError for rates that cannot be."""
    needed = sample_size(asked.baseline, asked.lift, alpha=asked.alpha, power=asked.power)
    arm = asked.people or needed
    days = duration_days(arm, asked.arms, asked.people_a_day) if asked.people_a_day > 0 else None
    found = detectable_lift(asked.baseline, arm, alpha=asked.alpha, power=asked.power)
    row = (
        arm,
        arm * asked.arms,
        _told(power_of(asked.baseline, asked.lift, arm, alpha=asked.alpha)),
        _told(found),
        days,
    )
    return Table(PLAN_COLUMNS, (row,))


def _told(value: float | None) -> float | None:
    """Eight digits say all; what is infinite is not known."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.8g}")


def _nobody(arm: str) -> ArmSums:
    return ArmSums(arm=arm, people=0, converted=0, y=0, yy=0, x=0, xx=0, xy=0)


def _paired(sums: ArmSums) -> Paired:
    return Paired(people=sums.people, y=sums.y, yy=sums.yy, x=sums.x, xx=sums.xx, xy=sums.xy)


def _arm(sums: ArmSums) -> Arm:
    return Arm(people=sums.people, total=sums.y, squares=sums.yy)
