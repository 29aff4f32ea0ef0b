"""Caps: at most N within a rolling window, whatever comes in whatever order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain.decisions import Outcome, Ruling
from services.decision.domain.inputs import ReceiptKind
from services.decision.domain.reasons import Reason
from services.decision.domain.sentences import sentence
from tests.unit.decision import builders as b

ONE_A_DAY = b.policy("one-a-day", type="cap", messages=1, within="P1D")


def shop(*documents: dict[str, object]) -> b.Person:
    """Someone in a shop where `started` sends a message each time."""
    return b.Person(
        b.catalog(b.journey("hello", b.message("hi", valid_for="P7D"), reentry="every"), *documents)
    )


def test_cap_of_one_a_day_sends_one() -> None:
    """Issue 2: a burst under a cap of one per day sends one."""
    anna = shop(ONE_A_DAY)

    anna.step(*(anna.event("started") for _ in range(20)))
    for _ in range(20):
        anna.track("started")

    assert anna.sent == ["hi"]


def test_full_cap_holds_until_the_oldest_leaves_the_window() -> None:
    anna = shop(b.policy("two", type="cap", messages=2, within="P30D"))
    anna.track("started")
    first = anna.now
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.sleep(timedelta(days=3))
    anna.track("started")
    anna.receipt(anna.orders[1], ReceiptKind.ACCEPTED)
    anna.sleep(timedelta(days=25))

    anna.track("started")

    decision = anna.decisions[-1]
    held = b.verdict(decision.candidates[0], "cap:two")
    assert (decision.outcome, held.ruling, held.reason) == (
        Outcome.HELD,
        Ruling.HELD,
        Reason.CAP_REACHED,
    )
    assert held.until == first + timedelta(days=30)
    assert sentence(held) == (
        "Held back: 2 of 2 messages in 30 days already sent (cap two); "
        "may go again on 2026-04-01 at 12:00 UTC."
    )
    anna.sleep(timedelta(days=2))
    assert anna.sent == ["hi", "hi", "hi"]
    assert anna.orders[-1].ordered_at == held.until


def test_transactional_is_never_capped_and_takes_no_marketing_slot() -> None:
    """mautic#6760: a cap came to hold back transactional mail too."""
    anna = b.Person(
        b.catalog(
            ONE_A_DAY,
            b.policy("all", type="cap", messages=1, within="P1D", classes=["transactional"]),
            b.topic("orders", **{"class": "transactional"}),
            b.template("receipt", topic="orders"),
            b.journey("order", b.message("receipt"), on="ordered", reentry="every"),
            b.journey("hello", b.message("hi")),
        )
    )

    for _ in range(3):
        anna.track("ordered")
    anna.track("started")

    assert anna.sent == ["receipt", "receipt", "receipt", "hi"]


def test_cap_counts_only_what_its_scope_names() -> None:
    anna = b.Person(
        b.catalog(
            b.policy("sms", type="cap", messages=1, within="P1D", channels=["sms"]),
            b.policy("sale", type="cap", messages=1, within="P1D", tags=["sale"]),
            b.template("tagged", tags=["sale", "summer"]),
            b.journey("a", b.message("plain"), on="a", reentry="every"),
            b.journey("b", b.message("tagged"), on="b", reentry="every"),
        )
    )

    for name in ("a", "b", "a", "b", "a"):
        anna.track(name)

    assert anna.sent == ["plain", "tagged", "plain", "plain"]


def test_definite_failure_gives_the_slot_back_unknown_does_not() -> None:
    for outcome, sent in (
        (ReceiptKind.REJECTED, 2),
        (ReceiptKind.EXPIRED, 2),
        (ReceiptKind.UNKNOWN, 1),
        (ReceiptKind.RETRYING, 1),
    ):
        anna = shop(ONE_A_DAY)
        anna.track("started")
        anna.receipt(anna.orders[0], outcome)
        anna.track("started")

        assert len(anna.sent) == sent, outcome


def test_rejection_after_unknown_keeps_the_slot() -> None:
    anna = shop(ONE_A_DAY)
    anna.track("started")
    anna.receipt(anna.orders[0], ReceiptKind.UNKNOWN)
    anna.receipt(anna.orders[0], ReceiptKind.REJECTED)

    anna.track("started")

    assert len(anna.sent) == 1


def test_freed_slot_lets_the_next_one_go_at_once() -> None:
    anna = shop(ONE_A_DAY)
    anna.track("started")
    anna.track("started")
    assert len(anna.sent) == 1

    anna.receipt(anna.orders[0], ReceiptKind.REJECTED)

    assert len(anna.sent) == 2


def test_window_counts_from_the_call_not_from_the_decision() -> None:
    anna = shop(ONE_A_DAY)
    anna.track("started")
    anna.now += timedelta(hours=20)
    called = anna.now
    anna.receipt(anna.orders[0], ReceiptKind.ACCEPTED)
    anna.now += timedelta(hours=10)

    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "cap:one-a-day")
    assert held.until == called + timedelta(days=1)


def test_slot_whose_fate_never_comes_counts_until_it_could_last_have_been_sent() -> None:
    anna = shop(ONE_A_DAY)
    anna.track("started")
    last_chance = anna.orders[0].valid_until
    anna.sleep(timedelta(days=7))

    anna.track("started")

    held = b.verdict(anna.decisions[-1].candidates[0], "cap:one-a-day")
    assert held.until == last_chance + timedelta(days=1)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "noise", "accepted", "rejected", "unknown", "none"]),
        st.integers(min_value=0, max_value=20 * 3600),
    ),
    max_size=40,
)


@given(ACTIONS, st.integers(min_value=1, max_value=3))
def test_no_window_ever_holds_more_than_the_cap(actions: list[tuple[str, int]], limit: int) -> None:
    """I4 on the pure core: calls start at the permit, outcomes come in any order and late."""
    anna = b.Person(
        b.catalog(
            b.policy("cap", type="cap", messages=limit, within="P2D"),
            b.journey("a", b.message("one", valid_for="P5D"), on="a", reentry="every"),
            b.journey("b", b.message("two", valid_for="P5D"), on="b", reentry="every"),
        )
    )
    called = []
    settled = set()
    for name, pause_s in actions:
        anna.sleep(timedelta(seconds=pause_s, milliseconds=pause_s % 1000))
        open_orders = [one for one in anna.orders if one.message_id not in settled]
        if name in ("a", "b", "noise"):
            anna.track(name)
        elif open_orders and name != "none":
            order = open_orders[0]
            settled.add(order.message_id)
            if not anna.permit(order).granted:
                anna.receipt(order, ReceiptKind.CANCELLED)
            elif name == "rejected":
                anna.receipt(order, ReceiptKind.REJECTED)
            else:
                called.append(anna.now)
                anna.receipt(order, ReceiptKind(name))

    for start in called:
        inside = [at for at in called if start <= at < start + timedelta(days=2)]
        assert len(inside) <= limit
