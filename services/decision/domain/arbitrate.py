"""Who goes first: candidates are weighed by every rule, then compared in a total order.

Class first (transactional, service, marketing), then priority (higher first), then urgency (the
one that expires sooner), then the candidate's id, so that no two are ever equal.
"""

from services.decision.domain.case import Case, Moment
from services.decision.domain.civil import from_s, to_s_up
from services.decision.domain.decisions import Candidate, Ruling, Verdict
from services.decision.domain.model import CLASS_RANK, Journey, MessageStep, Template
from services.decision.domain.reasons import Reason
from services.decision.domain.state import Pending

_PASSED = Ruling.PASSED


class Wanted:
    """A pending message with what the catalog says about it."""

    __slots__ = ("journey", "pending", "rank", "step", "template")

    def __init__(
        self, pending: Pending, journey: Journey, step: MessageStep, template: Template
    ) -> None:
        self.pending = pending
        self.journey = journey
        self.step = step
        self.template = template
        self.rank = (
            CLASS_RANK[template.message_class],
            -step.priority,
            pending.valid_until_s,
            pending.id.bytes,
        )


class Weighed:
    """A wanted message with every rule's verdict; `against` are those that did not pass."""

    __slots__ = ("against", "verdicts", "wanted")

    def __init__(self, wanted: Wanted, verdicts: tuple[Verdict, ...]) -> None:
        self.wanted = wanted
        self.verdicts = verdicts
        self.against = tuple(v for v in verdicts if v.ruling is not _PASSED)

    @property
    def is_free(self) -> bool:
        """Whether nothing is against it."""
        return not self.against

    @property
    def decisive(self) -> Verdict | None:
        """The verdict that decides: a refusal, else the one that holds longest."""
        for verdict in self.against:
            if verdict.ruling is Ruling.REFUSED:
                return verdict
        return max(self.against, key=_held_until_s, default=None)

    @property
    def held_until_s(self) -> int:
        """When every rule that holds it could pass, at the latest when its validity ends."""
        until_s = max((_held_until_s(verdict) for verdict in self.against), default=0)
        return min(until_s, self.wanted.pending.valid_until_s)


def _held_until_s(verdict: Verdict) -> int:
    return _NEVER_S if verdict.until is None else to_s_up(verdict.until)


_NEVER_S = 1 << 62


def weigh(moment: Moment, wanted: Wanted) -> Weighed:
    """Ask every rule that concerns the message, and keep every answer."""
    case = Case(moment, wanted.pending, wanted.journey, wanted.template)
    return Weighed(wanted, tuple([check(case) for check in wanted.template.checks]))


def lose(weighed: Weighed, winner: Wanted, again_s: int) -> Weighed:
    """Return a free candidate as one that lost to `winner` and competes again."""
    lost = Verdict(
        "arbitration",
        Ruling.LOST,
        Reason.LOST,
        from_s(again_s),
        {"to": winner.template.key, "candidate": str(winner.pending.id)},
    )
    return Weighed(weighed.wanted, (*weighed.verdicts, lost))


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
    )
