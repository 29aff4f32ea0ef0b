"""Quiet hours in the person's zone, over midnight, over changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.case import Moment
from services.decision.domain.civil import from_s, parse_local_time, to_s
from services.decision.domain.model import NO_CONTROLS
from services.decision.domain.policy import quiet_hours
from services.decision.domain.policy.quiet_hours import QuietHours
from services.decision.domain.scope import Scope
from services.decision.domain.state import new
from tests.unit.decision import builders as b

EVERYTHING = Scope(None, None, None, None)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]


def quiet(start: str, end: str) -> QuietHours:
    return QuietHours.make("night", EVERYTHING, parse_local_time(start), parse_local_time(end))


def until(rule: QuietHours, at: datetime, zone: str) -> datetime | None:
    """When it is over; None where it is not quiet."""
    moment = Moment(new(b.PERSON), at, ZoneInfo(zone), NO_CONTROLS)
    return quiet_hours.rule(rule, moment).until


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T19:59:59", None),
        ("2026-03-02T20:00:00", "2026-03-03T07:00:00"),
        ("2026-03-03T06:59:59", "2026-03-03T07:00:00"),
        ("2026-03-03T07:00:00", None),
        # The night clocks go forward is an hour shorter.
        ("2026-03-28T22:30:00", "2026-03-29T06:00:00"),
        # The night clocks go back is an hour longer.
        ("2026-10-24T20:30:00", "2026-10-25T07:00:00"),
    ],
)
def test_night_in_berlin_ends_at_eight_local(at: str, expected: str | None) -> None:
    found = until(quiet("21:00", "08:00"), datetime.fromisoformat(at + "+00:00"), "Europe/Berlin")

    assert found == (expected and datetime.fromisoformat(expected + "+00:00"))


def test_range_within_a_day_is_quiet_inside_only() -> None:
    siesta = quiet("13:00", "15:00")

    assert until(siesta, b.MONDAY.replace(hour=14), "UTC") == b.MONDAY.replace(hour=15)
    assert until(siesta, b.MONDAY.replace(hour=12), "UTC") is None
    assert until(siesta, b.MONDAY.replace(hour=15), "UTC") is None


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    minute=st.integers(0, 24 * 60 - 1),
    start=st.times(),
    end=st.times(),
)
def test_quiet_hours_end_exactly_when_the_clock_says_so(
    zone: str, day: date, minute: int, start: time, end: time
) -> None:
    """Whatever clocks do: quiet up to the end, not quiet at the end."""
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        return
    rule = QuietHours.make("night", EVERYTHING, start, end)
    at = datetime.combine(day, time(), tzinfo=UTC) + timedelta(minutes=minute)
    over = until(rule, at, zone)
    if over is None:
        return

    assert until(rule, over, zone) is None
    assert to_s(over) - to_s(at) <= 26 * 3600
    step_s = max(60, (to_s(over) - to_s(at)) // 50)
    for passing_s in range(to_s(at), to_s(over), step_s):
        assert until(rule, from_s(passing_s), zone) is not None


def transitions(zone: ZoneInfo) -> list[datetime]:
    """Every hour of 2020 to 2030 after which clocks in `zone` have changed."""
    hour, found = datetime(2020, 1, 1, tzinfo=UTC), []
    while hour.year < 2031:
        day = timedelta(days=1)
        if hour.astimezone(zone).utcoffset() != (hour + day).astimezone(zone).utcoffset():
            while (
                hour.astimezone(zone).utcoffset() == (hour + day / 24).astimezone(zone).utcoffset()
            ):
                hour += day / 24
            found.append(hour)
        hour += day
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/New_York"])
@pytest.mark.parametrize(
    ("start", "end"), [("22:00", "02:30"), ("01:30", "02:00"), ("02:15", "08:00")]
)
def test_quiet_hours_hold_around_every_change_of_clocks(zone: str, start: str, end: str) -> None:
    """LS used one fixed offset per workspace; mautic#10612 broke its window at the change."""
    rule, changes = quiet(start, end), transitions(ZoneInfo(zone))
    assert len(changes) == 22

    for change in changes:
        for minutes in range(-240, 300, 10):
            at = change + timedelta(minutes=minutes)
            clock = at.astimezone(ZoneInfo(zone)).time()
            low, high = parse_local_time(start), parse_local_time(end)
            is_quiet = low <= clock < high if low < high else clock >= low or clock < high
            over = until(rule, at, zone)
            assert (over is not None) == is_quiet
            assert over is None or until(rule, over, zone) is None
            assert over is None or until(rule, over - timedelta(seconds=1), zone) is not None
            assert over is None or over - at <= timedelta(hours=8)


@pytest.mark.parametrize("day", ["2026-03-27", "2026-03-28", "2026-10-23", "2026-10-24"])
def test_message_wanted_at_night_goes_out_at_eight_local_on_a_dst_weekend(day: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    anna = b.Person(
        b.catalog(
            b.workspace("America/New_York"),
            b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
            b.journey("hello", b.message("hi")),
        ),
        at=datetime.fromisoformat(f"{day}T23:15:00").replace(tzinfo=berlin).astimezone(UTC),
    )
    anna.identify(timezone="Europe/Berlin")

    anna.track("started")
    anna.sleep(timedelta(hours=14))

    [order] = anna.orders
    assert order.ordered_at.astimezone(berlin).time() == time(8)
    assert order.ordered_at.astimezone(berlin).date() == date.fromisoformat(day) + timedelta(days=1)


def test_unknown_zone_falls_back_to_the_workspace() -> None:
    """Not to "no quiet hours": silence is the safe answer."""
    anna = b.Person(
        b.catalog(
            b.workspace("Asia/Tokyo"),
            b.policy("night", type="quiet_hours", **{"from": "20:00", "to": "08:00"}),
            b.journey("hello", b.message("hi")),
        )
    )
    anna.identify(timezone="Mars/Olympus")

    anna.track("started")

    assert anna.sent == []
    assert anna.reasons == ["quiet_hours"]
