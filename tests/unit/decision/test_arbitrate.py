"""Who goes first: a total order, and slots that count from the moment they are taken."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.decision.domain import state as states
from services.decision.domain.inputs import ReceiptKind
from tests.unit.decision import builders as b

SERVICE = b.topic("service", **{"class": "service"})
ORDERS = b.topic("orders", **{"class": "transactional"})


def competing(*documents: dict[str, Any], **more: Any) -> b.Person:
    """Someone for whom one event makes all journeys want their message."""
    anna = b.Person(b.catalog(*documents), **more)
    anna.track("started")
    return anna


def ranked(anna: b.Person) -> list[str]:
    return [one.template for one in anna.decisions[-1].candidates]


@pytest.mark.parametrize("keys", list(permutations("abc")), ids=str)
def test_priority_goes_first_then_urgency_whatever_journeys_are_called(
    keys: tuple[str, str, str],
) -> None:
    """AJO has no tie-break for equal priority; here no two candidates are ever equal."""
    anna = competing(
        b.journey(keys[0], b.message("urgent", priority=50, valid_for="P1D")),
        b.journey(keys[1], b.message("patient", priority=50, valid_for="P9D")),
        b.journey(keys[2], b.message("important", priority=51, valid_for="P9D")),
    )

    assert ranked(anna) == ["important", "urgent", "patient"]


def test_equals_are_ordered_the_same_way_every_time() -> None:
    journeys = [b.journey(key, b.message(key)) for key in ("a", "b", "c", "d")]

    orders = {tuple(ranked(competing(*order))) for order in permutations(journeys)}

    assert len(orders) == 1


def test_class_goes_before_priority_and_each_slot_counts_at_once() -> None:
    """Transactional first, then service, then marketing; the shared cap of two is full by then."""
    anna = competing(
        SERVICE,
        ORDERS,
        b.policy(
            "two", type="cap", messages=2, within="P1D",
            classes=["transactional", "service", "marketing"],
        ),
        b.template("receipt", topic="orders"),
        b.template("status", topic="service"),
        b.journey("a", b.message("offer", priority=100)),
        b.journey("b", b.message("status", priority=50)),
        b.journey("c", b.message("receipt", priority=0)),
    )  # fmt: skip

    assert anna.sent == ["receipt", "status"]
    assert anna.reasons == ["cap_reached"]


def test_transactional_and_service_messages_go_beside_one_marketing_message() -> None:
    anna = competing(
        SERVICE,
        ORDERS,
        b.template("receipt", topic="orders"),
        b.template("status", topic="service"),
        *(b.journey(f"j-{key}", b.message(key)) for key in ("receipt", "status", "one", "two")),
    )

    assert len(anna.sent) == 3
    assert {"receipt", "status"} < set(anna.sent)


def test_blocked_favourite_leaves_the_moment_to_the_next() -> None:
    """Braze's capped favourite falls out and nothing goes; here the next one does."""
    anna = competing(
        b.policy(
            "no-sms", type="quiet_hours", channels=["sms"], **{"from": "00:00", "to": "23:00"}
        ),
        b.template("text", channel="sms"),
        b.journey("a", b.message("text", priority=100)),
        b.journey("b", b.message("mail", priority=1)),
    )

    assert anna.sent == ["mail"]
    assert [str(v.reason) for v in anna.decisions[0].candidates[0].against] == [
        "no_address",
        "quiet_hours",
    ]


def test_minimum_gap_holds_until_it_is_over() -> None:
    anna = competing(
        b.policy("gap", type="minimum_gap", duration="PT20H"),
        b.journey("hello", b.message("hi"), reentry="every"),
    )
    first = anna.now
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.now += timedelta(hours=3)

    anna.track("started")
    held = b.verdict(anna.decisions[-1].candidates[0], "minimum_gap:gap")
    assert held.until == first + timedelta(hours=20)
    anna.sleep(timedelta(hours=18))

    assert [order.ordered_at for order in anna.orders] == [first, held.until]


def test_same_template_waits_for_its_cool_down_others_do_not() -> None:
    anna = competing(
        b.template("hi", cool_down="P30D"),
        b.journey("hello", b.message("hi", valid_for="P60D"), reentry="every"),
        b.journey("other", b.message("news"), on="other"),
    )
    first = anna.now
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.now += timedelta(days=1)

    anna.track("started")
    anna.track("other")

    assert anna.sent == ["hi", "news"]
    assert anna.reasons[0] == "cool_down"
    anna.sleep(timedelta(days=30))
    assert anna.orders[-1].ordered_at == first + timedelta(days=30)


@pytest.mark.parametrize(("counted", "kept"), [(False, 0), (True, 2)], ids=str)
def test_contacts_no_rule_looks_at_are_forgotten(*, counted: bool, kept: int) -> None:
    """The state stays small: a shop's order mails would fill it."""
    rule = b.policy("all", type="cap", messages=9, within="P1D", classes=["transactional"])
    anna = b.Person(
        b.catalog(
            ORDERS,
            *([rule] if counted else []),
            b.template("receipt", topic="orders"),
            b.journey("order", b.message("receipt"), reentry="every"),
        )
    )
    for _ in range(2):
        anna.track("started")
        anna.receipt(anna.orders[-1], ReceiptKind.ACCEPTED)
    anna.track("seen")
    assert len(anna.state.contacts) == kept

    anna.now += timedelta(days=32)
    anna.track("seen")
    assert anna.state.contacts == []


def test_slot_nobody_reported_on_is_forgotten_after_the_horizon() -> None:
    anna = competing(b.journey("hello", b.message("hi")))
    size = len(states.encode(anna.state))

    anna.now += timedelta(days=31 + 3)
    anna.track("seen")

    assert anna.state.contacts == []
    assert len(states.encode(anna.state)) < size
