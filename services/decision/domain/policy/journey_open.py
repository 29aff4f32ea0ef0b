"""A paused journey sends nothing; its messages wait."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "journey_open"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold what a paused journey wants to send."""
    journey = case.pending.journey
    if journey in case.moment.controls.paused_journeys:
        return held(NAME, Reason.JOURNEY_PAUSED, None, {"journey": journey})
    return PASSED
