"""Where a template asks for it, a message goes only when a client app asks for the next one."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "on_request"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Hold until a client asks; right before the call it has been asked for."""
    if case.moment.asked or case.moment.own is not None:
        return PASSED
    return held(NAME, Reason.NOT_ASKED_FOR, None)
