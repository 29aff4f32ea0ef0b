"""Holdouts: who gets nothing for comparison, and what would have gone out."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.decisions import Outcome, Ruling
from services.decision.domain.holdout import Holdout
from services.decision.domain.inputs import PermissionPart, PermissionStatus
from services.decision.domain.reasons import Reason
from services.decision.domain.sentences import sentence
from tests.unit.decision import builders as b

PEOPLE = [UUID(int=n) for n in range(4_000)]


def share(holdout: Holdout) -> float:
    return sum(holdout.has(person) for person in PEOPLE) / len(PEOPLE)


def test_share_is_what_was_asked_for() -> None:
    for percent in (1.0, 10.0, 50.0):
        # Five standard deviations of a binomial share.
        spread = 5 * (percent / 100 * (1 - percent / 100) / len(PEOPLE)) ** 0.5
        assert abs(share(Holdout("*", percent, "", 1)) - percent / 100) < spread


def test_scope_salt_and_version_draw_independently() -> None:
    """Who is held out of one is no more or less likely to be held out of another."""
    first = Holdout("*", 50.0, "a", 1)
    for other in (
        Holdout("journey", 50.0, "a", 1),
        Holdout("*", 50.0, "b", 1),
        Holdout("*", 50.0, "a", 2),
    ):
        both = sum(first.has(person) and other.has(person) for person in PEOPLE) / len(PEOPLE)
        assert abs(both - 0.25) < 0.04


@given(st.uuids(), st.floats(0.1, 49.0))
def test_larger_share_keeps_those_of_the_smaller(person: UUID, percent: float) -> None:
    small, large = Holdout("*", percent, "s", 1), Holdout("*", percent + 1, "s", 1)

    assert not small.has(person) or large.has(person)


def version_with(*, has: bool, scope: str = "*") -> dict[str, Any]:
    """A holdout of half of all people that has, or has not, the person of these tests."""
    for version in range(1, 100):
        if Holdout(scope, 50.0, "", version).has(b.PERSON) is has:
            return {"percent": 50, "version": version}
    raise AssertionError("never drawn")


def shop(*, of_all: bool = False, of_journey: bool = False, **more: Any) -> b.Person:
    return b.Person(
        b.catalog(
            b.workspace(holdout=version_with(has=of_all)),
            b.topic("care", **{"class": "service"}),
            b.template("survey", topic="care"),
            b.journey(
                "hello", b.message("hi", valid_for="P9D"), b.wait("w", duration="P1D"),
                b.message("hi2", valid_for="P9D"), reentry="every",
                holdout=version_with(has=of_journey, scope="hello"),
            ),
            b.journey("other", b.message("news", valid_for="P9D"), on="other"),
            b.journey("sorry", b.message("survey"), on="complained"),
            b.policy("one", type="cap", messages=1, within="P3D"),
        ),
        **more,
    )  # fmt: skip


def test_person_held_out_of_everything_gets_ghosts_under_the_same_rules() -> None:
    """Each ghost takes its slot, so that the next is held as a real one would be."""
    anna = shop(of_all=True)
    anna.track("started")

    decision = anna.decisions[-1]
    ghost = decision.candidates[0].verdicts[-1]
    assert (decision.outcome, decision.reason) == (Outcome.GHOST, Reason.HOLDOUT)
    assert (decision.order, decision.chosen) == (None, None)
    assert (ghost.rule, ghost.ruling, ghost.facts["holdout"]) == ("holdout", Ruling.GHOST, "*")
    assert sentence(ghost).startswith("Kept back for comparison: the person is in the holdout")
    anna.track("other")
    assert anna.reasons[-1] == "cap_reached"
    anna.sleep(timedelta(days=4))
    assert anna.sent == []
    assert [one.step for one in anna.state.positions if one.journey == "hello"] in ([], ["hi2"])


def test_holdout_leaves_what_was_asked_for_alone() -> None:
    anna = shop(of_all=True)
    anna.track("complained")

    assert anna.sent == ["survey"]


def test_person_held_out_of_one_journey_gets_all_others_as_ever() -> None:
    anna = shop(of_journey=True)
    anna.track("started")
    anna.track("other")

    assert [one.outcome for one in anna.decisions] == [Outcome.GHOST, Outcome.MESSAGE]
    assert anna.sent == ["news"]


def test_others_get_their_messages() -> None:
    anna = shop()
    anna.track("started")

    assert anna.sent == ["hi"]


def test_holdout_is_asked_last() -> None:
    """Who would not have got it anyway is no ghost: that would dilute the comparison."""
    anna = shop(of_all=True)
    anna.permission(PermissionPart.OBJECTION, PermissionStatus.SET)
    anna.track("started")

    assert anna.decisions[-1].outcome is Outcome.SILENCE
    assert anna.reasons[-1] == "objection"
