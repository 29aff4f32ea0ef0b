"""What the contact ledger tells of a person's answers, worked out once per moment."""

from services.decision.domain.model import MARKETING
from services.decision.domain.permission import newest_consent
from services.decision.domain.state import DAY_S, RESERVED, PersonState

FATIGUE_DAYS = 28
#: Bits of `Contact.seen` that mean an answer: clicked, replied, responded (responses.py).
ANSWERED = 4 | 8 | 128

#: Buckets of context: no message yet; messages but no answer; habits may not be used. Who has
#: answered is in the bucket of the channel they answered most.
NEW, QUIET, ANYBODY = "new", "quiet", "any"


class Habits:
    """Marketing messages by channel: sent, answered, and unanswered in FATIGUE_DAYS.

    `contexts` is where `scores.py` keeps what it worked out per channel.
    """

    __slots__ = ("answered", "bucket", "contexts", "profiled", "sent", "unanswered")

    def __init__(self, state: PersonState, now_s: int) -> None:
        self.profiled = may_profile(state)
        self.sent: dict[str, int] = {}
        self.answered: dict[str, int] = {}
        self.unanswered: dict[str, int] = {}
        since_s = now_s - FATIGUE_DAYS * DAY_S
        for one in state.contacts:
            if one.message_class != MARKETING or one.state == RESERVED:
                continue
            channel = one.channel
            self.sent[channel] = self.sent.get(channel, 0) + 1
            if one.seen & ANSWERED:
                self.answered[channel] = self.answered.get(channel, 0) + 1
            elif one.at_s > since_s:
                self.unanswered[channel] = self.unanswered.get(channel, 0) + 1
        self.contexts: dict[str, float] = {}
        self.bucket = self._bucket()

    def _bucket(self) -> str:
        if not self.profiled:
            return ANYBODY
        if self.answered:
            return min(self.answered, key=lambda channel: (-self.answered[channel], channel))
        return QUIET if self.sent else NEW


def may_profile(state: PersonState) -> bool:
    """Return whether habits may be used: not after an objection or a withdrawn consent to it."""
    permission = state.permission
    if permission.objection is not None and permission.objection.on:
        return False
    consent = newest_consent(permission, "profiling", "*", "*")
    return consent is None or consent.status == "granted"
