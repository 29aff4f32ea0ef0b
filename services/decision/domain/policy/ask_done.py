"""Nobody is asked for what they have done."""

from services.decision.domain.case import Case, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "ask_done"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Refuse a message whose ask is answered, whoever asked and wherever."""
    ask = case.state.asks.get(case.template.ask)
    if ask is None or ask.status != "answered":
        return PASSED
    return refused(NAME, Reason.ASK_DONE, {"ask": case.template.ask})
