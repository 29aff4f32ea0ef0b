"""Nobody is asked the same thing by two journeys at once."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "asked_elsewhere"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold while another journey's message with the same ask is still valid."""
    ask = case.state.asks.get(case.template.ask)
    if (
        ask is None
        or ask.status != "open"
        or ask.journey == case.pending.journey
        or ask.until_s <= case.now_s
    ):
        return PASSED
    facts = {"ask": case.template.ask, "journey": ask.journey}
    return held(NAME, Reason.ASKED_ELSEWHERE, ask.until_s, facts)
