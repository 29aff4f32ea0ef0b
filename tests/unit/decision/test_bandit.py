"""The bandit's probabilities are those of Thompson sampling, to the millionth, and it finds the
better arm.
"""

from math import exp, lgamma, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.decision.domain import bandit
from services.decision.domain.bandit import WHOLE, Beta, best_probabilities, millionths
from services.decision.domain.evaluation import Logged, Uniform, evaluate
from services.decision.domain.response_model import Cell, Count, ResponseModel

PAIRS = [
    (1, 19, 2, 19), (1, 19, 1, 200), (5, 100, 9, 120), (1, 1, 1, 1000), (50, 1000, 70, 1000),
    (1, 19, 3000, 60_000), (500, 9500, 520, 9500), (1000, 1, 3, 1), (2, 100_000, 1, 300_000),
]  # fmt: skip


def log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def closed_form(a1: int, b1: int, a2: int, b2: int) -> float:
    """P(second > first) for a whole `a2` (E. Miller, Formulas for Bayesian A/B Testing, 2013)."""
    return sum(
        exp(log_beta(a1 + i, b1 + b2) - log(b2 + i) - log_beta(1 + i, b2) - log_beta(a1, b1))
        for i in range(a2)
    )


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_probability_of_the_better_of_two_is_that_of_the_closed_form(
    pair: tuple[int, int, int, int],
) -> None:
    found = best_probabilities((Beta(*pair[:2]), Beta(*pair[2:])))

    assert found[1] == pytest.approx(closed_form(*pair), abs=1e-6)


def test_probabilities_of_many_arms_are_those_of_drawing() -> None:
    """60,000 draws of Thompson sampling; the tolerance is five standard errors."""
    beliefs = tuple(Beta(a, b) for a, b in ((2, 60), (3, 50), (9, 130), (1, 19)))
    random, wins = Random(7), [0] * len(beliefs)
    for _ in range(60_000):
        rates = [random.betavariate(*one) for one in beliefs]
        wins[rates.index(max(rates))] += 1

    for exact, won in zip(best_probabilities(beliefs), wins, strict=True):
        assert exact == pytest.approx(won / 60_000, abs=0.0103)


believed = st.tuples(st.floats(1, 5_000), st.floats(1, 50_000)).map(lambda pair: Beta(*pair))


@given(st.lists(believed, min_size=1, max_size=6), st.floats(0.01, 1))
def test_shares_sum_to_the_whole_and_nobody_falls_below_the_floor(
    beliefs: list[Beta], exploration: float
) -> None:
    shares = millionths(beliefs, exploration)

    assert sum(shares) == WHOLE
    assert min(shares) >= int(WHOLE * exploration / len(beliefs)) - 1


@given(st.lists(believed, min_size=2, max_size=5), st.randoms())
def test_order_of_arms_does_not_change_their_probability(
    beliefs: list[Beta], random: Random
) -> None:
    order = list(range(len(beliefs)))
    random.shuffle(order)
    one = best_probabilities(tuple(beliefs))
    other = best_probabilities(tuple(beliefs[i] for i in order))

    for place, i in enumerate(order):
        assert other[place] == pytest.approx(one[i], abs=1e-5)


def test_draw_takes_each_arm_for_its_share_of_seeds() -> None:
    shares = (200_000, 0, 800_000)

    assert bandit.draw(shares, 0) == 0
    assert bandit.draw(shares, 199_999) == 0
    assert bandit.draw(shares, 200_000) == 2
    assert bandit.draw(shares, WHOLE - 1) == 2
    assert bandit.draw(shares, WHOLE) == 0
    with pytest.raises(ValueError, match="sum to"):
        bandit.draw((1, 2), WHOLE - 1)


TRUE_RATES = {"plain": 0.04, "kind": 0.08, "loud": 0.03}


def played(people: int, seed: int) -> tuple[list[Logged], float]:
    """A bandit over `people` messages; the log, and the regret as a share of an even split's.

    The model is published every 100 messages, as a running system would every few seconds.
    """
    random, counts = Random(seed), dict.fromkeys(TRUE_RATES, Count(0, 0))
    model, logged, lost = ResponseModel(), [], 0.0
    for i in range(people):
        if i % 100 == 0:
            cells = {Cell("email", "t", arm, "new"): count for arm, count in counts.items()}
            model = ResponseModel(i, cells)
        beliefs = [model.of_variant_for("email", "t", arm, "new") for arm in TRUE_RATES]
        shares = millionths(beliefs, 0.1)
        chosen = bandit.draw(shares, random.getrandbits(62))
        arm = list(TRUE_RATES)[chosen]
        answered = random.random() < TRUE_RATES[arm]
        counts[arm] = Count(counts[arm].trials + 1, counts[arm].responses + answered)
        arms = tuple((("t", name, "email"), s) for name, s in zip(TRUE_RATES, shares, strict=True))
        logged.append(Logged("new", arms, chosen, float(answered)))
        lost += max(TRUE_RATES.values()) - TRUE_RATES[arm]
    even = people * (max(TRUE_RATES.values()) - sum(TRUE_RATES.values()) / len(TRUE_RATES))
    return logged, lost / even


def test_better_arm_is_found_with_a_third_of_the_regret_of_an_even_split() -> None:
    """8,000 messages, rates 4, 8 and 3 %: 90 % exploitation leaves a tenth as its price."""
    logged, regret = played(8_000, 11)
    late = [one.actions[one.chosen][0][1] for one in logged[-2_000:]]

    assert late.count("kind") / len(late) > 0.85
    assert regret < 0.33


def test_log_of_a_bandit_tells_the_value_of_other_policies() -> None:
    """40 seeded logs: each 95 % interval covers the truth as often as it says, about.

    At least 34 of 40 for every estimator: below it the chance is 1 in 300 at true coverage 95 %.
    """
    truth = sum(TRUE_RATES.values()) / len(TRUE_RATES)
    covered = {"ips": 0, "snips": 0, "dr": 0}
    for seed in range(40):
        logged, _ = played(1_500, 100 + seed)
        found = evaluate(logged, Uniform(), ResponseModel())
        for name in covered:
            low, high = getattr(found, name).interval
            covered[name] += low <= truth <= high

    assert min(covered.values()) >= 34, covered
