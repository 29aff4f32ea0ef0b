"""GCRA: how many calls may start."""

from hypothesis import given
from hypothesis import strategies as st

from services.delivery.domain.rates import Rate, granted


def take(rate: Rate, tat_us: int, now_us: int, wanted: int) -> tuple[int, int, float]:
    count, wait_s = granted(rate, tat_us, now_us, wanted)
    return max(tat_us, now_us) + count * rate.interval_us, count, wait_s


@given(st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 64)), min_size=20, max_size=200))
def test_ten_seconds_never_hold_more_than_the_limit_and_its_burst(
    asked: list[tuple[int, int]],
) -> None:
    """50 a second: no 10 s window above 505, whoever asks how often."""
    rate, tat, now, calls = Rate.of(50, bulk=False), 0, 0, list[tuple[int, int]]()
    for pause_us, wanted in asked:
        now += pause_us
        tat, count, _ = take(rate, tat, now, wanted)
        calls.append((now, count))
    for at, _ in calls:
        assert sum(n for when, n in calls if at <= when < at + 10_000_000) <= 505


def test_bulk_leaves_room_for_now() -> None:
    """Campaigns take all they can; a live message still goes at once."""
    bulk, now_lane = Rate.of(50, bulk=True), Rate.of(50, bulk=False)
    tat, now = 0, 1_000_000
    for _ in range(100):
        tat, _, _ = take(bulk, tat, now, 64)
        tat, count, _ = take(now_lane, tat, now, 1)
        assert count == 1
        now += 40_000


def test_wait_ends_when_the_next_call_fits() -> None:
    rate = Rate.of(1, bulk=False)
    tat, count, _ = take(rate, 0, 1_000_000, 10)
    assert count == 2
    _, none, wait_s = take(rate, tat, 1_000_000, 1)
    assert none == 0
    assert wait_s == 1.0
    assert take(rate, tat, 1_000_000 + int(wait_s * 1e6), 1)[1] == 1


def test_slow_rates_let_single_calls_through() -> None:
    for bulk in (True, False):
        assert granted(Rate.of(0.01, bulk=bulk), 0, 1, 1)[0] == 1
