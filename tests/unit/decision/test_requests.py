"""Messages asked for from outside: the same rules, once, and what waits for a client to ask."""

from datetime import timedelta
from typing import Any

from services.decision.domain.inputs import MessageInput, NextInput, ReceiptKind
from tests.unit.decision import builders as b

RESET = (
    b.topic("account", **{"class": "transactional"}),
    b.template("reset", topic="account", variables=["event.code", "profile.first_name"]),
)
OFFER = b.template("offer")
QUIET = b.policy("night", type="quiet_hours", **{"from": "00:00", "to": "23:59"})


def ask(anna: b.Person, template: str, **data: Any) -> MessageInput:
    return MessageInput(anna.new_id("request"), template, anna.now, 86_400, data)


def nexts(anna: b.Person, *channels: str, placement: str = "") -> list[str]:
    """The templates a client gets that asks for the next message."""
    made = anna.step(NextInput(anna.new_id("next"), anna.now, channels, placement)).decisions
    return [one.order.template for one in made if one.order is not None]


def test_transactional_message_goes_at_once_past_the_contact_policy() -> None:
    """Without consent to marketing, in quiet hours; with the data its template declares."""
    anna = b.Person(b.catalog(*RESET, QUIET), consent=False)
    made = anna.step(ask(anna, "reset", code="4711", secret="no")).decisions
    assert made[0].order is not None

    assert made[0].order.variables == {"profile": {}, "event": {"code": "4711"}}
    assert (made[0].order.basis, made[0].trigger.kind) == ("contract", "message")
    assert made[0].order.reason_en == "Sent as asked for by the API; part of a contract."
    assert anna.permit(made[0].order).granted


def test_same_request_again_while_it_is_under_way_changes_nothing() -> None:
    anna = b.Person(b.catalog(*RESET))
    asked = ask(anna, "reset")
    anna.step(asked)
    again = anna.step(asked)

    assert len(anna.orders) == 1
    assert again.notes[0].result == "duplicate"
    assert not again.changed


def test_marketing_asked_for_needs_consent_and_waits_for_quiet_hours() -> None:
    without = b.Person(b.catalog(OFFER), consent=False)
    without.step(ask(without, "offer"))
    assert without.reasons == ["no_consent"]
    assert without.state.pending == []

    held = b.Person(b.catalog(OFFER, QUIET))
    held.step(ask(held, "offer"))
    assert held.reasons == ["quiet_hours"]
    held.sleep(timedelta(hours=12))
    assert held.sent == ["offer"]


def test_template_that_is_gone_changes_nothing() -> None:
    anna = b.Person(b.catalog(*RESET))

    assert not anna.step(ask(anna, "other")).changed


BANNER = b.template("banner", channel="in_app", placement="home", on_request=True)
SHOWN = b.journey("shown", b.message("banner", valid_for="P9D"))
MAILED = b.journey("mailed", b.message("hi"), on="later")


def with_app(*documents: dict[str, Any]) -> b.Person:
    anna = b.Person(b.catalog(*documents))
    anna.state.endpoints["in_app"] = anna.state.endpoints["email"]
    return anna


def test_message_on_request_waits_until_a_client_asks_for_its_placement() -> None:
    anna = with_app(BANNER, SHOWN)
    anna.track("started")
    assert (anna.sent, anna.reasons) == ([], ["not_asked_for"])

    assert nexts(anna, "in_app", placement="checkout") == []
    assert nexts(anna, "email") == []
    assert nexts(anna, "in_app", placement="home") == ["banner"]
    assert anna.permit(anna.orders[0]).granted
    assert nexts(anna, "in_app", placement="home") == []


def test_asking_for_the_next_message_leaves_other_channels_waiting() -> None:
    held = b.policy(
        "night", type="quiet_hours", channels=["email"], **{"from": "00:00", "to": "23:59"}
    )
    anna = with_app(BANNER, SHOWN, b.journey("mailed", b.message("hi")), held)
    anna.track("started")
    before = [one for one in anna.state.pending if one.journey == "mailed"]

    assert nexts(anna, "in_app") == ["banner"]
    assert [one for one in anna.state.pending if one.journey == "mailed"] == before


def test_next_message_keeps_the_cap() -> None:
    cap = b.policy("one", type="cap", messages=1, within="P1D")
    anna = with_app(BANNER, SHOWN, MAILED, cap)
    anna.track("later")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.track("started")

    assert nexts(anna, "in_app") == []
    assert anna.decisions[-1].candidates[0].against[-1].reason == "cap_reached"


def test_nothing_that_waits_is_an_answer_without_a_decision() -> None:
    anna = with_app(BANNER, SHOWN)
    result = anna.step(NextInput(anna.new_id("next"), anna.now, ("in_app",)))

    assert (result.decisions, result.changed) == ((), False)
