"""What events teach: numbers applied once, traits rules use, addresses, language, zone."""

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import learning
from services.decision.domain.inputs import EventKind
from services.decision.domain.state import Endpoint
from tests.unit.decision import builders as b

PLAN = b.catalog(
    b.template("hi", variables=["profile.plan", "profile.tags"]),
    b.journey("hello", b.message("hi")),
)


@given(st.lists(st.integers(1, 40), max_size=80))
def test_each_number_is_applied_once_in_any_order(numbers: list[int]) -> None:
    applied: dict[bytes, list[int]] = {}
    fresh = [learning.apply_once(applied, b"source", number) for number in numbers]

    assert fresh == [number not in numbers[:i] for i, number in enumerate(numbers)]
    ranges = applied.get(b"source", [])
    pairs = zip(ranges[::2], ranges[1::2], strict=True)
    assert {n for low, high in pairs for n in range(low, high + 1)} == set(numbers)
    gaps = zip(ranges[1::2], ranges[2::2], strict=False)
    assert all(high + 1 < low for high, low in gaps), "ranges that touch are one"


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_united_ranges_hold_what_either_holds(mine: set[int], theirs: set[int]) -> None:
    def ranges(numbers: set[int]) -> list[int]:
        applied: dict[bytes, list[int]] = {}
        for number in numbers:
            learning.apply_once(applied, b"s", number)
        return applied.get(b"s", [])

    assert learning.unite(ranges(mine), ranges(theirs)) == ranges(mine | theirs)


def test_only_traits_that_rules_use_are_kept_in_a_size_that_fits() -> None:
    anna = b.Person(PLAN)

    anna.identify(plan="x" * 1_000, tags=["a", 3, "b"], other="secret")
    assert anna.state.traits == {"plan": "x" * 256, "tags": ["a", "b"]}

    anna.identify(plan=None)
    assert anna.state.traits == {"tags": ["a", "b"]}


def test_imported_history_fills_gaps_and_replaces_nothing() -> None:
    anna = b.Person(PLAN, email=None)
    anna.identify(history=True, plan="old", email="old@example.org", locale="de")
    anna.identify(plan="new", email="new@example.org", locale="en")

    anna.identify(history=True, plan="older", email="older@example.org", locale="fr")

    assert anna.state.traits == {"plan": "new"}
    assert anna.state.endpoints["email"] == Endpoint("new@example.org")
    assert anna.state.locale == "en"


def test_address_can_be_removed_and_proven() -> None:
    anna = b.Person(PLAN, email=None)
    anna.identify(trusted=False, email=" anna@example.org ", phone="+491701234567")
    assert anna.state.endpoints["email"] == Endpoint("anna@example.org", proven=False)

    anna.identify(email="anna@example.org", phone="")

    assert anna.state.endpoints == {"email": Endpoint("anna@example.org")}


def test_zone_of_the_customer_data_beats_that_of_a_device() -> None:
    anna = b.Person(PLAN)
    anna.step(anna.event("seen", timezone="America/New_York", locale="en-US"))
    assert (anna.state.timezone, anna.state.timezone_source) == ("America/New_York", "context")

    anna.identify(timezone="Europe/Berlin")
    anna.step(anna.event("seen", timezone="Asia/Tokyo"))

    assert (anna.state.timezone, anna.state.timezone_source) == ("Europe/Berlin", "trait")
    assert anna.state.locale == "en-US"


def test_event_names_beyond_the_limit_are_counted_only_where_a_rule_asks() -> None:
    counted = b.journey("hello", b.message("hi"), audience={"event": "asked_for"})
    anna = b.Person(b.catalog(counted))
    for i in range(learning.COUNTERS_MAX + 5):
        anna.track(f"made_up_{i}")

    anna.track("asked_for")

    assert len(anna.state.counters) == learning.COUNTERS_MAX + 1
    assert anna.state.counters["asked_for"].total == 1


def test_identify_and_group_are_no_events() -> None:
    anna = b.Person(PLAN)

    anna.step(anna.event("x", kind=EventKind.GROUP), anna.event("x", kind=EventKind.ALIAS))

    assert anna.state.counters == {}


def test_addresses_come_as_ingest_spelled_them() -> None:
    """What ingest could not read changes nothing; a token of any call is the push endpoint."""
    anna = b.Person(PLAN, email=None)
    anna.step(
        anna.event(
            "",
            kind=EventKind.IDENTIFY,
            traits={"email": " Anna@EXAMPLE.org", "phone": "0170"},
            endpoints={"email": "Anna@example.org", "sms": None},
        )
    )
    anna.step(anna.event("app_opened", endpoints={"push": "token-1"}))

    assert anna.state.endpoints == {
        "email": Endpoint("Anna@example.org"),
        "push": Endpoint("token-1"),
    }
    anna.step(anna.event("app_opened", endpoints={"push": ""}))
    assert "push" not in anna.state.endpoints


def test_trait_that_came_too_late_changes_nothing() -> None:
    """An offline device reports last week's address after the new one."""
    anna = b.Person(PLAN, email=None)
    anna.identify(email="new@example.org")
    late = anna.event(
        "", kind=EventKind.IDENTIFY, traits={"email": "old@example.org"}, superseded=("email",)
    )
    anna.step(late)

    assert anna.state.endpoints["email"] == Endpoint("new@example.org")
