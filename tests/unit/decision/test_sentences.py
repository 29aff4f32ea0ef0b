"""Every reason in plain words, in both languages, with the numbers of the case."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.decision.domain import sentences
from services.decision.domain.decisions import Ruling, Verdict
from services.decision.domain.explain import explain
from services.decision.domain.inputs import WakeupInput
from services.decision.domain.reasons import Reason
from tests.unit.decision import builders as b

UNTIL = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
CAP = Verdict(
    "cap:four-a-month",
    Ruling.HELD,
    Reason.CAP_REACHED,
    UNTIL,
    {"policy": "four-a-month", "count": 4, "limit": 4, "window_s": 30 * 86_400},
)


def test_full_cap_reads_as_people_say_it() -> None:
    assert sentences.sentence(CAP, "en", ZoneInfo("Europe/Berlin")) == (
        "Held back: 4 of 4 messages in 30 days already sent (cap four-a-month); "
        "may go again on 2026-12-03 at 08:00."
    )
    assert sentences.sentence(CAP, "de", ZoneInfo("Europe/Berlin")) == (
        "Zurückgehalten: 4 von 4 Nachrichten in 30 Tagen schon gesendet "
        "(Obergrenze four-a-month); frühestens wieder am 03.12.2026 um 08:00."
    )


@pytest.mark.parametrize("reason", Reason, ids=str)
def test_reason_has_its_sentence_even_without_facts(reason: Reason) -> None:
    english = sentences.sentence(Verdict("rule", Ruling.REFUSED, reason), "en")
    german = sentences.sentence(Verdict("rule", Ruling.REFUSED, reason), "de")

    assert english.startswith("Not sent: ")
    assert german.startswith("Nicht gesendet: ")
    for text in (english, german):
        assert text.endswith(".")
        assert "{" not in text


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (86_400, "1 day", "1 Tag"),
        (30 * 86_400, "30 days", "30 Tagen"),
        (36 * 3_600, "36 hours", "36 Stunden"),
        (90, "90 seconds", "90 Sekunden"),
        (3_600, "1 hour", "1 Stunde"),
    ],
)
def test_span_uses_the_largest_unit_that_divides(seconds: int, english: str, german: str) -> None:
    assert sentences.span(seconds, "en") == english
    assert sentences.span(seconds, "de") == german


def test_passed_rule_says_so() -> None:
    assert sentences.sentence(Verdict("reachable", Ruling.PASSED)) == (
        "Nothing against it (reachable)."
    )


def test_decision_is_told_from_cause_to_each_candidate() -> None:
    anna = b.Person(
        b.catalog(
            b.journey("low", b.message("low", priority=10)),
            b.journey("high", b.message("high", priority=90)),
        )
    )
    anna.track("started")
    [decision] = anna.decisions

    assert explain(decision) == [
        "The event started led to this decision.",
        "Sent: started began the journey high (step high); consent given.",
        "high (high, high): chosen: all 6 rules passed.",
        "low (low, low): Held back: high went first; may go again on 2026-03-02 at 13:00 UTC.",
    ]
    assert explain(decision, "de")[1:3] == [
        "Gesendet: started begann die Journey high (Schritt high); Einwilligung liegt vor.",
        "high (high, high): gewählt: alle 6 Regeln erfüllt.",
    ]


def test_silence_is_told_too() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.message("hi"))), consent=False)
    anna.track("started")

    assert explain(anna.decisions[0]) == [
        "The event started led to this decision.",
        "Not sent: there is no consent for email, tips.",
        "hi (hello, hi): Not sent: there is no consent for email, tips.",
    ]


def test_decision_of_a_message_whose_template_is_gone_is_told() -> None:
    anna = b.Person(b.catalog(b.journey("hello", b.wait("w", duration="P1D"), b.message("hi"))))
    anna.track("started")
    pinned = b.catalog(
        b.journey("hello", b.wait("w", duration="P1D"), b.message("hi")),
        {**b.journey("hello", b.message("new")), "version": 2},
    )
    del pinned.templates["hi"]
    anna.catalog = pinned

    due = anna.next_wakeup
    assert due is not None
    anna.step(WakeupInput(anna.new_id("wakeup"), due), at=due)

    assert explain(anna.decisions[0])[1] == (
        "Not sent: the template hi is no longer in the catalog."
    )
