"""Warnings and proposals are what the thresholds say, at the bound and beside it."""

import pytest
from scipy import stats

from services.history.domain.reports import MessageSums, ProposedCap, proposed_cap, warning, wilson

NOBODY = dict.fromkeys(MessageSums.__struct_fields__, 0)


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        ({"sent": 99, "complained": 99}, ""),
        ({"sent": 10_000, "complained": 9}, ""),
        ({"sent": 10_000, "complained": 10}, "warn"),
        ({"sent": 10_000, "complained": 30}, "stop"),
        ({"sent": 1_000, "unsubscribed": 5}, "warn"),
        ({"sent": 1_000, "bounced": 50}, "stop"),
        ({"sent": 1_000, "opened": 1_000}, ""),
    ],
    ids=["too-few", "below", "warn", "stop", "unsubscribes", "bounces", "opens"],
)
def test_warning_follows_the_thresholds(sums: dict[str, int], expected: str) -> None:
    assert warning(MessageSums(**(NOBODY | sums))) == expected


@pytest.mark.parametrize(("hits", "total"), [(0, 10), (3, 10), (10, 10), (7, 4_000)])
def test_wilson_equals_scipy(hits: int, total: int) -> None:
    expected = stats.binomtest(hits, total).proportion_ci(method="wilson")

    assert wilson(hits, total) == pytest.approx((expected.low, expected.high))


def test_wilson_of_nobody_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_proposed_cap_lies_where_people_start_to_leave() -> None:
    """Up to four a month 0.3 % leave, from five on 4 %."""
    rows = [(n, 20_000, 5_000, 60) for n in range(1, 5)] + [(n, 500, 50, 20) for n in (5, 6, 7)]

    assert proposed_cap(rows, 0.01) == ProposedCap(4, 4, 4)


def test_proposed_cap_of_few_people_is_wide() -> None:
    """One of thirty left: nothing is proven harmless, nothing proven harmful."""
    assert proposed_cap([(1, 30, 5, 1)], 0.01) == ProposedCap(0, 0, None)
    assert proposed_cap([], 0.01) == ProposedCap(0, None, None)
