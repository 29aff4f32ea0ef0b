"""A message is worth sending only so long."""

from services.decision.domain.case import Case, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "in_time"
PASSED = passed(NAME)
EXPIRED = refused(NAME, Reason.EXPIRED)


def rule(case: Case) -> Verdict:
    """Refuse what is past its validity."""
    return PASSED if case.now_s < case.pending.valid_until_s else EXPIRED
