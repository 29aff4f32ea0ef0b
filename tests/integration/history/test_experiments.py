"""Experiments over real rows: first exposures, windows, merges, the past of each person."""

from uuid import UUID

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decisions.v1 import decision_pb2 as decisions
from contracts.gen.kairos.profiles.v1 import profile_pb2 as profiles
from kit.errors import Invalid, NotFound
from tests.integration.history.conftest import Desk, at, fact
from tests.integration.history.test_goals import ORDER, credited, mail, order
from tests.integration.history.test_reports import DAY_MIN

ASKED = {
    "experiment": "journey:hook",
    "arms": ["old", "new"],
    "control": "old",
    "goal": "order",
}


def went(person: UUID, arm: str, day: float = 0) -> Fact:
    """A split sent the person one way."""
    moved = decisions.JourneyMoved(
        journey="hook", move="advanced", step="x", note=arm, at_us=at(day * DAY_MIN)
    )
    return fact(person, day * DAY_MIN, journey_moved=moved)


def people(count: int) -> list[UUID]:
    return [UUID(int=100 + number) for number in range(count)]


async def test_arms_are_compared_over_their_people(desk: Desk) -> None:
    """Two of ten against five of ten; what somebody did before, or after the window, is no hit."""
    desk.goals.apply(1, ORDER)
    old, new = people(20)[:10], people(20)[10:]
    await desk.deliver(*(went(each, "old") for each in old), *(went(each, "new") for each in new))
    await desk.deliver(
        *(order(each, day=2, total=20) for each in [*old[:2], *new[:5]]),
        order(new[0], day=3, total=30),
        order(old[9], day=-1),
        order(old[8], day=9),
    )
    await credited(desk)

    [control, treatment], notes = await desk.experiment(**ASKED)
    assert (control["people"], control["converted"], treatment["converted"]) == (10, 2, 5)
    assert treatment["lift"] == pytest.approx(1.5)
    assert not notes["sample_ratio"]["alarm"]

    [_, by_value], _ = await desk.experiment(**ASKED, measure="value")
    assert by_value["mean"] == pytest.approx(13)
    [_, by_count], _ = await desk.experiment(**ASKED, measure="count")
    assert by_count["mean"] == pytest.approx(0.6)


async def test_the_first_exposure_counts(desk: Desk) -> None:
    """Another arm later, the same facts again, a merge: still one person in the first arm."""
    desk.goals.apply(1, ORDER)
    anna, visitor = people(2)
    facts = [went(visitor, "new", day=0), went(anna, "old", day=1), order(anna, day=2)]
    await desk.deliver(*facts)
    await desk.deliver(*facts)
    merged = profiles.ProfileMerged(loser=visitor.bytes, merged_at_us=at(3 * DAY_MIN))
    await desk.deliver(fact(anna, 3 * DAY_MIN, profile_merged=merged))
    await credited(desk)

    [control, treatment], _ = await desk.experiment(**ASKED)
    assert (control["people"], treatment["people"], treatment["converted"]) == (0, 1, 1)


async def test_variants_of_a_template_are_an_experiment(desk: Desk) -> None:
    """Exposed when sent; a message without variants is in none."""
    desk.goals.apply(1, ORDER)
    anna, bert, carl = people(3)
    await desk.deliver(
        mail(1, anna, template="t", variant="a"),
        mail(2, bert, template="t", variant="b"),
        mail(3, carl, template="t"),
        order(bert, day=1),
    )
    await credited(desk)

    asked = ASKED | {"experiment": "template:t", "arms": ["a", "b"], "control": "a"}
    rows, _ = await desk.experiment(**asked)
    assert [(row["arm"], row["people"], row["converted"]) for row in rows] == [
        ("a", 1, 0),
        ("b", 1, 1),
    ]


async def test_a_question_that_cannot_be_answered_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound, match="goal"):
        await desk.experiment(**ASKED)
    with pytest.raises(Invalid, match="control"):
        await desk.experiment(**(ASKED | {"control": "none"}))


async def test_sample_size_is_planned(desk: Desk) -> None:
    [row] = await desk.report("sample-size", baseline="0.05", lift="0.1")
    assert row["people_an_arm"] == pytest.approx(31_231, abs=3)
    with pytest.raises(Invalid, match="plan"):
        await desk.report("sample-size", baseline="0.05", lift="30")
    with pytest.raises(Invalid, match="plan"):
        await desk.report("sample-size", baseline="much", lift="0.1")
