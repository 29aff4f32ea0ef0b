"""The last writer by event time wins, trait by trait, in whatever order calls arrive."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.domain.traits import (
    TRAIT_BYTES_MAX,
    TRAITS_MAX,
    Traits,
    merge,
    said,
    take,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def test_newer_value_wins_trait_by_trait() -> None:
    """A call says something about the traits it names and nothing about others."""
    told = [said({"plan": "pro", "city": "Ulm"}, at(2)), said({"plan": "free", "age": 3}, at(1))]

    assert merge(Traits(), told).values == {"plan": "pro", "city": "Ulm", "age": 3}


def test_late_older_value_does_not_bring_back_a_removed_trait() -> None:
    """null removes, and is remembered."""
    told = [said({"plan": None}, at(2)), said({"plan": "pro"}, at(1))]

    assert merge(Traits(), told).values == {}


def test_address_is_compared_in_lower_case() -> None:
    """People type addresses in any case."""
    assert merge(Traits(), [said({"email": " Anna@Example.COM "}, at(1))]).email == (
        "anna@example.com"
    )
    assert merge(Traits(), [said({"email": 7}, at(1))]).email is None


def test_names_beyond_the_limit_are_not_kept() -> None:
    """A client that makes up names must not grow a person without end."""
    flood = said({f"t{number}": 1 for number in range(TRAITS_MAX + 5)}, at(1))
    known = merge(Traits(), [flood])

    assert len(known.values) == TRAITS_MAX
    assert merge(known, [said({"t0": 2}, at(2))]).values["t0"] == 2


def test_huge_value_is_not_kept() -> None:
    """It stays in its event; a person is read in every decision."""
    told = said(
        {"bio": "x" * (TRAIT_BYTES_MAX + 1), "list": ["x" * TRAIT_BYTES_MAX], "a": 1}, at(1)
    )

    assert merge(Traits(), [told]).values == {"a": 1}


def test_late_value_is_named_as_superseded() -> None:
    """So that nobody downstream takes it for the newest."""
    known = said({"city": "Bonn", "plan": "pro"}, at(2))
    after, late = take(known, said({"city": "Kiel", "age": 3}, at(1)))

    assert after.values == {"city": "Bonn", "plan": "pro", "age": 3}
    assert late == ("city",)


CALLS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3)),
        st.integers(0, 1000),
    ),
    unique_by=lambda call: call[1],
)


@settings(deadline=None)
@given(CALLS, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(
    calls: list[tuple[dict[str, int | None], int]], shuffle: Random
) -> None:
    """Calls of different times give the same traits in any order, and again when repeated."""
    told = [said(values, at(minute)) for values, minute in calls]
    once = merge(Traits(), told)
    shuffled = list(told)
    shuffle.shuffle(shuffled)

    assert merge(Traits(), shuffled) == once
    assert merge(once, told) == once
