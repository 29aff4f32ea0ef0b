"""Facts → who came into which arm of an experiment."""

from collections.abc import Callable
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from kit.clock import from_us
from services.history.domain.exposures import Exposure, of_journey, of_template


def read_exposures(fact: Fact, body: str) -> list[Exposure]:
    """The exposure a fact with this body tells of; most tell of none."""
    read = _READING.get(body)
    return read(fact) if read else []


def _variant_sent(fact: Fact) -> list[Exposure]:
    body = fact.attempt_finished
    if body.outcome != deliveries.ATTEMPT_OUTCOME_ACCEPTED or not body.variant:
        return []
    return [_exposure(fact, of_template(body.template), body.variant, body.at_us)]


def _went_a_way(fact: Fact) -> list[Exposure]:
    body = fact.journey_moved
    return [_exposure(fact, of_journey(body.journey), body.note, body.at_us)] if body.note else []


def _exposure(fact: Fact, experiment: str, arm: str, at_us: int) -> Exposure:
    return Exposure(
        workspace=fact.workspace,
        experiment=experiment,
        person=UUID(bytes=fact.person),
        arm=arm,
        at=from_us(at_us),
    )


_READING: dict[str, Callable[[Fact], list[Exposure]]] = {
    "attempt_finished": _variant_sent,
    "journey_moved": _went_a_way,
}
