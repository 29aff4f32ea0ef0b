"""Blocking, blackout dates, weekdays, adaptive pressure, look-ahead, and what a rule says to do."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.case import Moment
from services.decision.domain.civil import from_s, parse_local_time, to_s
from services.decision.domain.inputs import PermissionPart, PermissionStatus, ReceiptKind
from services.decision.domain.model import NO_CONTROLS
from services.decision.domain.policy import quiet_hours
from services.decision.domain.policy.quiet_hours import QuietHours
from services.decision.domain.reasons import Reason
from services.decision.domain.scope import Scope
from services.decision.domain.sentences import sentence
from services.decision.domain.state import Endpoint, new
from services.decision.domain.zones import place_of, zones_of_phone
from tests.unit.decision import builders as b

EVERYTHING = Scope(None, None, None, None)


def shop(*documents: dict[str, Any], at: datetime = b.MONDAY, **more: Any) -> b.Person:
    """Someone whom `started` sends tips and `complained` a survey, each time."""
    return b.Person(
        b.catalog(
            b.topic("care", **{"class": "service"}),
            b.template("survey", topic="care", tags=["complaint"]),
            b.journey("hello", b.message("hi", valid_for="P90D", **more), reentry="every"),
            b.journey("sorry", b.message("survey"), on="complained", reentry="every"),
            *documents,
        ),
        at=at,
    )


# Blocking


def test_message_bars_others_for_its_time() -> None:
    """No offer for 60 days after somebody was asked about their complaint."""
    anna = shop(b.policy("sorry", type="block", duration="P60D", after={"tags": ["complaint"]}))
    anna.track("complained")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.sleep(timedelta(days=1))
    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "block:sorry")
    assert (held.reason, held.until) == (Reason.BLOCKED, b.MONDAY + timedelta(days=60))
    assert "60 days since a message that bars it (sorry)" in sentence(held)
    anna.sleep(timedelta(days=60))
    assert anna.sent == ["survey", "hi"]


def test_blocker_is_not_barred_by_itself() -> None:
    anna = shop(b.policy("sorry", type="block", duration="P60D", after={"tags": ["complaint"]}))
    anna.track("complained")
    anna.track("complained")

    assert anna.sent == ["survey", "survey"]


# Blackout


@pytest.mark.parametrize(
    ("dates", "day", "until"),
    [
        (["2026-12-24"], "2026-12-24", "2026-12-25"),
        (["2026-12-24"], "2026-12-23", None),
        (["2026-12-24"], "2027-12-24", None),
        (["12-24"], "2027-12-24", "2027-12-25"),
        (["12-24/01-01"], "2026-12-31", "2027-01-02"),
        (["12-24/01-01"], "2027-01-01", "2027-01-02"),
        (["12-24/01-01"], "2027-01-02", None),
        (["2026-03-29", "2026-03-30/2026-03-31"], "2026-03-29", "2026-04-01"),
    ],
)
def test_blackout_bars_its_days_in_the_persons_zone(
    dates: list[str], day: str, until: str | None
) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    noon = datetime.fromisoformat(f"{day}T00:30").replace(tzinfo=zone).astimezone(UTC)
    anna = shop(b.policy("rest", type="blackout", dates=dates), b.workspace("Asia/Tokyo"), at=noon)
    anna.track("started")

    found = b.verdict(anna.decisions[-1].candidates[0], "blackout:rest").until
    expected = until and datetime.fromisoformat(f"{until}T00:00").replace(tzinfo=zone)
    assert found == expected


@pytest.mark.parametrize(
    "text", ["2026-02-30", "13-01", "2026-12-24/12-26", "2026-12-24/2026-12-23"]
)
def test_day_that_is_none_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"policy rest, at rule.dates\[1\]"):
        b.catalog(b.policy("rest", type="blackout", dates=["12-24", text]))


def test_blackout_without_end_holds_until_a_change() -> None:
    anna = shop(b.policy("never", type="blackout", dates=["01-01/12-31"]))
    anna.track("started")

    assert b.verdict(anna.decisions[-1].candidates[0], "blackout:never").until is None


# Quiet hours on some weekdays, and in several zones


def quiet(start: str, end: str, *weekdays: int) -> QuietHours:
    days = frozenset(weekdays)
    return QuietHours.make("calm", EVERYTHING, parse_local_time(start), parse_local_time(end), days)


def until(rule: QuietHours, at: datetime, phone: str = "") -> datetime | None:
    state = new(b.PERSON)
    if phone:
        state.endpoints["sms"] = Endpoint(phone)
    return quiet_hours.rule(rule, Moment(state, at, ZoneInfo("UTC"), NO_CONTROLS)).until


@pytest.mark.parametrize(
    ("hours_from_monday", "expected"),
    [(20.9, None), (21, 33), (24, 33), (33, None), (45, None), (-3, None), (8, None)],
)
def test_weekday_is_that_on_which_the_night_begins(
    hours_from_monday: float, expected: float | None
) -> None:
    """Monday 21:00-09:00 covers Tuesday morning, not Monday morning (as in Journey Optimizer)."""
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    found = until(quiet("21:00", "09:00", 0), monday + timedelta(hours=hours_from_monday))

    assert found == (None if expected is None else monday + timedelta(hours=expected))


def test_whole_days_in_a_row_end_after_the_last() -> None:
    weekend = quiet("00:00", "00:00", 5, 6)
    saturday = datetime(2026, 3, 7, 10, tzinfo=UTC)

    assert until(weekend, saturday) == datetime(2026, 3, 9, tzinfo=UTC)
    assert until(weekend, saturday - timedelta(days=1)) is None


def test_number_that_may_be_anywhere_is_quiet_while_it_is_in_any_zone() -> None:
    """A +1 number: 09:00-20:00 everywhere from Newfoundland to Hawaii is 19:00-22:30 UTC."""
    night = quiet("20:00", "09:00", *range(7))
    march = datetime(2026, 3, 2, tzinfo=UTC)

    assert until(night, march + timedelta(hours=14), "+1 212 5550100") == march + timedelta(
        hours=19
    )
    assert until(night, march + timedelta(hours=19), "+12125550100") is None
    assert until(night, march + timedelta(hours=23, minutes=30), "+12125550100") is not None


@pytest.mark.parametrize(
    ("timezone", "source", "phone", "expected"),
    [
        ("Asia/Tokyo", "trait", "+49 30 123456", ("Asia/Tokyo", "trait")),
        ("Asia/Tokyo", "context", "+49 30 123456", ("Asia/Tokyo", "context")),
        ("", "", "+49 30 123456", ("Europe/Berlin", "phone")),
        ("Mars/Olympus", "trait", "+353 1 2345678", ("Europe/Dublin", "phone")),
        ("", "", "030 123456", ("Europe/Paris", "workspace")),
        ("", "", "+999123456", ("Europe/Paris", "workspace")),
        ("", "", "", ("Europe/Paris", "workspace")),
    ],
)
def test_zone_comes_from_data_then_phone_then_workspace(
    timezone: str, source: str, phone: str, expected: tuple[str, str]
) -> None:
    state = new(b.PERSON)
    state.timezone, state.timezone_source = timezone, source
    if phone:
        state.endpoints["sms"] = Endpoint(phone)
    place = place_of(state, ZoneInfo("Europe/Paris"))

    assert (place.zones[0].key, place.source) == expected


def test_every_zone_of_a_country_code_exists() -> None:
    for code in range(1, 1_000):
        for zone in zones_of_phone(f"+{code}0000000"):
            assert zone.key


def test_zone_that_quiet_hours_rest_on_is_recorded_with_its_source() -> None:
    anna = shop(b.policy("night", type="quiet_hours", **{"from": "11:00", "to": "13:30"}))
    anna.identify(phone="+44 20 7946 0000")
    anna.track("started")

    facts = b.verdict(anna.decisions[-1].candidates[0], "quiet_hours:night").facts
    assert (facts["zone"], facts["zone_source"]) == ("Europe/London", "phone")


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    start=st.times(), end=st.times(), weekdays=st.sets(st.integers(0, 6), min_size=1, max_size=6),
)  # fmt: skip
def test_quiet_until_means_quiet_before_and_not_after(
    day: date, minute: int, start: Any, end: Any, weekdays: set[int]
) -> None:
    rule = QuietHours.make(
        "calm", EVERYTHING, start.replace(second=0, microsecond=0),
        end.replace(second=0, microsecond=0), frozenset(weekdays),
    )  # fmt: skip
    at = datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(minutes=minute)
    over = until(rule, at)
    if over is None:
        return
    assert until(rule, over) is None
    step_s = max(60, (to_s(over) - to_s(at)) // 40)
    for passing_s in range(to_s(at), to_s(over), step_s):
        assert until(rule, from_s(passing_s)) == over


# Adaptive pressure

ADAPTIVE = b.policy(
    "listen", type="adaptive", messages=4, within="P7D", halve_after=2, at_least=1, look_back="P30D"
)


def send(anna: b.Person, answered: ReceiptKind | None = None, **receipt: Any) -> bool:
    """One message wanted, and answered if it went out; then a day passes."""
    before = len(anna.orders)
    anna.track("started")
    went = len(anna.orders) > before
    if went:
        anna.receipt(anna.orders[-1], ReceiptKind.ACCEPTED)
        if answered is not None:
            anna.receipt(anna.orders[-1], answered, **receipt)
    anna.state.pending.clear()
    anna.state.positions.clear()
    anna.now += timedelta(days=1, seconds=1)
    return went


def test_person_who_does_not_respond_gets_fewer() -> None:
    anna = shop(ADAPTIVE)

    week = [send(anna) for _ in range(7)]
    # 4 a week; after 2 unanswered 2; after 4 the floor of 1.
    assert week == [True, True, False, False, False, False, False]
    month = [send(anna) for _ in range(28)]
    assert [day for day, went in enumerate(month, 7) if went] == [7, 8, 15, 22, 29]


def test_response_restores_the_whole_cap() -> None:
    anna = shop(ADAPTIVE)

    week = [send(anna, ReceiptKind.CLICKED) for _ in range(7)]
    assert sum(week) == 4


@pytest.mark.parametrize(
    ("kind", "more", "opens", "sent"),
    [
        (ReceiptKind.OPENED, {}, False, 2),
        (ReceiptKind.OPENED, {}, True, 4),
        (ReceiptKind.OPENED, {"machine": True}, True, 2),
        (ReceiptKind.CLICKED, {"machine": True}, True, 2),
        (ReceiptKind.DELIVERED, {}, True, 2),
        (ReceiptKind.REPLIED, {}, False, 4),
    ],
    ids=str,
)
def test_only_what_a_human_did_is_a_response(
    kind: ReceiptKind, more: dict[str, Any], opens: object, sent: int
) -> None:
    """NF and MA count openings by mail proxies and scanners as interest."""
    policy = b.policy("listen", **{**ADAPTIVE["rule"], "opens": opens})
    anna = shop(policy)

    assert sum(send(anna, kind, **more) for _ in range(6)) == sent


def test_person_who_complains_gets_none() -> None:
    anna = shop(ADAPTIVE)
    assert send(anna, ReceiptKind.COMPLAINED)
    anna.sleep(timedelta(days=60))

    assert not send(anna)
    assert anna.reasons[-1] == "suppressed"


def test_silence_is_forgotten_after_the_look_back() -> None:
    anna = shop(ADAPTIVE)
    for _ in range(7):
        send(anna)
    anna.sleep(timedelta(days=31))

    assert [send(anna), send(anna)] == [True, True]


def test_pressure_tells_its_numbers() -> None:
    anna = shop(ADAPTIVE)
    send(anna)
    send(anna)
    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "adaptive:listen")
    assert held.reason is Reason.PRESSURE
    assert "2 of 2 messages in 7 days already sent; 2 unanswered (listen)" in sentence(held)


# Look-ahead


def planned(*, priority: int, look_ahead: str | None = "P3D") -> b.Person:
    """Someone for whom a message of 50 is wanted, and another planned in two days."""
    more = {"look_ahead": look_ahead} if look_ahead else {}
    return shop(
        b.journey(
            "birthday",
            b.wait("wait", duration="P2D"),
            b.message("cake", priority=priority),
            on="born",
        ),
        b.policy("weekly", type="cap", messages=1, within="P7D", **more),
    )


def test_place_is_kept_for_a_more_important_planned_message() -> None:
    anna = planned(priority=90)
    anna.track("born")
    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "look_ahead:weekly")
    assert (held.reason, held.facts["to"]) == (Reason.KEPT_FREE, "cake")
    anna.sleep(timedelta(days=3))
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    assert anna.sent == ["cake"]
    anna.sleep(timedelta(days=7))
    assert anna.sent == ["cake", "hi"]


@pytest.mark.parametrize(
    ("priority", "look_ahead"), [(50, "P3D"), (10, "P3D"), (90, "P1D"), (90, None)]
)
def test_place_is_not_kept_for_less_important_later_or_unwatched(
    priority: int, look_ahead: str | None
) -> None:
    anna = planned(priority=priority, look_ahead=look_ahead)
    anna.track("born")
    anna.track("started")

    assert anna.sent == ["hi"]


# What a rule says to do


@pytest.mark.parametrize(
    ("says", "step", "pending", "position"),
    [
        (None, "hold", 1, "m0"),
        ("hold", "exit", 1, "m0"),
        ("skip", "hold", 0, "rest"),
        ("exit", "hold", 0, None),
    ],
)
def test_rule_says_what_becomes_of_what_it_holds(
    says: str | None, step: str, pending: int, position: str | None
) -> None:
    night: dict[str, Any] = b.policy(
        "night", type="quiet_hours", **{"from": "11:00", "to": "13:00"}
    )
    anna = b.Person(
        b.catalog(
            b.journey(
                "hello",
                b.message("m0", when_blocked=step),
                b.wait("rest", duration="P9D"),
            ),
            night | ({"when_blocked": says} if says else {}),
        )
    )
    anna.track("started")

    assert len(anna.state.pending) == pending
    assert [one.step for one in anna.state.positions] == ([position] if position else [])


def test_strictest_of_two_rules_decides_what_becomes_of_it() -> None:
    first = b.policy("a", type="quiet_hours", **{"from": "11:00", "to": "13:00"})
    second = b.policy("b", type="quiet_hours", **{"from": "11:00", "to": "18:00"})
    anna = shop(first | {"when_blocked": "skip"}, second | {"when_blocked": "hold"})
    anna.track("started")

    assert anna.state.pending == []


def test_held_message_ends_when_the_rule_says_so() -> None:
    """Journey Optimizer drops what is queued over seven days; here each rule says how long."""
    policy = b.policy("rare", type="cap", messages=1, within="P30D")
    anna = shop(policy | {"hold_at_most": "P2D"})
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.track("started")
    assert anna.next_wakeup == anna.now + timedelta(days=2)

    anna.sleep(timedelta(days=3))
    assert (anna.state.pending, anna.sent) == ([], ["hi"])
    assert anna.reasons[-1] == "cap_reached"


def test_objection_is_not_softened_by_any_rule() -> None:
    """Only a class overrides: no policy, priority or step lets marketing past a refusal."""
    anna = shop(b.policy("night", type="quiet_hours", **{"from": "11:00", "to": "11:30"}))
    anna.permission(PermissionPart.OBJECTION, PermissionStatus.SET)
    anna.track("started")
    anna.track("complained")

    assert anna.sent == ["survey"]


def test_cart_reminder_held_overnight_is_dropped_when_the_purchase_comes_first() -> None:
    """What was held is decided afresh: nobody is reminded of what they have bought."""
    anna = b.Person(
        b.catalog(
            b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
            b.journey(
                "cart", b.message("reminder"), on="left_cart", exit_when=[{"event": "bought"}]
            ),
        ),
        at=b.MONDAY.replace(hour=22),
    )
    anna.track("left_cart")
    assert anna.reasons == ["quiet_hours"]
    anna.now += timedelta(hours=3)
    anna.track("bought")
    anna.sleep(timedelta(days=2))

    assert (anna.sent, anna.reasons[-1]) == ([], "exit_rule")
