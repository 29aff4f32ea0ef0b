"""Sentences people read, also for what has no words yet."""

from typing import Any

import pytest

from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.decisions.v1 import decision_pb2 as decisions
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from contracts.gen.kairos.events.v1 import event_pb2 as events
from services.history.domain import sentences


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("track", "Order Completed", "Order Completed"),
        ("page", "Pricing", "Viewed the page Pricing"),
        ("page", "", "Viewed a page"),
        ("screen", "Home", "Viewed the screen Home"),
        ("group", "", "Joined a group"),
        ("alias", "", "Was recognised by another id"),
    ],
)
def test_event_is_told(kind: str, name: str, sentence: str) -> None:
    assert sentences.event(kind, name) == sentence


def test_many_traits_are_counted() -> None:
    """A sentence, not a list."""
    assert sentences.traits([f"t{number}" for number in range(9)]) == (
        "Told t0, t1, t2, t3, t4, t5 and 3 more"
    )
    assert sentences.traits([]) == "Was recognised"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("message", "welcome", "email", 0), "Chose welcome by e-mail"),
        (("message", "welcome", "sms", 2), "Chose welcome by sms over 2 others"),
        (("silence", "news", "email", 0), "Kept silent: news was not sent"),
        (("silence", "", "", 0), "Kept silent"),
        (("held", "news", "email", 0), "Holds news back for now"),
        (("released", "news", "email", 0), "Took news back"),
        (("ghost", "news", "email", 0), "Kept news back for comparison"),
    ],
)
def test_decision_is_told(arguments: tuple[str, str, str, int], sentence: str) -> None:
    assert sentences.decision(*arguments) == sentence


def words(enum: Any, prefix: str) -> set[str]:
    """The names of a contract's enum, as the domain writes them."""
    return {name.removeprefix(prefix).lower() for name in enum.keys()} - {"unspecified"}


def test_everything_in_the_contract_has_words() -> None:
    """A new outcome, receipt, part or call in the contract needs a sentence here."""
    attempts = words(deliveries.AttemptOutcome, "ATTEMPT_OUTCOME_")
    assert attempts == {"accepted", *sentences._ATTEMPTS}
    assert words(deliveries.ReceiptKind, "RECEIPT_KIND_") == set(sentences._RECEIPTS)
    told = {"message", "silence", "held", "released", "ghost"}
    assert words(decisions.Outcome, "OUTCOME_") == told
    parts = words(consents.PermissionPart, "PERMISSION_PART_")
    assert parts == {part for part, _ in sentences._STATUSES}
    calls = words(events.EventKind, "EVENT_KIND_")
    assert calls == {"track", "identify", "page", "screen", "group", "alias"}


def test_unknown_words_are_said_as_they_are() -> None:
    """A newer sender must not break the timeline."""
    assert sentences.journey("teleported", "j", "") == "Teleported: j"
    assert sentences.receipt("carrier_pigeon", "eaten", machine=False) == "Carrier pigeon eaten"
    assert sentences.permission("aura", "set", "*", "") == "Aura set"
