"""Conditions: what each says, and that a wrong one is refused with its path."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import state as states
from services.decision.domain.catalog import CatalogError, parse_catalog
from services.decision.domain.segment_numbers import number_of
from services.decision.domain.state import DAY_S, Counter
from tests.unit.decision import builders as b

NOW_S = int(b.MONDAY.timestamp())


def person() -> states.PersonState:
    found = states.new(b.PERSON)
    found.traits = {
        "plan": "pro", "age": 30, "score": 1.5, "vip": True, "tags": ["a", "b"],
        "birthday": "1984-05-23",
    }  # fmt: skip
    # Five uses: 40, 10, 2, 2 and 0 days ago; the one order is 40 days old.
    found.counters = {
        "used": Counter(5, NOW_S - 40 * DAY_S, NOW_S, bytes([40, 1, 10, 1, 2, 2, 0, 1])),
        "ordered": Counter(1, NOW_S - 40 * DAY_S, NOW_S - 40 * DAY_S, b"\x00\x01"),
    }
    return found


def holds(condition: dict[str, Any], **properties: Any) -> bool:
    document = b.journey("j", b.wait("w", duration="P1D"))
    document["entry"]["where"] = condition
    catalog = b.catalog(document, {
        "kind": "segment", "key": "pros", "rule": {"trait": "plan", "is": "pro"},
    })  # fmt: skip
    [journey] = catalog.live["started"]
    assert journey.entry.trigger is not None
    assert journey.entry.trigger.where is not None
    found = person()
    found.segments = {number_of("pros"): NOW_S}
    return journey.entry.trigger.where(found, NOW_S, properties)


TRUE = [
    {"trait": "plan", "is": "pro"},
    {"trait": "plan", "is_not": "free"},
    {"trait": "plan", "in": ["pro", "plus"]},
    {"trait": "plan", "not_in": ["free"]},
    {"trait": "plan", "contains": "r"},
    {"trait": "tags", "contains": "b"},
    {"trait": "age", "at_least": 30, "less_than": 31},
    {"trait": "score", "more_than": 1},
    {"trait": "birthday", "at_most": "1990-01-01"},
    {"trait": "vip", "is": True},
    {"trait": "vip", "exists": True},
    {"trait": "missing", "exists": False},
    {"trait": "missing", "is_not": "x"},
    {"trait": "missing", "not_in": ["x"]},
    {"property": "amount", "at_least": 10},
    {"event": "used"},
    {"event": "used", "is": 5},
    {"event": "used", "at_least": 3, "within": "P3D"},
    {"event": "used", "at_most": 4, "within": "P30D"},
    {"event": "ordered", "at_most": 0, "within": "P30D"},
    {"event": "ordered", "within": "P365D"},
    {"event": "never", "at_most": 0},
    {"event": "never", "at_most": 0, "within": "P999D"},
    {"segment": "pros"},
    {"all": []},
    {"none": []},
    {"all": [{"trait": "vip", "is": True}, {"event": "used"}]},
    {"any": [{"trait": "vip", "is": False}, {"event": "used"}]},
    {"none": [{"trait": "vip", "is": False}, {"event": "never"}]},
]
FALSE = [
    {"trait": "plan", "is": "free"},
    {"trait": "plan", "at_least": 1},
    {"trait": "age", "at_least": "1"},
    {"trait": "age", "more_than": 30},
    {"trait": "age", "is": True},
    {"trait": "vip", "is": 1},
    {"trait": "missing", "is": "x"},
    {"trait": "missing", "in": ["x"]},
    {"trait": "missing", "at_most": 3},
    {"trait": "missing", "contains": "x"},
    {"trait": "tags", "contains": "c"},
    {"property": "other", "at_least": 10},
    {"event": "never"},
    {"event": "ordered", "within": "P30D"},
    {"event": "used", "at_least": 4, "within": "P3D"},
    {"any": []},
    {"all": [{"trait": "vip", "is": True}, {"event": "never"}]},
    {"none": [{"event": "used"}]},
]


@pytest.mark.parametrize("condition", TRUE, ids=str)
def test_condition_that_holds(condition: dict[str, Any]) -> None:
    assert holds(condition, amount=10)


@pytest.mark.parametrize("condition", FALSE, ids=str)
def test_condition_that_does_not_hold(condition: dict[str, Any]) -> None:
    assert not holds(condition, amount=10)


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ({}, "at entry.where: expected exactly one of all, any, none, trait"),
        ({"trait": "a", "event": "b"}, "expected exactly one of"),
        ({"trait": "a"}, "at entry.where: expected a comparison (is, is_not"),
        ({"trait": "a", "is": 1, "within": "P1D"}, "expected `within` only with `event`"),
        (
            {"all": [{"event": "a", "contains": "x"}]},
            "at entry.where.all[0]: expected a whole number",
        ),
        ({"event": "a", "at_least": 2.5}, "expected a whole number"),
        ({"event": "a", "within": "P1M"}, "at entry.where.within: expected days, hours or minutes"),
        ({"event": "a", "at_least": 3, "within": "P1200D"}, "at most P1099D in days, PT168H"),
        ({"segment": "nobody"}, "at entry.where.segment: expected the key of a segment"),
        ({"segment": "pros", "is": 1}, "expected no comparison with `segment`"),
        ({"trait": "a", "equals": 1}, "at entry.where: expected a known field, got `equals`"),
    ],
    ids=str,
)
def test_wrong_condition_is_refused_with_its_path(condition: dict[str, Any], problem: str) -> None:
    with pytest.raises(CatalogError) as caught:
        holds(condition)

    assert problem in str(caught.value)


def test_segments_that_contain_each_other_are_refused() -> None:
    def segment(key: str, other: str) -> dict[str, Any]:
        return {"kind": "segment", "key": key, "rule": {"any": [{"segment": other}]}}

    with pytest.raises(CatalogError, match="segments that do not contain themselves"):
        parse_catalog([segment("a", "b"), segment("b", "c"), segment("c", "a")])


def test_absence_becomes_true_at_the_right_second() -> None:
    anna = person()
    document = b.journey("j", b.wait("w", duration="P1D"))
    document["entry"]["where"] = {"event": "ordered", "at_most": 0, "within": "P50D"}
    [journey] = b.catalog(document).live["started"]
    assert journey.entry.trigger is not None
    assert journey.entry.trigger.where is not None
    flips_s = anna.counters["ordered"].last_s + 50 * DAY_S

    assert not journey.entry.trigger.where(anna, flips_s - 1, {})
    assert journey.entry.trigger.where(anna, flips_s, {})


SUBJECTS = st.sampled_from(
    [
        {"trait": "vip", "is": True},
        {"event": "never"},
        {"event": "used"},
        {"property": "x", "is": 1},
    ]
)
CONDITIONS = st.recursive(
    SUBJECTS,
    lambda inner: st.builds(
        lambda kind, parts: {kind: parts},
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


def naive(condition: dict[str, Any]) -> bool:
    for kind, parts in condition.items():
        if kind in ("all", "any", "none"):
            truths = [naive(part) for part in parts]
            return {"all": all(truths), "any": any(truths), "none": not any(truths)}[kind]
    return condition in ({"trait": "vip", "is": True}, {"event": "used"})


@given(CONDITIONS)
def test_groups_agree_with_their_definition(condition: dict[str, Any]) -> None:
    assert holds(condition) == naive(condition)
