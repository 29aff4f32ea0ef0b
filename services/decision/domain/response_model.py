"""What is believed of how people respond: one immutable snapshot of counts, and rates from it.

Counts are kept per channel, template, variant and context bucket (`Cell`). Rates are hierarchical
Beta posteriors: each level's prior has the mean of the level above and the weight of STRENGTH
trials, so that a new variant starts where its template stands, a new template where its channel
stands, and both leave as their own answers come in (empirical Bayes; Gelman et al., Bayesian Data
Analysis, 3rd ed., section 5.1).

    channel -> template -> variant -> variant in a bucket
                        -> template in a bucket
"""

from collections.abc import Iterable
from typing import NamedTuple

from services.decision.domain.bandit import Beta

#: Before anybody has answered: 5 % respond, believed as firmly as 20 trials.
PRIOR = Beta(1.0, 19.0)
#: How many trials a level's prior weighs, and more where the mean is near 0 or 1: at least one
#: response and one silence, so that a density has one peak.
STRENGTH = 20.0
HOURS = 168


class Cell(NamedTuple):
    """What counts are kept of."""

    channel: str
    template: str
    variant: str
    bucket: str


class Count(NamedTuple):
    """How many messages were settled, and how many of them were answered within their window."""

    trials: int
    responses: int


_NONE = Count(0, 0)
_Sums = dict[tuple[str, ...], Count]


class ResponseModel:
    """One snapshot, named by its `revision` (0: nothing learnt yet). Never changed once made.

    `hours` are the responses of everyone by local hour of the week (0 is Monday, 00:00 to 01:00).
    """

    __slots__ = (
        "_beliefs", "_by_bucket", "_by_channel", "_by_template", "_by_variant", "cells", "hours",
        "hours_total", "revision",
    )  # fmt: skip

    def __init__(
        self,
        revision: int = 0,
        cells: dict[Cell, Count] | None = None,
        hours: Iterable[int] = (),
    ) -> None:
        self.revision = revision
        self.cells = cells or {}
        self.hours = (*hours,) or (0,) * HOURS
        self.hours_total = sum(self.hours)
        self._beliefs: dict[tuple[str, ...], Beta] = {}
        self._by_channel: _Sums = {}
        self._by_template: _Sums = {}
        self._by_bucket: _Sums = {}
        self._by_variant: _Sums = {}
        for cell, count in self.cells.items():
            channel, template, variant, bucket = cell
            _add(self._by_channel, (channel,), count)
            _add(self._by_template, (channel, template), count)
            _add(self._by_bucket, (channel, template, bucket), count)
            _add(self._by_variant, (channel, template, variant), count)

    def of_channel(self, channel: str) -> Beta:
        """What is believed of a channel, over all its templates."""
        trials, responses = self._by_channel.get((channel,), _NONE)
        return Beta(PRIOR.a + responses, PRIOR.b + trials - responses)

    def of_template(self, channel: str, template: str) -> Beta:
        """What is believed of a template, over its variants and everybody."""
        count = self._by_template.get((channel, template), _NONE)
        return _posterior(self.of_channel(channel).mean, count)

    def of_template_for(self, channel: str, template: str, bucket: str) -> Beta:
        """What is believed of a template among people of a bucket."""
        key = ("", channel, template, bucket)
        belief = self._beliefs.get(key)
        if belief is None:
            mean = self.of_template(channel, template).mean
            belief = _posterior(mean, self._by_bucket.get((channel, template, bucket), _NONE))
            self._beliefs[key] = belief
        return belief

    def of_variant_for(self, channel: str, template: str, variant: str, bucket: str) -> Beta:
        """What is believed of one variant among people of a bucket."""
        cell = Cell(channel, template, variant, bucket)
        belief = self._beliefs.get(cell)
        if belief is None:
            mean = self.of_template(channel, template).mean
            over_all = self._by_variant.get((channel, template, variant), _NONE)
            mean = _posterior(mean, over_all).mean
            belief = self._beliefs[cell] = _posterior(mean, self.cells.get(cell, _NONE))
        return belief


#: Nothing learnt yet.
NO_MODEL = ResponseModel()


def _posterior(mean: float, count: Count) -> Beta:
    """Return the posterior of a rate whose prior has this mean."""
    weight = max(STRENGTH, 1.0 / mean, 1.0 / (1.0 - mean))
    trials, responses = count
    return Beta(mean * weight + responses, (1.0 - mean) * weight + trials - responses)


def _add(sums: _Sums, key: tuple[str, ...], count: Count) -> None:
    known = sums.get(key, _NONE)
    sums[key] = Count(known.trials + count.trials, known.responses + count.responses)
