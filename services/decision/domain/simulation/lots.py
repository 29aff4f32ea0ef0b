"""Chance that can be had again: a small generator of its own for each person.

SplitMix64 (Steele, Lea and Flood, 2014, OOPSLA): passes BigCrush, and needs one number of state.
"""

from collections.abc import Sequence
from math import log
from typing import TypeVar

_T = TypeVar("_T")
_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


class Lots:
    """Draws; equal seeds, equal draws."""

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """Return 64 random bits."""
        self._state = z = (self._state + _STEP) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def share(self) -> float:
        """Return a number from 0 up to, not including, 1."""
        return (self.bits() >> 11) * (1.0 / (1 << 53))

    def happens(self, probability: float) -> bool:
        """Return whether something of this probability happens."""
        return self.share() < probability

    def gap_s(self, mean_s: float) -> int:
        """Return a waiting time of this mean (exponential), at least a second."""
        return max(1, int(-mean_s * log(1.0 - self.share())))

    def one_of(self, items: Sequence[_T]) -> _T:
        """Return one of the items."""
        return items[int(self.share() * len(items))]

    def weighted(self, weights: dict[str, float]) -> str:
        """Return a key, each as often as its weight says."""
        point = self.share() * sum(weights.values())
        for key, weight in weights.items():
            point -= weight
            if point < 0:
                return key
        return next(reversed(weights))
