"""The permit: everything that may have changed since the decision is asked again."""

from datetime import timedelta

import pytest

from services.decision.domain.decisions import Outcome
from services.decision.domain.inputs import (
    PermissionPart,
    PermissionStatus,
    PermitRefusedInput,
    ReceiptKind,
)
from services.decision.domain.model import Controls
from tests.unit.decision import builders as b

NIGHT = b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"})


def ordered(*documents: dict[str, object], **more: object) -> b.Person:
    """Someone with one message on its way."""
    anna = b.Person(
        b.catalog(
            b.ask("buy", "bought"),
            b.template("hi", ask="buy", cool_down="P30D"),
            b.journey(
                "hello",
                b.message("hi", valid_for="P2D"),
                b.wait("rest", duration="P9D"),
                exit_when=[{"event": "closed"}],
                goal={"event": "reached"},
            ),
            b.policy("one", type="cap", messages=1, within="P1D"),
            b.policy("gap", type="minimum_gap", duration="P1D"),
            *documents,
        ),
        **more,  # type: ignore[arg-type]
    )
    anna.track("started")
    assert anna.sent == ["hi"]
    return anna


def test_own_slot_does_not_stand_in_the_way() -> None:
    anna = ordered()

    assert anna.permit(anna.orders[0]).granted


@pytest.mark.parametrize(
    ("event", "reason"),
    [("bought", "ask_done"), ("closed", "exit_rule"), ("reached", "goal_reached")],
    ids=str,
)
def test_event_that_makes_it_pointless_refuses_it(event: str, reason: str) -> None:
    anna = ordered()

    anna.track(event)

    assert anna.permit(anna.orders[0]).reason == reason


def test_current_policy_counts_not_the_one_it_was_decided_under() -> None:
    anna = ordered()
    anna.catalog = ordered(NIGHT).catalog

    answer = anna.permit(anna.orders[0], at=anna.now.replace(hour=22))

    assert (answer.reason, answer.until) == ("quiet_hours", anna.now.replace(day=3, hour=8))
    assert "21:00" in answer.sentence("en")
    assert "Ruhe" in answer.sentence("de")


def test_validity_address_pause_and_switches_are_asked() -> None:
    anna = ordered()
    [order] = anna.orders
    assert anna.permit(order, at=anna.now + timedelta(days=2)).reason == "expired"
    anna.controls = Controls(marketing_stopped=True)
    assert anna.permit(order).reason == "marketing_stopped"
    anna.controls = Controls(paused_journeys=("hello",))
    assert anna.permit(order).reason == "journey_paused"
    anna.controls = Controls()
    until = anna.now + timedelta(days=1)
    anna.permission(PermissionPart.PAUSE, PermissionStatus.SET, until=until)
    assert anna.permit(order).until == until
    anna.permission(
        PermissionPart.PAUSE, PermissionStatus.LIFTED, at=anna.now + timedelta(seconds=1)
    )
    anna.identify(email="new@example.org")
    assert anna.permit(order).reason == "address_changed"


def test_template_or_journey_gone_from_the_catalog_refuses() -> None:
    anna = ordered()
    anna.catalog = b.catalog(b.journey("other", b.message("hi")))

    assert anna.permit(anna.orders[0]).reason == "journey_removed"


def test_nothing_is_sent_twice() -> None:
    """Marketing at most once: an unknown outcome is never silently repeated."""
    for outcome in (ReceiptKind.ACCEPTED, ReceiptKind.UNKNOWN):
        anna = ordered()
        anna.receipt(anna.orders[0], outcome)

        assert anna.permit(anna.orders[0]).reason == "already_sent"


def test_transactional_message_may_be_repeated_while_its_fate_is_unknown() -> None:
    anna = b.Person(
        b.catalog(
            b.topic("orders", **{"class": "transactional"}),
            b.template("receipt", topic="orders"),
            b.journey("order", b.message("receipt")),
        ),
        consent=False,
    )
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.UNKNOWN)
    assert anna.permit(anna.orders[0]).granted

    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    assert not anna.permit(anna.orders[0]).granted


def test_unknown_message_is_refused() -> None:
    anna = ordered()
    anna.state.contacts.clear()

    assert anna.permit(anna.orders[0]).reason == "unknown_message"


def test_refused_permit_frees_the_slot_and_the_message_waits() -> None:
    anna = ordered(NIGHT)
    [order] = anna.orders
    anna.now = anna.now.replace(hour=22)
    answer = anna.permit(order)
    assert answer.reason is not None

    refusal = PermitRefusedInput(
        anna.new_id("refusal"), order.message_id, answer.reason, anna.now, answer.until
    )
    anna.step(refusal)

    released = anna.decisions[-1]
    assert (released.outcome, released.reason) == (Outcome.RELEASED, "quiet_hours")
    assert (anna.state.contacts, len(anna.state.pending)) == ([], 1)
    assert anna.next_wakeup == answer.until
    assert not anna.step(refusal).changed
    anna.sleep(timedelta(hours=12))
    assert anna.sent == ["hi", "hi"]
    assert anna.orders[1].message_id != order.message_id
    assert anna.permit(order).reason == "unknown_message"


def test_changed_address_is_decided_again_at_once() -> None:
    anna = ordered()
    anna.identify(email="new@example.org")
    answer = anna.permit(anna.orders[0])
    assert answer.reason is not None

    anna.step(
        PermitRefusedInput(
            anna.new_id("refusal"), anna.orders[0].message_id, answer.reason, anna.now, answer.until
        )
    )

    assert [order.endpoint for order in anna.orders] == ["anna@example.org", "new@example.org"]


def test_permit_refused_for_good_ends_the_message() -> None:
    anna = ordered()
    anna.permission(PermissionPart.OBJECTION, PermissionStatus.SET)
    answer = anna.permit(anna.orders[0])
    assert answer.reason == "objection"

    anna.step(
        PermitRefusedInput(
            anna.new_id("refusal"), anna.orders[0].message_id, answer.reason, anna.now
        )
    )

    assert (anna.state.contacts, anna.state.pending) == ([], [])
    assert anna.reasons == ["objection"]
