"""Asks: nobody is asked for what they have done, by any journey, on any channel."""

from datetime import timedelta

from services.decision.domain.inputs import ReceiptKind
from tests.unit.decision import builders as b


def reminders(**holds: str) -> b.Person:
    """Three journeys on three channels that ask for the same."""
    anna = b.Person(
        b.catalog(
            b.ask("work-out", "worked_out", **holds),
            b.policy("night", type="quiet_hours", **{"from": "21:00", "to": "08:00"}),
            b.template("mail", ask="work-out"),
            b.template("text", ask="work-out", channel="sms"),
            b.template("banner", ask="work-out", channel="in_app"),
            *(
                b.journey(key, b.message(key, valid_for="P5D"), reentry="every")
                for key in ("mail", "text", "banner")
            ),
        ),
        at=b.MONDAY.replace(hour=22),
    )
    anna.identify(phone="+491701234567")
    return anna


def test_answer_silences_every_reminder_that_waits() -> None:
    """Issue 4: an answered ask lands while three reminders on three channels wait."""
    anna = reminders()
    anna.track("started")
    assert len(anna.state.pending) == 3

    anna.track("worked_out")
    anna.sleep(timedelta(days=3))

    assert anna.sent == []
    assert anna.reasons[-3:] == ["ask_done"] * 3
    assert anna.state.pending == []


def test_what_was_done_before_is_not_asked_for() -> None:
    anna = reminders()
    anna.step(anna.event("worked_out", history=True))

    anna.track("started")

    assert (anna.sent, anna.reasons[-1]) == ([], "ask_done")


def test_answer_holds_as_long_as_the_catalog_says() -> None:
    """An order can be placed again, and asked for again."""
    anna = reminders(holds_for="P14D")
    anna.now = anna.now.replace(hour=12)
    anna.track("worked_out")
    anna.track("started")
    assert anna.sent == []

    anna.step(anna.event("worked_out", occurred_at=anna.now - timedelta(days=9), history=True))
    anna.now += timedelta(days=14, seconds=-1)
    anna.track("started")
    assert anna.sent == []
    anna.now += timedelta(seconds=1)
    anna.track("started")

    assert len(anna.sent) == 1


def test_other_journey_waits_until_the_first_has_had_its_chance() -> None:
    anna = reminders()
    anna.now = anna.now.replace(hour=12)

    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.sleep(timedelta(hours=2))

    assert len(anna.sent) == 1
    assert anna.reasons[-1] == "asked_elsewhere"


def test_ask_nobody_answered_in_time_may_be_put_by_another_journey() -> None:
    anna = b.Person(
        b.catalog(
            b.ask("work-out", "worked_out"),
            b.template("one", ask="work-out"),
            b.template("two", ask="work-out"),
            b.journey("a", b.message("one", valid_for="P2D")),
            b.journey("b", b.message("two", valid_for="P5D"), on="viewed"),
        )
    )
    anna.track("started")
    first_ends = anna.orders[0].valid_until
    anna.track("viewed")

    anna.sleep(timedelta(days=3))

    assert anna.sent == ["one", "two"]
    assert anna.orders[1].ordered_at == first_ends


def test_ask_of_a_message_that_was_not_sent_is_not_put() -> None:
    anna = reminders()
    anna.now = anna.now.replace(hour=12)
    anna.track("started")

    anna.receipt(anna.orders[0], ReceiptKind.REJECTED)

    assert len(anna.sent) == 2
    assert anna.state.asks["work-out"].journey == anna.orders[1].journey
