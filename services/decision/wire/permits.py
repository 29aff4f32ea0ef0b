"""Permits: questions and answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2


@dataclass(frozen=True)
class Question:
    """May the call of this message start now? `keyed`: a repeat of one is no second message."""

    workspace: str
    person: UUID
    message_id: UUID
    keyed: bool = False


@dataclass(frozen=True)
class Answer:
    """The permit, or why not."""

    granted: bool
    reason: str = ""
    reason_en: str = ""
    reason_de: str = ""


def permit_questions(body: bytes) -> list[Question]:
    """The questions of one request, in order."""
    return [
        Question(each.workspace, UUID(bytes=each.person), UUID(bytes=each.message_id), each.keyed)
        for each in service_pb2.PermitRequest.FromString(body).questions
    ]


def permit_reply(answers: Sequence[Answer]) -> bytes:
    """The answers, in the order of the questions."""
    return service_pb2.PermitReply(
        answers=[
            service_pb2.PermitAnswer(
                granted=each.granted,
                reason=each.reason,
                reason_en=each.reason_en,
                reason_de=each.reason_de,
            )
            for each in answers
        ]
    ).SerializeToString()
