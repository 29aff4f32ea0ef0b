"""Civil time: durations by the calendar, local times that survive changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import civil
from services.decision.domain.civil import Duration

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
).map(ZoneInfo)
INSTANTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 12, 31)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3D", Duration(days=3)),
        ("P2W", Duration(days=14)),
        ("P1Y2M", Duration(months=14)),
        ("PT36H", Duration(seconds=129_600)),
        ("P1DT1M1S", Duration(days=1, seconds=61)),
    ],
)
def test_duration_is_read(text: str, expected: Duration) -> None:
    assert civil.parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "3D", "P3", "P1.5D", "P-1D", "PT1D", " P1D"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        civil.parse_duration(text)


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-01-31T10:00", "P1M", "2026-02-28T10:00"),
        ("2024-01-31T10:00", "P1M", "2024-02-29T10:00"),
        ("2026-11-30T10:00", "P3M", "2027-02-28T10:00"),
        ("2026-03-28T10:00", "P1D", "2026-03-29T10:00"),
        ("2026-10-24T10:00", "P1D", "2026-10-25T10:00"),
        ("2026-03-28T02:30", "P1D", "2026-03-29T03:00"),
        ("2026-03-28T10:00", "PT24H", "2026-03-29T11:00"),
    ],
)
def test_days_keep_the_local_time_hours_are_exact(start: str, duration: str, expected: str) -> None:
    def berlin_s(text: str) -> int:
        return civil.to_s(datetime.fromisoformat(text).replace(tzinfo=BERLIN))

    found = civil.add(berlin_s(start), civil.parse_duration(duration), BERLIN)

    assert found == berlin_s(expected)


@given(INSTANTS, st.times(), ZONES)
def test_next_local_time_is_the_first_one(at: datetime, wall: time, zone: ZoneInfo) -> None:
    """Not before; within a day and a skipped one; and the clock shows it, unless it was skipped."""
    wall = wall.replace(second=0, microsecond=0)
    at_s = civil.to_s(at)

    found = civil.next_local_time(at_s, wall, zone)

    assert at_s <= found <= at_s + 50 * 3600
    shown = civil.local(found, zone).time()
    skipped = civil.local(found - 1, zone).utcoffset() != civil.local(found, zone).utcoffset()
    assert shown == wall or skipped
    for earlier in range(at_s - at_s % 60 + 60, found, 60):
        assert civil.local(earlier, zone).time() != wall


@given(INSTANTS)
def test_seconds_are_rounded_to_the_safe_side(at: datetime) -> None:
    down, up = civil.from_s(civil.to_s(at)), civil.from_s(civil.to_s_up(at))

    assert down <= at <= up
    assert up - down <= timedelta(seconds=1)
    assert civil.from_us(civil.to_us(at)) == at


def test_time_that_happens_twice_means_the_first() -> None:
    found = civil.instant_s(date(2026, 10, 25), time(2, 30), BERLIN)

    assert civil.from_s(found) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_unknown_zone_is_none() -> None:
    for name in ("", "Mars/Olympus", "../etc/passwd", "x" * 100, "Europe/\0"):
        assert civil.find_zone(name) is None
    assert civil.find_zone("Europe/Berlin") is not None
