"""A message needs an address; marketing needs one that is more than a browser's claim."""

from services.decision.domain.case import Case, passed, refused
from services.decision.domain.decisions import Verdict
from services.decision.domain.model import MARKETING
from services.decision.domain.reasons import Reason

NAME = "reachable"
PASSED = passed(NAME)

#: Channels that reach a person without an address of their own.
ADDRESSLESS = frozenset({"in_app", "webhook"})


def rule(case: Case) -> Verdict:
    """Refuse where there is no address, and marketing to an unproven one."""
    channel = case.template.channel
    endpoint = case.state.endpoints.get(channel)
    if endpoint is None:
        if channel in ADDRESSLESS:
            return PASSED
        return refused(NAME, Reason.NO_ADDRESS, {"channel": channel})
    if not endpoint.proven and case.template.message_class == MARKETING:
        return refused(NAME, Reason.ADDRESS_UNPROVEN, {"channel": channel})
    return PASSED
