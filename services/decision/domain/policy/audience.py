"""Only those a journey is meant for, asked again at every message."""

from services.decision.domain.case import Case, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "audience"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Refuse where the person is not, or no longer, in the journey's audience."""
    test = case.journey.audience
    if test is None or test(case.state, case.now_s, case.pending.context):
        return PASSED
    return refused(NAME, Reason.NOT_IN_AUDIENCE, {"journey": case.journey.key})
