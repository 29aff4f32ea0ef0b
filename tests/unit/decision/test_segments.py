"""Segments inside the step: who comes in and leaves, when, and what is told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.decision.domain import state as states
from services.decision.domain.catalog import CatalogError
from services.decision.domain.decisions import SegmentMoved
from services.decision.domain.ids import derive_id
from services.decision.domain.inputs import (
    MergeInput,
    PermissionPart,
    PermissionStatus,
    ReceiptKind,
    WakeupInput,
)
from services.decision.domain.segment_numbers import number_of
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


def window_rule(within: str, **more: Any) -> dict[str, Any]:
    return segment("often", {"event": "used", "at_least": 2, "within": within, **more})


@pytest.mark.parametrize(
    ("rule", "gap", "flip"),
    [
        # Days count whole by UTC: the day of the first use leaves at its end, a week on.
        (window_rule("P7D"), timedelta(days=1), datetime(2026, 3, 10, tzinfo=UTC)),
        # Hours count by hours, minutes by minutes: the bucket of the first use leaves at its end.
        (window_rule("PT5H"), timedelta(hours=2), datetime(2026, 3, 2, 18, tzinfo=UTC)),
        (window_rule("PT90M"), timedelta(minutes=9), datetime(2026, 3, 2, 13, 31, tzinfo=UTC)),
        # By weeks from 1970: that of the first use ends on Thursday, 5 March.
        (window_rule("P140D"), timedelta(days=20), datetime(2026, 7, 23, tzinfo=UTC)),
        (
            window_rule("PT5H", where={"property": "by", "is": "app"}),
            timedelta(hours=2),
            datetime(2026, 3, 2, 18, tzinfo=UTC),
        ),
    ],
    ids=["days", "hours", "minutes", "weeks", "where"],
)
def test_event_leaves_a_window_with_its_bucket(
    rule: dict[str, Any], gap: timedelta, flip: datetime
) -> None:
    person = b.Person(b.catalog(rule))
    person.track("used", by="app")
    person.now += gap
    person.track("used", by="web")
    if "where" in rule["rule"]:
        person.track("used", by="app")

    person.sleep(timedelta(days=300))

    assert [(str(one.move), one.at) for one in told(person)] == [
        ("entered", b.MONDAY + gap),
        ("left", flip),
    ]


def test_birthday_lasts_a_day_where_the_person_is() -> None:
    rule = segment("birthday", {"trait": "born", "anniversary": "P0D"})
    person = b.Person(b.catalog(rule))
    person.identify(born="2004-02-29", timezone="America/New_York")

    person.sleep(timedelta(days=365))

    zone = ZoneInfo("America/New_York")
    assert [one.at for one in told(person)] == [
        datetime(2027, 2, 28, tzinfo=zone),
        datetime(2027, 3, 1, tzinfo=zone),
    ]


def test_sum_counts_only_what_it_is_asked_of() -> None:
    rule = {
        "event": "ordered", "sum": "amount", "at_least": 100,
        "where": {"property": "category", "is": "shoes"},
    }  # fmt: skip
    person = b.Person(b.catalog(segment("shoes", rule)))

    person.track("ordered", amount=90, category="hats")
    person.track("ordered", amount=60.1, category="shoes")
    person.track("ordered", amount="much", category="shoes")
    before = moves(person)
    person.track("ordered", amount=39.9, category="shoes")

    assert (before, moves(person)) == ([], [("shoes", "entered")])


def test_version_compares_by_precedence_not_by_text() -> None:
    rule = segment("new-app", {"trait": "app", "as": "version", "at_least": "2.10.0"})
    person = b.Person(b.catalog(rule))

    for version in ("2.9.1", "2.10.0-beta.2", "2.10.0"):
        person.identify(app=version)

    assert len(moves(person)) == 1
    assert person.state.traits["app"] == "2.10.0"


def test_messages_are_counted_by_what_became_of_them() -> None:
    ignored = {"message": "ignored", "channel": "email", "within": "P30D", "at_least": 1}
    clicked = {"message": "clicked", "within": "P30D"}
    person = b.Person(
        b.catalog(
            b.journey("j", b.message("scene")),
            segment("tired", ignored),
            segment("keen", clicked),
        )
    )
    person.track("started")
    [order] = person.orders
    person.receipt(order, ReceiptKind.ACCEPTED)
    person.sleep(timedelta(days=4))
    person.receipt(order, ReceiptKind.CLICKED)

    assert moves(person) == [("tired", "entered"), ("keen", "entered"), ("tired", "left")]
    assert told(person)[0].at == b.MONDAY + timedelta(days=3)


def test_consent_lets_in_and_its_withdrawal_out() -> None:
    rule = segment("reachable", {"consent": "email/tips", "is": "granted"})
    person = b.Person(b.catalog(rule))
    person.now += timedelta(seconds=1)
    person.permission(PermissionPart.CONSENT, PermissionStatus.WITHDRAWN, channel="email")

    assert moves(person) == [("reachable", "entered"), ("reachable", "left")]


def test_score_is_read_from_the_trait_of_scores() -> None:
    person = b.Person(b.catalog(segment("at-risk", {"score": "churn", "at_least": 0.8})))

    person.identify(scores={"churn": 0.85, "other": 1})

    assert moves(person) == [("at-risk", "entered")]
    assert "scores.other" not in person.state.traits


def test_member_of_a_segment_for_a_while() -> None:
    catalog = b.catalog(
        segment("club", {"trait": "club", "is": True}),
        segment("loyal", {"segment": "club", "for": "P1M"}),
    )
    person = b.Person(catalog)
    person.identify(club=True)

    person.sleep(timedelta(days=60))

    assert moves(person) == [("club", "entered"), ("loyal", "entered")]
    assert told(person)[1].at == datetime(2026, 4, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"segment": "a"}, ("segment a, at rule.segment: expected segments that do not contain"
         " themselves, got a → a")),
        ({"event": "x", "where": {"trait": "t", "is": 1}}, "at rule.where: expected conditions on"),
        ({"trait": "x", "is": 1, "where": {"property": "p", "is": 1}}, "`where` only with `event`"),
        ({"event": "x", "older_than": "P1D"}, "`older_than` only with `trait`, or with `event`"),
        ({"event": "x", "which": "last"}, "expected a comparison of dates (before, after"),
        ({"event": "x", "sum": "amount"}, "expected a comparison of the sum"),
        ({"trait": "x", "before": "soon"}, "at rule.before: expected a date such as"),
        ({"trait": "x", "anniversary": "P1M"}, "at rule.anniversary: expected whole days"),
        ({"trait": "x", "as": "version", "at_least": "new"}, "rule.at_least: expected a version"),
        ({"message": "opened"}, "expected a `within` of at most P90D"),
        ({"consent": "email/tips", "is": "maybe"}, "granted, pending, withdrawn, none"),
        ({"consent": "pigeon", "is": "granted"}, "at rule.consent: expected"),
        ({"property": "x", "is": 1}, "expected no `property`: a segment looks at no event"),
        ({"event": "x", "at_least": 2, "within": "PT200H"}, "at rule.within: expected at most"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_rule_is_refused_with_its_path(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        b.catalog(segment("a", rule))

    assert problem in str(caught.value)


def test_circle_of_segments_is_named() -> None:
    with pytest.raises(CatalogError) as caught:
        b.catalog(
            segment("a", {"segment": "b"}),
            segment("b", {"all": [{"segment": "c"}]}),
            segment("c", {"segment": "a"}),
        )

    assert "got a → b → c → a" in str(caught.value)
