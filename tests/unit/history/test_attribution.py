"""Credit adds up to one, goes only where a message came first, and follows each model's formula."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.history.domain.attribution import (
    MODELS,
    Contact,
    Happening,
    attribute,
    reached,
)
from services.history.domain.goals import Goal, read_goals, read_window

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
ORDER = Goal(key="order", event="order_completed", value="total")


def contact(number: int, day: float, *goals: Goal) -> Contact:
    at = START + timedelta(days=day)
    return Contact(message=UUID(int=number), at=at, goals=goals or (ORDER,), channel=f"c{number}")


def order(day: float, number: int = 100, **properties: object) -> Happening:
    return Happening(
        id=UUID(int=number),
        at=START + timedelta(days=day),
        name="order_completed",
        properties=properties,
    )


def shares(model: str, *days: float, event: float = 6) -> list[float]:
    contacts = [contact(n, day) for n, day in enumerate(days)]
    return [getattr(each, model) for each in attribute(contacts, [order(event)])]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("last", [0, 0, 0, 1]),
        ("first", [1, 0, 0, 0]),
        ("linear", [0.25] * 4),
        ("position", [0.4, 0.1, 0.1, 0.4]),
    ],
)
def test_credit_follows_its_model(model: str, expected: list[float]) -> None:
    assert shares(model, 0, 1, 2, 5) == pytest.approx(expected)


def test_credit_halves_every_week() -> None:
    old, new = shares("decay", 0, 7 - 1e-9, event=7)
    assert new / old == pytest.approx(2)


def test_two_messages_share_by_position_alike() -> None:
    assert shares("position", 0, 1) == [0.5, 0.5]


def test_only_messages_before_and_within_the_window_count() -> None:
    """At the same instant, after it, or more than the window before: no credit."""
    goal = Goal(key="order", event="order_completed", window=timedelta(days=2))
    at = [contact(n, day, goal) for n, day in enumerate((3, 5, 2.9, 3.1, 4))]
    found = {each.contact.message.int for each in attribute(at, [order(5)])}
    assert found == {0, 3, 4}


def test_goal_is_pinned_when_the_message_is_sent() -> None:
    """A message sent under the old definition is measured by it, whatever holds today."""
    old = Goal(key="order", event="cart_viewed")
    assert attribute([contact(1, 0, old)], [order(1)]) == []
    assert len(attribute([contact(1, 0, old), contact(2, 0.5)], [order(1)])) == 1


def test_value_and_where_are_read_from_the_properties() -> None:
    goal = Goal(key="big", event="order_completed", where={"club": True}, value="total")
    events = [order(1, 1, club=True, total="19.90"), order(2, 2, club=False, total=5)]

    assert [(each.event.int, each.value) for each in reached([goal], events)] == [(1, 19.9)]
    assert goal.worth({"total": "much"}) == 0.0
    assert goal.worth({"total": None}) == 0.0


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 30), max_size=8),
    st.lists(st.floats(0, 30), max_size=4),
)
def test_each_model_gives_one_conversion_exactly_once(
    sent: list[float], happened: list[float]
) -> None:
    """Whatever was sent and happened when, and in whatever order it is given."""
    contacts = [contact(n, day) for n, day in enumerate(sent)]
    events = [order(day, 100 + n) for n, day in enumerate(happened)]
    shared = attribute(contacts, events)

    assert attribute(contacts[::-1], events) == shared
    for model in MODELS:
        totals: dict[UUID, float] = {}
        for each in shared:
            totals[each.reached.event] = totals.get(each.reached.event, 0) + getattr(each, model)
        assert all(total == pytest.approx(1) for total in totals.values())


def test_goals_are_read_from_catalog_documents() -> None:
    [goal] = read_goals([b'{"kind":"goal","key":"k","event":"e","window":"P2W"}'])
    assert (goal.key, goal.event, goal.window) == ("k", "e", timedelta(weeks=2))
    assert read_window("PT12H") == timedelta(hours=12)
    for text in ("P1M", "7D", "P", "PD"):
        with pytest.raises(ValueError, match="duration"):
            read_window(text)
