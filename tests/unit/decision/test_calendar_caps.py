"""Calendar caps: at most N per hour, day, week, month or quarter of the person's clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.civil import PERIOD_S_MAX, PERIODS, from_s, period_s, to_s
from services.decision.domain.decisions import Outcome
from services.decision.domain.inputs import ReceiptKind
from services.decision.domain.reasons import Reason
from services.decision.domain.sentences import sentence
from tests.unit.decision import builders as b
from tests.unit.decision.test_quiet_hours import transitions

#: Every way clocks change between 2020 and 2030: on both halves of the earth, by half an hour, at
#: midnight, for Ramadan, and zones that gave changing up or moved.
ZONES = [
    "Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
    "Africa/Casablanca", "Asia/Beirut", "America/Havana", "Asia/Tehran", "Africa/Cairo",
    "Pacific/Apia", "America/St_Johns", "Asia/Gaza", "Europe/Volgograd", "UTC",
]  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("period", "moment", "start", "end"),
    [
        ("hour", "2026-03-02T12:34:56", "2026-03-02T12:00", "2026-03-02T13:00"),
        ("day", "2026-03-02T00:00:00", "2026-03-02T00:00", "2026-03-03T00:00"),
        ("week", "2026-03-08T23:59:59", "2026-03-02T00:00", "2026-03-09T00:00"),
        ("month", "2026-02-28T23:00:00", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("month", "2026-12-31T23:00:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("quarter", "2026-03-31T10:00:00", "2026-01-01T00:00", "2026-04-01T00:00"),
        ("quarter", "2026-12-01T10:00:00", "2026-10-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_period_begins_and_ends_on_the_persons_calendar(
    period: str, moment: str, start: str, end: str
) -> None:
    zone = "Europe/Berlin"
    found = period_s(period, to_s(at(moment, zone)), ZoneInfo(zone))

    assert [from_s(one) for one in found] == [at(start, zone), at(end, zone)]


@pytest.mark.parametrize("zone", ZONES)
def test_periods_follow_each_other_over_every_change_of_clocks(zone: str) -> None:
    """No instant lies between two periods, in two of them, or in none."""
    found = ZoneInfo(zone)
    for change in transitions(found) or [at("2026-01-01T00:00")]:
        for minutes in range(-180, 200, 35):
            now_s = to_s(change) + minutes * 60
            for period in PERIODS:
                start_s, end_s = period_s(period, now_s, found)
                assert start_s <= now_s < end_s <= start_s + PERIOD_S_MAX
                if period != "hour":
                    assert period_s(period, start_s, found) == (start_s, end_s)
                    assert period_s(period, end_s - 1, found) == (start_s, end_s)
                    assert period_s(period, end_s, found)[0] == end_s


@given(
    zone=st.sampled_from(ZONES),
    period=st.sampled_from(PERIODS),
    limit=st.integers(1, 3),
    start_hour=st.integers(0, 93_000),
    gaps_minutes=st.lists(st.integers(1, 3_000), min_size=4, max_size=25),
)
def test_no_calendar_period_ever_holds_more_than_its_cap(
    zone: str, period: str, limit: int, start_hour: int, gaps_minutes: list[int]
) -> None:
    anna = b.Person(
        b.catalog(
            b.workspace(zone),
            b.journey("hello", b.message("hi", valid_for="P120D"), reentry="every"),
            b.policy("few", type="cap", messages=limit, per=period),
        ),
        at=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=start_hour),
    )
    known = 0
    for gap in gaps_minutes:
        anna.track("started")
        for order in anna.orders[known:]:
            anna.receipt(order, ReceiptKind.ACCEPTED)
        known = len(anna.orders)
        anna.sleep(timedelta(minutes=gap))

    counts: dict[tuple[int, int], int] = {}
    for order in anna.orders:
        key = period_s(period, to_s(order.ordered_at), ZoneInfo(zone))
        counts[key] = counts.get(key, 0) + 1
    assert anna.orders
    assert max(counts.values()) <= limit


def test_full_month_holds_until_the_first_of_the_next() -> None:
    anna = b.Person(
        b.catalog(
            b.workspace("America/New_York"),
            b.journey("hello", b.message("hi", valid_for="P60D"), reentry="every"),
            b.policy("monthly", type="cap", messages=1, per="month"),
        ),
        at=at("2026-03-31T20:00", "America/New_York"),
    )
    anna.track("started")
    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "cap:monthly")
    assert (anna.decisions[-1].outcome, held.reason) == (Outcome.HELD, Reason.PERIOD_FULL)
    assert held.until == at("2026-04-01T00:00", "America/New_York")
    assert sentence(held).startswith(
        "Held back: 1 of 1 messages this month already sent (cap monthly); may go again"
    )
    assert "in diesem Monat" in sentence(held, "de")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.sleep(timedelta(hours=5))
    assert anna.sent == ["hi", "hi"]


def test_rolling_and_calendar_hold_together_and_the_strictest_wins() -> None:
    """SAS warns that "1 a month" permits 31 July and 1 August; a gap beside it forbids that."""
    anna = b.Person(
        b.catalog(
            b.journey("hello", b.message("hi", valid_for="P60D"), reentry="every"),
            b.policy("monthly", type="cap", messages=1, per="month"),
            b.policy("gap", type="minimum_gap", duration="P7D"),
        ),
        at=at("2026-07-31T20:00"),
    )
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.track("started")
    anna.sleep(timedelta(days=9))

    assert [one.ordered_at for one in anna.orders] == [
        at("2026-07-31T20:00"),
        at("2026-08-07T20:00"),
    ]


def test_cap_needs_one_kind_of_window() -> None:
    for more in ({}, {"within": "P1D", "per": "day"}):
        with pytest.raises(ValueError, match="either `within` or `per`"):
            b.catalog(b.policy("few", type="cap", messages=1, **more))
