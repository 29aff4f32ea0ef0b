"""Answers about the past and about where a person stands."""

from typing import Any
from uuid import UUID

from contracts.gen.kairos.decision.v1 import service_pb2
from services.decision.domain.decisions import Decision
from services.decision.wire.convert import as_json
from services.decision.wire.outgoing import decision_message


def person_of_journeys(body: bytes) -> UUID:
    """Whose journeys are asked for."""
    return UUID(bytes=service_pb2.JourneysRequest.FromString(body).person)


def journeys_reply(journeys: Any) -> bytes:
    """The journeys as JSON."""
    return service_pb2.JourneysReply(journeys_json=as_json(journeys)).SerializeToString()


def decision_id(body: bytes) -> UUID:
    """Which decision is asked for."""
    return UUID(bytes=service_pb2.DecisionRequest.FromString(body).decision_id)


def decision_reply(decision: Decision, basis: Any, traceparent: str) -> bytes:
    """The decision, what it rested on as JSON, and its trace."""
    return service_pb2.DecisionReply(
        person=decision.person.bytes,
        decision=decision_message(decision),
        basis_json=as_json(basis),
        traceparent=traceparent,
    ).SerializeToString()
