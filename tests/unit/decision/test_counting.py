"""Counters: whatever the order of events, they agree with a list of them."""

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import counting
from services.decision.domain.state import DAY_S, DAYS_KEPT, Counter

NOW_S = 20_000 * DAY_S + 40_000
TIMES = st.lists(st.integers(NOW_S - 120 * DAY_S, NOW_S), min_size=1, max_size=60)


def counted(times: list[int]) -> Counter:
    counter = None
    for at_s in times:
        counter = counting.add(counter, at_s)
    assert counter is not None
    return counter


@given(TIMES)
def test_counter_agrees_with_the_list_of_events(times: list[int]) -> None:
    counter = counted(times)

    assert (counter.total, counter.first_s, counter.last_s) == (len(times), min(times), max(times))
    newest_day = max(times) // DAY_S
    kept: dict[int, int] = {}
    for at_s in times:
        if newest_day - at_s // DAY_S <= DAYS_KEPT:
            kept[at_s // DAY_S] = kept.get(at_s // DAY_S, 0) + 1
    assert counting.day_counts(counter) == kept


@given(TIMES, st.integers(1, 90))
def test_count_within_a_window_is_exact_by_whole_days(times: list[int], days: int) -> None:
    start_s = NOW_S - days * DAY_S
    found = counting.count_since(counted(times), start_s)

    exact = sum(at_s > start_s for at_s in times)
    with_first_day = sum(at_s // DAY_S >= start_s // DAY_S for at_s in times)
    assert exact <= found <= with_first_day
    assert (found == 0) == (exact == 0)


@given(TIMES, TIMES)
def test_merged_counter_is_that_of_both(mine: list[int], theirs: list[int]) -> None:
    assert counting.merge(counted(mine), counted(theirs)) == counted(mine + theirs)


def test_day_full_of_events_stops_at_what_a_byte_holds() -> None:
    counter = counted([NOW_S] * 300)

    assert (counter.total, counting.day_counts(counter)) == (300, {20_000: 255})
