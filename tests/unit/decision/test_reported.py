"""What other systems did and what another tool knew, in the core."""

from datetime import timedelta

import pytest

from services.decision.domain.inputs import (
    ContactInput,
    PermissionInput,
    PermissionPart,
    PermissionStatus,
)
from tests.unit.decision import builders as b

ONE_A_WEEK = b.policy("one-a-week", type="cap", messages=1, within="P7D")


def shop(*documents: dict[str, object]) -> b.Person:
    """Someone in a shop where `started` sends a message each time."""
    hello = b.journey("hello", b.message("hi", valid_for="P14D"), reentry="every")
    return b.Person(b.catalog(hello, *documents))


def contact(
    anna: b.Person, *, days_ago: float = 0, seq: int = 0, channel: str = "email"
) -> ContactInput:
    at = anna.now - timedelta(days=days_ago)
    return ContactInput(anna.new_id("contact"), at, channel, "marketing", "tips", seq=seq)


def test_contact_of_another_system_fills_the_cap() -> None:
    """The letter that the call centre's tool sent yesterday counts like ours."""
    anna = shop(ONE_A_WEEK)
    anna.step(contact(anna, days_ago=1, channel="post"))
    anna.track("started")
    assert anna.sent == []

    anna.sleep(timedelta(days=5, hours=23))
    assert anna.sent == []
    anna.sleep(timedelta(hours=2))
    assert anna.sent == ["hi"]


@pytest.mark.parametrize(
    ("scope", "sent"),
    [({"channels": ["email"]}, ["hi"]), ({"tags": ["vip"]}, ["hi"]), ({}, [])],
)
def test_contact_counts_only_where_the_policy_fits_it(
    scope: dict[str, list[str]], sent: list[str]
) -> None:
    cap = b.policy("cap", type="cap", messages=1, within="P7D", **scope)
    anna = shop(cap)
    anna.step(contact(anna, days_ago=1, channel="sms"))
    anna.track("started")

    assert anna.sent == sent


def test_contact_older_than_every_window_is_forgotten() -> None:
    anna = shop(ONE_A_WEEK)
    anna.step(contact(anna, days_ago=400))

    assert anna.state.contacts == []


def test_contact_reported_twice_takes_one_slot() -> None:
    anna = shop(b.policy("two", type="cap", messages=2, within="P7D"))
    made = contact(anna, days_ago=1, seq=40)
    anna.step(made)
    anna.step(made)
    anna.step(made, made)
    anna.track("started")

    assert anna.sent == ["hi"]


def imported(
    anna: b.Person, status: PermissionStatus, days_ago: int, seq: int = 0
) -> PermissionInput:
    at = anna.now - timedelta(days=days_ago)
    part = PermissionPart.CONSENT
    return PermissionInput(
        anna.new_id("permission"), part, status, at, channel="email", topic="tips", seq=seq
    )


def test_imported_withdrawal_is_in_force_whatever_the_order_of_the_rows() -> None:
    """A withdrawal from the old tool must never be lost to an older grant in the same file."""
    for order in ((0, 1), (1, 0)):
        anna = b.Person(shop().catalog, consent=False)
        rows = [
            imported(anna, PermissionStatus.GRANTED, 300, seq=50),
            imported(anna, PermissionStatus.WITHDRAWN, 100, seq=51),
        ]
        anna.step(*(rows[place] for place in order))
        anna.track("started")

        assert anna.sent == []


def test_imported_grant_does_not_bring_back_what_was_withdrawn_here() -> None:
    anna = shop()
    part, withdrawn = PermissionPart.CONSENT, PermissionStatus.WITHDRAWN
    anna.permission(part, withdrawn, channel="email", topic="tips")
    anna.step(imported(anna, PermissionStatus.GRANTED, 30, seq=50))
    anna.track("started")

    assert anna.sent == []


def test_numbered_report_leaves_no_gap() -> None:
    """Numbers are dense over all facts of a person: a gap would never close, and grow the state."""
    anna = shop()
    anna.step(imported(anna, PermissionStatus.GRANTED, 30, seq=2))
    anna.step(contact(anna, days_ago=1, seq=3))

    assert list(anna.state.applied.values()) == [[1, 3]]
