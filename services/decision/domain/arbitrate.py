"""Who goes first: candidates are weighed by every rule, then compared in a total order.

Class first (transactional, service, marketing), then priority (higher first), then the score of
`scores.py` (marketing only; what is not worth its cost does not go), then the one that expires
sooner, then the candidate's id and the place among the step's templates, so that no two are equal.
"""

from datetime import datetime

from services.decision.domain.case import Case, Moment
from services.decision.domain.civil import from_s, to_s_up
from services.decision.domain.decisions import Candidate, Fact, Ruling, Score, Verdict
from services.decision.domain.journeys.steps.message import MessageStep
from services.decision.domain.model import CLASS_RANK, MARKETING, Journey, Template
from services.decision.domain.reasons import Reason
from services.decision.domain.scores import score
from services.decision.domain.state import Pending

_PASSED = Ruling.PASSED
_NEVER_S = 1 << 62


class Wanted:
    """A pending message with what the catalog says about it, as one of its step's templates.

    `appraise` sets `score`.
    """

    __slots__ = ("journey", "pending", "place", "score", "step", "template")

    def __init__(
        self,
        pending: Pending,
        journey: Journey,
        step: MessageStep,
        template: Template,
        place: int = 0,
    ) -> None:
        self.pending = pending
        self.journey = journey
        self.step = step
        self.template = template
        self.place = place
        self.score: Score | None = None


class Weighed:
    """A wanted message with every rule's verdict.

    `decisive` is the verdict that decides: a refusal, else the one that holds longest; None where
    nothing is against it. `action` is what becomes of it then: the strictest of what the rules say,
    else what its step says. `waits` tells whether it stays and competes again at `due_s`.
    """

    __slots__ = ("action", "decisive", "due_s", "now_s", "verdicts", "waits", "wanted")

    def __init__(self, wanted: Wanted, verdicts: tuple[Verdict, ...], now_s: int = 0) -> None:
        self.wanted = wanted
        self.now_s = now_s
        self.action = wanted.step.when_blocked
        self.verdicts = verdicts
        self.decisive: Verdict | None = None
        self.due_s = 0
        self.waits = False
        against = [one for one in verdicts if one.ruling is not _PASSED]
        if against:
            self._settle(against)

    def _settle(self, against: list[Verdict]) -> None:
        for verdict in against:
            if verdict.ruling is Ruling.REFUSED:
                self.decisive = verdict
                return
        pending, step = self.wanted.pending, self.wanted.step
        self.decisive = max(against, key=_held_until_s)
        self.action = max([one.action or step.when_blocked for one in against], key=_ACTIONS.index)
        ends_s = min(holds_until_s(pending, one) for one in against)
        self.waits = self.action in ("hold", "reroute") and self.now_s < ends_s
        self.due_s = min(_held_until_s(self.decisive), ends_s)

    def stand_back(self, winner: Wanted) -> None:
        """Leave the message to another template of its step."""
        facts: dict[str, Fact] = {"to": winner.template.key}
        self._end(Verdict("arbitration", Ruling.LOST, Reason.NOT_DRAWN, None, facts))

    def drop_unworthy(self) -> None:
        """Give up what is worth nothing, or less than it costs."""
        worth = self.wanted.score
        if self.decisive is None and worth is not None and worth.total <= 0.0:
            facts: dict[str, Fact] = {"score": round(worth.total, 6)}
            self._end(Verdict("arbitration", Ruling.REFUSED, Reason.NOT_WORTH_IT, None, facts))

    def haunt(self, verdict: Verdict) -> None:
        """Become a ghost: chosen, but kept back for comparison."""
        self._end(verdict)

    def _end(self, verdict: Verdict) -> None:
        self.decisive = verdict
        self.verdicts = (*self.verdicts, verdict)
        self.waits = False

    def lose(self, lost: Verdict, again_s: int) -> None:
        """Give way, and compete again, whatever the step says of being blocked."""
        self.decisive = lost
        self.verdicts = (*self.verdicts, lost)
        self.waits = True
        self.due_s = min(again_s, self.wanted.pending.valid_until_s)


def lost_to(winner: Wanted, again: datetime) -> Verdict:
    """Return what is said of everybody who gave way to `winner` until `again`."""
    facts: dict[str, Fact] = {"to": winner.template.key}
    return Verdict("arbitration", Ruling.LOST, Reason.LOST, again, facts)


#: What rules may say of a message they hold, the strictest last.
_ACTIONS = ("hold", "reroute", "skip", "exit")


def holds_until_s(pending: Pending, verdict: Verdict) -> int:
    """Return until when a rule lets a message wait: its validity, or sooner where it says so."""
    if not verdict.hold_s_max:
        return pending.valid_until_s
    return min(pending.valid_until_s, pending.since_s + verdict.hold_s_max)


def _held_until_s(verdict: Verdict) -> int:
    return _NEVER_S if verdict.until is None else to_s_up(verdict.until)


def appraise(moment: Moment, wanted: list[Wanted], fatigue_cost: float) -> None:
    """Give every marketing message its score, and put all in their order."""
    for one in wanted:
        if one.template.message_class == MARKETING:
            one.score = score(moment, one.template, one.pending.valid_until_s, fatigue_cost)
    wanted.sort(key=_rank)


def _rank(wanted: Wanted) -> tuple[int, int, float, int, int, int]:
    """Return what orders messages: the lowest goes first."""
    pending = wanted.pending
    return (
        CLASS_RANK[wanted.template.message_class],
        -wanted.step.priority,
        0.0 if wanted.score is None else -wanted.score.total,
        pending.valid_until_s,
        pending.id.int,
        wanted.place,
    )


def weigh(moment: Moment, wanted: Wanted) -> Weighed:
    """Ask every rule that concerns the message, and keep every answer."""
    case = Case(moment, wanted.pending, wanted.journey, wanted.template)
    verdicts = [check(case) for check in wanted.template.checks]
    verdicts += moment.policies(wanted.template)
    return Weighed(wanted, tuple(verdicts), moment.now_s)


def candidate(weighed: Weighed, basis: str = "") -> Candidate:
    """Return the candidate as the decision keeps it."""
    wanted = weighed.wanted
    pending, template = wanted.pending, wanted.template
    return Candidate(
        pending.id,
        template.key,
        template.channel,
        template.topic,
        template.message_class,
        wanted.step.priority,
        from_s(pending.valid_until_s),
        weighed.verdicts,
        pending.journey,
        pending.version,
        pending.step,
        template.tags,
        template.ask,
        basis,
        wanted.score,
    )
