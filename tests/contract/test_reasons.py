"""Reason codes begin in decision's domain; proto says the same."""

from contracts.gen.kairos.decisions.v1.reason_pb2 import Reason as ProtoReason
from services.decision.domain.reasons import Reason


def test_proto_knows_every_reason_of_the_domain() -> None:
    """Same codes, neither more nor fewer."""
    proto = {name.removeprefix("REASON_").lower() for name in ProtoReason.keys()}

    assert proto - {"unspecified"} == {reason.value for reason in Reason}
