"""What a message is worth to a person now: the documented score that candidates compete on.

    score = response_rate * context * value * urgency - fatigue_cost

- response_rate: posterior mean for the template on its channel, among people of the same bucket
  (`response_model.py`, `habits.py`).
- context: how well channel and hour fit this person, each between 1/2 and 2:
  channel_fit = the person's own rate on the channel / everyone's, hour_fit = this hour's share of
  the person's week / that of an even week (`rhythm.py`).
- value: what an answer is worth, as the template says (1 by default).
- urgency: 1 + 1 / (1 + days left): near 2 for what is about to end, near 1 for what can wait.
- fatigue_cost: the workspace's price for each unanswered message on the channel in FATIGUE_DAYS,
  0 by default.

The shape is that of arbitration in the field (Pega: propensity * context weighting * value *
levers); the class of the message and the priority of its step come before it. Only + - * / are
used, so the same inputs give the same bits on every machine.
"""

from services.decision.domain.case import Moment
from services.decision.domain.decisions import Score
from services.decision.domain.model import Template
from services.decision.domain.state import DAY_S

FIT_MIN, FIT_MAX = 0.5, 2.0
#: How many messages everyone's rate weighs against the person's own on a channel.
CHANNEL_STRENGTH = 5.0


def score(moment: Moment, template: Template, valid_until_s: int, fatigue_cost: float) -> Score:
    """Return what a message is worth now."""
    habits, channel = moment.habits, template.channel
    rate = moment.model.of_template_for(channel, template.key, habits.bucket).mean
    context = habits.contexts.get(channel)
    if context is None:
        context = channel_fit(moment, channel) * _bounded(moment.hour_share)
        context = habits.contexts[channel] = context if habits.profiled else 1.0
    urgency = 1.0 + 1.0 / (1.0 + max(0, valid_until_s - moment.now_s) / DAY_S)
    fatigue = fatigue_cost * habits.unanswered.get(channel, 0)
    total = rate * context * template.value * urgency - fatigue
    return Score(total, rate, context, template.value, urgency, fatigue)


def channel_fit(moment: Moment, channel: str) -> float:
    """Return the person's own response rate on a channel over everyone's, shrunk and bounded."""
    habits = moment.habits
    sent = habits.sent.get(channel, 0)
    if not sent:
        return 1.0
    everyone = moment.model.of_channel(channel).mean
    own = habits.answered.get(channel, 0) + CHANNEL_STRENGTH * everyone
    return _bounded(own / (sent + CHANNEL_STRENGTH) / everyone)


def _bounded(fit: float) -> float:
    return min(FIT_MAX, max(FIT_MIN, fit))
