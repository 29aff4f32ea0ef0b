from collections import Counter

import pytest

from kit.errors import Invalid
from sandbox.chance import point
from sandbox.faults import Fault, Faults, Manner


def manners(faults: Faults, calls: int) -> list[Manner]:
    """What the SMTP stand-in does with the next calls."""
    return [faults.next_manner("smtp") for _ in range(calls)]


def test_healthy_provider_answers_everything() -> None:
    assert set(manners(Faults(), 100)) == {Manner.ANSWER}


def test_rates_hold_over_many_calls() -> None:
    faults = Faults()
    faults.set(Fault(provider="smtp", error_rate=0.2, accept_then_close_rate=0.1))

    counted = Counter(manners(faults, 5000))

    assert counted[Manner.REFUSE] == pytest.approx(1000, abs=100)
    assert counted[Manner.VANISH] == pytest.approx(500, abs=75)


def test_same_switch_set_again_fails_the_same_calls() -> None:
    """A test that failed once fails again: nothing is drawn by chance."""
    faults, fault = Faults(), Fault(provider="smtp", error_rate=0.5)
    faults.set(fault)
    first = manners(faults, 50)
    faults.set(fault)

    assert manners(faults, 50) == first
    assert len(set(first)) == 2


def test_switch_of_one_provider_leaves_the_others_healthy() -> None:
    faults = Faults()
    faults.set(Fault(provider="http", error_rate=1))

    assert faults.next_manner("http") is Manner.REFUSE
    assert faults.next_manner("smtp") is Manner.ANSWER


def test_cleared_switches_answer_again() -> None:
    faults = Faults()
    faults.set(Fault(provider="smtp", accept_then_close_rate=1))
    faults.clear()

    assert faults.next_manner("smtp") is Manner.ANSWER


def test_rates_above_one_together_are_refused_and_change_nothing() -> None:
    faults = Faults()

    with pytest.raises(Invalid) as caught:
        faults.set(Fault(provider="smtp", error_rate=0.6, accept_then_close_rate=0.6))

    assert caught.value.extra["errors"][0]["pointer"] == "/accept_then_close_rate"
    assert faults.of("smtp") == Fault(provider="smtp")


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(provider="http"), 503),
        (Fault(provider="smtp"), 451),
        (Fault(provider="smtp", status=550), 550),
    ],
    ids=["http", "smtp", "chosen"],
)
def test_refusal_without_a_status_means_try_again(fault: Fault, status: int) -> None:
    assert fault.refusal == status


def test_points_repeat_and_spread() -> None:
    points = [point("word", n) for n in range(2000)]

    assert points == [point("word", n) for n in range(2000)]
    assert all(0 <= each < 1 for each in points)
    assert sum(points) / 2000 == pytest.approx(0.5, abs=0.03)
