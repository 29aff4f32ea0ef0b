"""Consent, objection, suppression, pause and mute, as `permission.py` judges them."""

from services.decision.domain.case import Case, held, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.reasons import Reason

NAME = "permission"
PASSED = passed(NAME)


def rule(case: Case) -> Verdict:
    """Refuse what is not permitted; hold until a pause ends."""
    template = case.template
    verdict = case.moment.permission(template.channel, template.topic, template.message_class)
    if verdict.allowed:
        return PASSED
    reason = verdict.reason or Reason.NO_CONSENT
    facts = {"channel": template.channel, "topic": template.topic, "detail": verdict.detail}
    if verdict.until_s is not None:
        return held(NAME, reason, verdict.until_s, facts)
    return refused(NAME, reason, facts)
