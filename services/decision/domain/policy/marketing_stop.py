"""One switch stops all marketing of a workspace."""

from services.decision.domain.case import Case, held, passed
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "marketing_stop"
PASSED = passed(NAME)
STOPPED = held(NAME, Reason.MARKETING_STOPPED, None)


def rule(case: Case) -> Verdict:
    """Hold marketing while the workspace has stopped it."""
    return STOPPED if case.moment.controls.marketing_stopped else PASSED
