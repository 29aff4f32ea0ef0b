"""When an account is left alone, and how much may be repeated."""

import pytest

from services.delivery.domain.breaker import PROBE_S, RETRIES_KEPT_MAX, Breaker, Budget


def failing(breaker: Breaker, calls: int, *, per_s: float, since_s: float = 0.0) -> float:
    """Ends failed calls until it opens; when that was, or the end."""
    for n in range(calls):
        at_s = since_s + n / per_s
        if breaker.end(at_s, 0.5, failed=True):
            return at_s
    return since_s + calls / per_s


def test_full_failure_opens_within_fifteen_seconds() -> None:
    """At two calls a second, the slowest rate at which 20 of them fall into the window."""
    breaker = Breaker()
    opened_s = failing(breaker, 100, per_s=2.0)
    assert breaker.is_open
    assert opened_s <= 15


def test_half_of_the_calls_failing_opens_and_less_does_not() -> None:
    for share, is_open in ((2, True), (3, False)):
        breaker = Breaker()
        for n in range(60):
            breaker.end(n / 30, 0.5, failed=n % share == 0)
        assert breaker.is_open is is_open


def test_few_calls_say_nothing() -> None:
    breaker = Breaker()
    failing(breaker, 19, per_s=10)
    assert not breaker.is_open


def test_old_failures_are_forgotten() -> None:
    """19 failures, then half a minute of nothing, then one more."""
    breaker = Breaker()
    failing(breaker, 19, per_s=10)
    breaker.end(30.0, 0.5, failed=True)
    assert not breaker.is_open


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_recovered_provider_is_used_again_within_a_minute(chance: float) -> None:
    """The worst case: it recovers right after a probe has failed."""
    breaker = Breaker()
    opened_s = failing(breaker, 40, per_s=20)
    at_s = opened_s + breaker.closed_for_s(opened_s)
    breaker.end(at_s, chance, failed=True, probe=breaker.start())
    wait_s = breaker.closed_for_s(at_s)
    assert wait_s <= PROBE_S
    breaker.end(at_s + wait_s, chance, failed=False, probe=breaker.start())
    assert not breaker.is_open
    assert breaker.closed_for_s(at_s + wait_s) == 0


def test_open_breaker_lets_one_probe_through_at_a_time() -> None:
    breaker = Breaker()
    opened_s = failing(breaker, 40, per_s=20)
    assert breaker.closed_for_s(opened_s) > 0
    at_s = opened_s + PROBE_S
    assert breaker.closed_for_s(at_s) == 0
    assert breaker.start()
    assert breaker.closed_for_s(at_s) > 0
    breaker.cancel(probe=True)
    assert breaker.closed_for_s(at_s) == 0


def test_retries_are_a_tenth_of_first_calls() -> None:
    """A dead provider gets at most 1.1 times its normal calls, and one a second beside."""
    budget, retried, seconds, first = Budget(0.0), 0, 20, 10_000
    for n in range(first):
        budget.earn()
        for _ in range(3):
            retried += budget.spend(n / (first / seconds))
    assert retried <= first / 10 + seconds + RETRIES_KEPT_MAX


def test_quiet_account_retries_one_a_second() -> None:
    budget = Budget(0.0)
    while budget.spend(0.0):
        pass
    assert sum(budget.spend(n / 10) for n in range(1, 101)) == 10
