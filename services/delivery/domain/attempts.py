"""What becomes of a message after an attempt: pure, with the random number passed in.

Promises: marketing and service messages are called at most once where an answer may have been an
acceptance; a transactional one is repeated once on a provider without idempotency keys, and as long
as it is valid on one with keys, where a repeat is no second acceptance.
"""

from datetime import datetime, timedelta

import msgspec

from services.delivery.domain.faults import Fault, Verdict
from services.delivery.domain.message import Claim, MessageClass, Outcome, State

RETRY_CAP_S = 3600.0
"""The longest wait between two attempts, also where a provider asks for more."""
REPEAT_MARGIN = 0.1
"""A call of unknown outcome is asked again only within the first 90 % of the message's validity:
the answer must still find the message waiting for it."""
STOP_PAUSE_S = 30.0
"""How long a provider that refuses everybody is left alone."""


class Result(msgspec.Struct, frozen=True):
    """What one call came to. `detail` is what the provider said, without personal data."""

    fault: Fault | None = None
    provider_message_id: str = ""
    detail: str = ""
    retry_after_s: float = 0.0


class Conclusion(msgspec.Struct, frozen=True):
    """What is written down: the attempt's outcome and where the message stands now.

    `next_at` is when it is tried again; None where it is not.
    """

    outcome: Outcome
    state: State
    next_at: datetime | None = None
    maybe_sent: bool = False


def conclude(
    claim: Claim, result: Result, *, keyed: bool, now: datetime, chance: float
) -> Conclusion:
    """What follows from the result of a call.

    Args:
        keyed: the provider takes a second call with the same key as the same message.
        chance: evenly distributed in [0, 1); spreads retries (full jitter).
    """
    fault = result.fault
    if fault is None:
        return Conclusion(Outcome.ACCEPTED, State.ACCEPTED)
    match fault.verdict:
        case Verdict.REJECT:
            return _rejected(claim, keyed=keyed)
        case Verdict.UNKNOWN:
            return _unknown(claim, fault, now, chance, keyed=keyed)
        case Verdict.STOP | Verdict.RETRY:
            wait_s = wait_before_retry_s(fault, claim.attempt, result.retry_after_s, chance)
            return _again(claim, now + timedelta(seconds=wait_s))


def wait_before_retry_s(fault: Fault, attempt: int, retry_after_s: float, chance: float) -> float:
    """Full jitter: U(0, min(cap, base · 2^n)), never before `Retry-After` (clamped to the cap).

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    base_s = STOP_PAUSE_S if fault.verdict is Verdict.STOP else fault.base_s
    longest_s = min(RETRY_CAP_S, base_s * 2.0 ** min(attempt - 1, 20))
    least_s = min(RETRY_CAP_S, retry_after_s)
    if fault.verdict is Verdict.STOP:
        least_s = max(least_s, STOP_PAUSE_S)
    return least_s + chance * longest_s


def expire(claim: Claim) -> Conclusion:
    """The message's validity ended before a call was answered."""
    if claim.maybe_sent:
        return Conclusion(Outcome.UNKNOWN, State.UNKNOWN, maybe_sent=True)
    return Conclusion(Outcome.EXPIRED, State.EXPIRED)


def cancel(claim: Claim) -> Conclusion:
    """The permit was refused; what may have been sent before stays unknown."""
    if claim.maybe_sent:
        return Conclusion(Outcome.UNKNOWN, State.UNKNOWN, maybe_sent=True)
    return Conclusion(Outcome.CANCELLED, State.CANCELLED)


def last_call_at(claim: Claim) -> datetime:
    """After this instant the message is not called any more."""
    order = claim.order
    if not claim.maybe_sent:
        return order.valid_until
    return order.valid_until - (order.valid_until - order.ordered_at) * REPEAT_MARGIN


def _rejected(claim: Claim, *, keyed: bool) -> Conclusion:
    """A provider with keys speaks for the earlier call too; without, that stays unknown."""
    if claim.maybe_sent and not keyed:
        return Conclusion(Outcome.UNKNOWN, State.UNKNOWN, maybe_sent=True)
    return Conclusion(Outcome.REJECTED, State.REJECTED)


def _unknown(
    claim: Claim, fault: Fault, now: datetime, chance: float, *, keyed: bool
) -> Conclusion:
    once_more = claim.order.message_class == MessageClass.TRANSACTIONAL and not claim.maybe_sent
    if keyed or once_more:
        wait_s = wait_before_retry_s(fault, claim.attempt, 0.0, chance)
        next_at = now + timedelta(seconds=wait_s)
        sent = msgspec.structs.replace(claim, maybe_sent=True)
        if next_at < last_call_at(sent):
            return Conclusion(Outcome.UNKNOWN, State.PLANNED, next_at, maybe_sent=True)
    return Conclusion(Outcome.UNKNOWN, State.UNKNOWN, maybe_sent=True)


def _again(claim: Claim, next_at: datetime) -> Conclusion:
    if next_at >= last_call_at(claim):
        return expire(claim)
    return Conclusion(Outcome.RETRYING, State.PLANNED, next_at, claim.maybe_sent)
