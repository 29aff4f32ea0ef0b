"""Segments inside the step: who comes in and leaves, when, and what is told of it."""

from datetime import timedelta
from typing import Any

from services.decision.domain import state as states
from services.decision.domain.decisions import SegmentMoved
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import MergeInput, WakeupInput
from services.decision.domain.segmentation import number_of
from services.decision.domain.step import step
from tests.unit.decision import builders as b


def segment(key: str, rule: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "segment", "key": key, "rule": rule}


BUYERS = segment("buyers", {"event": "ordered", "at_least": 2})
ACTIVE = segment("active", {"event": "used", "within": "P30D"})
LAPSED = segment("lapsed", {"all": [{"event": "used"}, {"none": [{"segment": "active"}]}]})


def moves(person: b.Person) -> list[tuple[str, str]]:
    """What was told of segments, as (segment, move)."""
    return [(one.segment, str(one.move)) for one in told(person)]


def told(person: b.Person) -> list[SegmentMoved]:
    return [one for one in person.effects if isinstance(one, SegmentMoved)]


def test_event_that_fulfils_a_rule_lets_its_person_in_at_once() -> None:
    person = b.Person(b.catalog(BUYERS))

    person.track("ordered")
    before = moves(person)
    person.track("ordered")

    assert before == []
    assert moves(person) == [("buyers", "entered")]
    assert person.state.segments == {number_of("buyers"): int(b.MONDAY.timestamp())}


def test_trait_that_changes_lets_in_and_out() -> None:
    person = b.Person(b.catalog(segment("pros", {"trait": "plan", "is": "pro"})))

    person.identify(plan="pro")
    person.identify(plan="free")

    assert moves(person) == [("pros", "entered"), ("pros", "left")]


def test_passing_time_flips_membership_at_the_right_second() -> None:
    """Nothing happens to the person: the wake-up alone does it, and names the very second."""
    person = b.Person(b.catalog(ACTIVE, LAPSED))
    person.track("used")
    due = b.MONDAY + timedelta(days=30)

    assert person.next_wakeup == due
    person.sleep(timedelta(days=29, hours=23, minutes=59, seconds=59))
    assert moves(person) == [("active", "entered")]

    person.sleep(timedelta(seconds=1))
    assert moves(person) == [("active", "entered"), ("active", "left"), ("lapsed", "entered")]
    assert {one.at for one in told(person)[1:]} == {due}
    assert person.next_wakeup is None


def test_wake_up_that_comes_late_still_tells_the_right_second() -> None:
    person = b.Person(b.catalog(ACTIVE))
    person.track("used")
    due = b.MONDAY + timedelta(days=30)

    person.step(WakeupInput(person.new_id("wakeup"), due), at=due + timedelta(hours=5))

    assert [(one.segment, one.at) for one in told(person)] == [
        ("active", b.MONDAY),
        ("active", due),
    ]


def test_event_that_makes_a_flip_impossible_drops_the_wake_up() -> None:
    person = b.Person(b.catalog(ACTIVE))
    person.track("used")
    person.now += timedelta(days=10)
    person.track("used")

    assert person.next_wakeup == b.MONDAY + timedelta(days=40)


def test_late_event_from_before_the_flip_prevents_it() -> None:
    """The order of occurrence counts, not that of arrival."""
    person = b.Person(b.catalog(ACTIVE))
    person.track("used")
    person.now += timedelta(days=31)

    person.step(person.event("used", occurred_at=b.MONDAY + timedelta(days=29)))

    assert moves(person) == [("active", "entered")]


def test_member_for_a_month_who_never_used_a_feature_enters_with_no_event() -> None:
    """DF's two-minute poll, LG's zero count that matches no rows: here a wake-up to the second."""
    rule = {
        "all": [
            {"event": "signed_up"},
            {"event": "signed_up", "at_most": 0, "within": "P30D"},
            {"event": "feature_x_used", "at_most": 0},
        ]
    }
    catalog = b.catalog(segment("never-used-x", rule))
    waiting, using = b.Person(catalog), b.Person(catalog)
    for person in (waiting, using):
        person.track("signed_up")
    using.track("feature_x_used")

    assert (waiting.next_wakeup, using.next_wakeup) == (b.MONDAY + timedelta(days=30), None)
    waiting.sleep(timedelta(days=30))
    assert moves(waiting) == [("never-used-x", "entered")]


def test_low_signal_event_changes_membership_silently() -> None:
    """It counts, but never triggers."""
    low = {"kind": "event", "key": "pinged", "low_signal": True}
    person = b.Person(b.catalog(segment("pinged", {"event": "pinged"}), low))

    person.track("pinged")

    assert [(one.segment, one.silent) for one in told(person)] == [("pinged", True)]


def test_imported_history_sets_a_baseline() -> None:
    person = b.Person(b.catalog(BUYERS))

    person.step(person.event("ordered", history=True), person.event("ordered", history=True))

    assert [(one.segment, one.silent) for one in told(person)] == [("buyers", True)]


def test_new_definition_does_not_let_the_past_fire() -> None:
    """MA#3340: republishing fired every past event at once."""
    person = b.Person(b.catalog(segment("old", {"event": "viewed"})))
    person.track("ordered")
    person.track("ordered")

    person.catalog = b.catalog(BUYERS, revision=2)
    person.track("viewed")

    assert [(one.segment, one.silent) for one in told(person)] == [("buyers", True)]
    assert person.state.settled == 2


def test_first_event_of_somebody_new_is_news() -> None:
    person = b.Person(b.catalog(segment("new", {"event": "ordered", "at_most": 0})))

    assert [(one.segment, one.silent) for one in told(person)] == [("new", False)]


def test_segment_taken_out_of_the_catalog_is_forgotten() -> None:
    person = b.Person(b.catalog(ACTIVE, BUYERS))
    person.track("used")

    person.catalog = b.catalog(BUYERS, revision=2)
    person.track("ordered")

    assert (person.state.segments, person.state.dues) == ({}, {})


def test_merge_carries_membership_and_counters() -> None:
    """Two orders of two profiles are two orders of one person; who was in, stays in."""
    catalog = b.catalog(BUYERS, ACTIVE)
    loser = b.Person(catalog, email=None, consent=False)
    loser.state = states.new(derive_id(b.PERSON, "loser"))
    loser.track("ordered")
    loser.track("used")
    winner = b.Person(catalog)
    winner.now += timedelta(days=1)
    winner.track("ordered")

    merged = MergeInput(
        winner.new_id("merge"), loser.state.person, states.encode(loser.state), winner.now
    )
    winner.step(merged)
    again = step(winner.state, [merged], catalog, winner.now)

    assert sorted(moves(winner)) == [("active", "entered"), ("buyers", "entered")]
    assert {one.segment for one in told(winner) if one.silent} == {"active"}
    assert winner.state.segments[number_of("active")] == int(b.MONDAY.timestamp())
    assert again.effects == ()


def test_repeated_events_move_nobody_twice() -> None:
    person = b.Person(b.catalog(BUYERS))
    order = person.event("ordered")

    person.step(order, order)
    person.step(order)

    assert moves(person) == []
