"""The same content not twice within its cool-down."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "cool_down"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold until the template's cool-down since its last message is over."""
    template = case.template
    free_s = 0
    for contact in case.state.contacts:
        if contact.template == template.key and contact.id != case.moment.own:
            at_s = case.now_s if contact.state == "reserved" else contact.at_s
            free_s = max(free_s, at_s + template.cool_down_s)
    if free_s <= case.now_s:
        return PASSED
    return held(NAME, Reason.COOL_DOWN, free_s, {"template": template.key})
