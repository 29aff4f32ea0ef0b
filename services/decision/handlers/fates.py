"""What a step means for recipients of campaigns."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.decision.domain.campaigns.documents import PREFIX
from services.decision.domain.campaigns.runs import Fate
from services.decision.domain.decisions import Candidate, Decision, Outcome, Ruling
from services.decision.domain.inputs import Input, ReceiptInput, ReceiptKind
from services.decision.domain.step import StepResult

#: What delivery says in the end; a message it tries again is still on its way.
FINAL = frozenset(
    {
        ReceiptKind.ACCEPTED,
        ReceiptKind.REJECTED,
        ReceiptKind.UNKNOWN,
        ReceiptKind.EXPIRED,
        ReceiptKind.CANCELLED,
    }
)


def fates(workspace: str, result: StepResult) -> Mapping[tuple[str, str, UUID], Fate]:
    """What was decided about the person as a recipient, by campaign; the last word counts."""
    found: dict[tuple[str, str, UUID], Fate] = {}
    for decision in result.decisions:
        if decision.outcome is Outcome.RELEASED and decision.trigger.kind == "receipt":
            continue  # what delivery says is noted as its own outcome
        for candidate in decision.candidates:
            if candidate.journey.startswith(PREFIX):
                campaign = candidate.journey.removeprefix(PREFIX)
                state, reason, message = _fate(decision, candidate, result)
                key = (workspace, campaign, result.state.person)
                found[key] = Fate(*key, state, reason, message, decision.at)
    return found


def _fate(
    decision: Decision, candidate: Candidate, result: StepResult
) -> tuple[str, str, UUID | None]:
    order = decision.order
    if order is not None and order.journey == candidate.journey:
        return "ordered", "", order.message_id
    reason = str(candidate.against[-1].reason or "") if candidate.against else ""
    waits = any(one.journey == candidate.journey for one in result.state.pending)
    if waits or (decision.outcome is Outcome.MESSAGE and _lost(candidate)):
        return "held", reason, None
    return "silent", reason, None


def _lost(candidate: Candidate) -> bool:
    return any(verdict.ruling is Ruling.LOST for verdict in candidate.against)


def outcomes(workspace: str, inputs: Sequence[Input]) -> Iterator[tuple[str, UUID, str, datetime]]:
    """What delivery reports about messages, in the end."""
    for one in inputs:
        if isinstance(one, ReceiptInput) and one.outcome in FINAL:
            yield workspace, one.message_id, str(one.outcome), one.at
