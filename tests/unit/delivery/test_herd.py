"""Many messages that failed together do not come back together."""

from collections import Counter
from random import Random

import pytest

from services.delivery.domain import faults
from services.delivery.domain.attempts import wait_before_retry_s
from services.delivery.domain.faults import Fault

MESSAGES = 10_000


@pytest.mark.parametrize(
    ("fault", "attempt"), [(faults.LATER, 1), (faults.LATER, 3), (faults.PROVIDER_ERROR, 7)]
)
def test_ten_thousand_failed_mails_do_not_return_as_a_herd(fault: Fault, attempt: int) -> None:
    """No second carries more than 3 % of the retries, once the jitter spans that many seconds."""
    chance = Random(7)
    waits = [wait_before_retry_s(fault, attempt, 0.0, chance.random()) for _ in range(MESSAGES)]
    fullest = max(Counter(int(each) for each in waits).values())
    assert fullest <= MESSAGES * 0.03


def test_retry_after_of_all_is_kept_and_still_spread() -> None:
    """A 429 storm: nobody is early, and they do not come in one second when it ends."""
    chance = Random(7)
    waits = [
        wait_before_retry_s(faults.THROTTLED, 6, 120.0, chance.random()) for _ in range(MESSAGES)
    ]
    assert min(waits) >= 120.0
    assert max(Counter(int(each) for each in waits).values()) <= MESSAGES * 0.04
