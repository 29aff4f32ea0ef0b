"""Nobody is asked for what they have done."""

from services.decision.domain.case import Case, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "ask_done"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Refuse a message whose ask is answered, whoever asked and wherever, while that counts."""
    template = case.template
    ask = case.state.asks.get(template.ask)
    if ask is None or ask.status != "answered":
        return PASSED
    if template.ask_holds_s and ask.at_s + template.ask_holds_s <= case.now_s:
        return PASSED
    return refused(NAME, Reason.ASK_DONE, {"ask": template.ask})
