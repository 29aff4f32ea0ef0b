"""What becomes of a message after an attempt."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.delivery.domain import faults
from services.delivery.domain.attempts import (
    RETRY_CAP_S,
    STOP_PAUSE_S,
    Conclusion,
    Result,
    cancel,
    conclude,
    expire,
    last_call_at,
    wait_before_retry_s,
)
from services.delivery.domain.faults import Verdict
from services.delivery.domain.message import Outcome, State
from tests.unit.delivery.orders import NOW, claim

LOST = Result(faults.ANSWER_LOST)
DIED = Result(faults.PROCESS_LOST)
BUSY = Result(faults.PROVIDER_ERROR)


def test_accepted_is_final() -> None:
    got = conclude(claim(), Result(), keyed=False, now=NOW, chance=0.5)
    assert got == Conclusion(Outcome.ACCEPTED, State.ACCEPTED)


@pytest.mark.parametrize("result", [LOST, DIED])
@pytest.mark.parametrize("message_class", ["marketing", "service", "made-up"])
def test_lost_marketing_call_without_key_is_never_repeated(
    result: Result, message_class: str
) -> None:
    """At most once, also for a class this release does not know."""
    asked = claim(message_class=message_class)
    got = conclude(asked, result, keyed=False, now=NOW, chance=0.5)
    assert got == Conclusion(Outcome.UNKNOWN, State.UNKNOWN, maybe_sent=True)


def test_lost_transactional_call_without_key_is_repeated_once() -> None:
    """At least once: one resend, then it stays unknown."""
    first = conclude(claim(message_class="transactional"), LOST, keyed=False, now=NOW, chance=0.5)
    assert first.state is State.PLANNED
    assert first.maybe_sent
    again = claim(message_class="transactional", attempts=1, maybe_sent=True)
    second = conclude(again, LOST, keyed=False, now=NOW, chance=0.5)
    assert second.state is State.UNKNOWN


@pytest.mark.parametrize("message_class", ["marketing", "transactional"])
def test_lost_call_with_key_is_asked_again(message_class: str) -> None:
    """The provider takes the second call as the same message."""
    asked = claim(message_class=message_class, attempts=4, maybe_sent=True)
    got = conclude(asked, LOST, keyed=True, now=NOW, chance=0.5)
    assert (got.outcome, got.state) == (Outcome.UNKNOWN, State.PLANNED)


def test_lost_call_with_key_is_not_asked_in_the_last_tenth() -> None:
    """What cannot be settled in time stays unknown, whatever would be convenient."""
    late = NOW + timedelta(hours=9, minutes=1)
    got = conclude(claim(), LOST, keyed=True, now=late, chance=0.5)
    assert got.state is State.UNKNOWN


def test_retry_past_the_validity_expires_at_once() -> None:
    """Nothing is left to happen, so the slot need not wait for it."""
    late = NOW + timedelta(hours=10) - timedelta(seconds=0.1)
    got = conclude(claim(), BUSY, keyed=True, now=late, chance=0.9)
    assert (got.outcome, got.state) == (Outcome.EXPIRED, State.EXPIRED)


@pytest.mark.parametrize(("keyed", "state"), [(True, State.REJECTED), (False, State.UNKNOWN)])
def test_refusal_after_a_lost_call(keyed: bool, state: State) -> None:  # noqa: FBT001
    """A keyed provider speaks for the earlier call too; a mail server does not."""
    asked = claim(attempts=1, maybe_sent=True)
    got = conclude(asked, Result(faults.REFUSED), keyed=keyed, now=NOW, chance=0.5)
    assert got.state is state


def test_what_may_have_been_sent_neither_expires_nor_is_cancelled() -> None:
    """Unknown never gives its slot back."""
    asked = claim(attempts=1, maybe_sent=True)
    assert {expire(asked).outcome, cancel(asked).outcome} == {Outcome.UNKNOWN}
    assert expire(claim()).outcome is Outcome.EXPIRED
    assert cancel(claim()).outcome is Outcome.CANCELLED


@given(
    fault=st.sampled_from([f for f in faults.HTTP.values() if f.verdict is Verdict.RETRY]),
    attempt=st.integers(1, 10_000),
    retry_after_s=st.floats(0, 1e7),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_wait_keeps_retry_after_and_the_cap(
    fault: faults.Fault, attempt: int, retry_after_s: float, chance: float
) -> None:
    """Never before Retry-After, never more than twice the cap."""
    wait_s = wait_before_retry_s(fault, attempt, retry_after_s, chance)
    assert min(retry_after_s, RETRY_CAP_S) <= wait_s <= 2 * RETRY_CAP_S


def test_ten_thousand_failures_do_not_come_back_as_a_herd() -> None:
    """Full jitter over the third retry's 240 s: no second holds more than 3 % of them."""
    seconds = [
        int(wait_before_retry_s(faults.LATER, 3, 0, step / 10_000)) for step in range(10_000)
    ]
    assert max(seconds.count(second) for second in set(seconds)) <= 300


def test_refused_provider_is_left_alone() -> None:
    """Our set-up is wrong: no hurry, and everybody at another moment."""
    waits = [wait_before_retry_s(faults.CREDENTIALS, 1, 0, chance) for chance in (0, 0.999)]
    assert waits == [STOP_PAUSE_S, pytest.approx(2 * STOP_PAUSE_S, rel=0.01)]


@given(
    result=st.sampled_from(
        [Result(fault) for fault in (*faults.HTTP.values(), *faults.SMTP.values())]
        + [LOST, DIED, Result(), Result(faults.TEMPLATE)]
    ),
    keyed=st.booleans(),
    maybe_sent=st.booleans(),
    message_class=st.sampled_from(["marketing", "service", "transactional"]),
    hours=st.floats(0, 11),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_conclusion_is_final_or_in_time(
    *,
    result: Result,
    keyed: bool,
    maybe_sent: bool,
    message_class: str,
    hours: float,
    chance: float,
) -> None:
    """Planned again means before the last moment; what may be out there is never written off."""
    asked = claim(message_class=message_class, maybe_sent=maybe_sent, attempts=int(maybe_sent))
    now = NOW + timedelta(hours=hours)
    got = conclude(asked, result, keyed=keyed, now=now, chance=chance)
    assert (got.state is State.PLANNED) == (got.next_at is not None)
    if got.next_at:
        assert now <= got.next_at < last_call_at(asked)
    if maybe_sent:
        assert got.state not in (State.EXPIRED, State.CANCELLED)
        assert keyed or got.state is not State.REJECTED
    if (
        not keyed
        and message_class != "transactional"
        and result.fault
        in (
            faults.ANSWER_LOST,
            faults.PROCESS_LOST,
        )
    ):
        assert got.state is State.UNKNOWN
