"""The same content not twice within its cool-down."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "cool_down"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold until the template's cool-down since its last message is over."""
    template = case.template
    last_s = case.moment.last_of(template.key)
    if last_s is None or last_s + template.cool_down_s <= case.now_s:
        return PASSED
    facts = {"template": template.key}
    return held(NAME, Reason.COOL_DOWN, last_s + template.cool_down_s, facts)
