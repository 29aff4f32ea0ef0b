"""The same content not twice within its cool-down."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "cool_down"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold until the template's cool-down since its last message is over."""
    template = case.template
    for at_s, contact in case.moment.contacts:
        if at_s + template.cool_down_s <= case.now_s:
            break
        if contact.template == template.key:
            until_s = at_s + template.cool_down_s
            return held(NAME, Reason.COOL_DOWN, until_s, {"template": template.key})
    return PASSED
