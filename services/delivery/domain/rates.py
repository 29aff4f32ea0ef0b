"""GCRA, the leaky bucket as one number: the theoretical arrival time of the next call.

ITU-T I.371 appendix A. The row is shared by all processes (`store.Rates`), so the limit is that of
the account, not of each process.
"""

import msgspec

BURST_S = 0.1
"""Calls saved up while idle: at 50/s five, so that no 10 s hold more than 505."""
BULK_SHARE = 0.5
"""Campaigns use half of the burst: `now` always finds a place before them."""


class Rate(msgspec.Struct, frozen=True):
    """A limit in microseconds: one call every `interval_us`, at most `burst_us` ahead of time."""

    interval_us: int
    burst_us: int

    @classmethod
    def of(cls, per_second: float, *, bulk: bool) -> "Rate":
        """The limit of an account as one lane sees it; one call at a time always fits."""
        interval_us = max(1, round(1_000_000 / per_second))
        burst_us = max(2 * interval_us, round(BURST_S * 1_000_000))
        share = BULK_SHARE if bulk else 1.0
        return cls(interval_us, max(interval_us, round(burst_us * share)))


def granted(rate: Rate, tat_us: int, now_us: int, wanted: int) -> tuple[int, float]:
    """How many of `wanted` calls may start now, and in how many seconds the next one may if none.

    The row moves on by `interval_us` for each call granted.
    """
    base_us = max(tat_us, now_us)
    room = max(0, (now_us + rate.burst_us - base_us) // rate.interval_us)
    if room:
        return min(wanted, room), 0.0
    return 0, (base_us + rate.interval_us - rate.burst_us - now_us) / 1_000_000
