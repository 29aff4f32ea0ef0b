"""Our words and the wire's are the same ones, and orders survive the trip."""

from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.decisions.v1.decision_pb2 import DecisionMade, MessageOrdered
from contracts.gen.kairos.deliveries.v1.delivery_pb2 import AttemptOutcome, ReceiptKind
from kit.bus.spec import IncomingFact
from kit.clock import to_us
from services.delivery import wire
from services.delivery.domain import receipts
from services.delivery.domain.attempts import Conclusion, Result
from services.delivery.domain.message import Outcome, State
from services.delivery.ports import Written
from tests.unit.delivery.orders import NOW, claim, order


def test_outcomes_and_kinds_are_those_of_the_wire() -> None:
    """A word added on one side only is a fact nobody understands."""
    outcomes = {name.removeprefix("ATTEMPT_OUTCOME_").lower() for name in AttemptOutcome.keys()}
    kinds = {name.removeprefix("RECEIPT_KIND_").lower() for name in ReceiptKind.keys()}
    assert outcomes - {"unspecified"} == {each.value for each in Outcome}
    assert kinds - {"unspecified"} == {each.value for each in receipts.ReceiptKind}
    assert all(
        AttemptOutcome.Name(wire.OUTCOMES[each]).endswith(f"_{each.name}") for each in Outcome
    )
    assert all(
        ReceiptKind.Name(wire.KINDS[each]).endswith(f"_{each.name}")
        for each in receipts.ReceiptKind
    )


def incoming(fact: Fact) -> IncomingFact:
    return IncomingFact("DECISIONS", "now", 0, 1, 0, fact.SerializeToString())


def test_order_is_read_whole() -> None:
    asked = order(traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    fact = Fact(
        workspace=asked.workspace,
        person=asked.person.bytes,
        traceparent=asked.traceparent,
        message_ordered=MessageOrdered(
            message_id=asked.message_id.bytes,
            decision_id=asked.decision_id.bytes,
            template=asked.template,
            catalog_revision=asked.catalog_revision,
            channel=asked.channel,
            endpoint=asked.endpoint,
            topic=asked.topic,
            message_class=asked.message_class,
            locale=asked.locale,
            variables_json=asked.variables.encode(),
            ordered_at_us=to_us(asked.ordered_at),
            valid_until_us=to_us(asked.valid_until),
            journey=asked.journey,
            step=asked.step,
            reason_en=asked.reason_en,
            reason_de=asked.reason_de,
            basis=asked.basis,
        ),
    )
    assert wire.read_order(incoming(fact)) == asked


def test_other_facts_are_passed_over() -> None:
    assert wire.read_order(incoming(Fact(decision_made=DecisionMade()))) is None


def test_attempt_fact_has_the_same_id_every_time_and_stays_off_the_feed() -> None:
    """It holds the template's variables: personal data, which the feed must not carry."""
    written = Written(claim(), Conclusion(Outcome.ACCEPTED, State.ACCEPTED), NOW, result=Result())
    one, two = (wire.attempt_fact(written, NOW) for _ in range(2))
    assert one == two
    assert one.feed is None
    fact = Fact.FromString(one.body)
    assert UUID(bytes=fact.id).version == 7
    assert fact.attempt_finished.attempt == 1
    assert fact.attempt_finished.outcome == AttemptOutcome.ATTEMPT_OUTCOME_ACCEPTED


def test_receipt_fact_is_on_the_feed_by_channel_and_kind() -> None:
    asked = order()
    receipt = receipts.Receipt(
        workspace=asked.workspace,
        provider="sandbox",
        event=receipts.Event("e1", receipts.ReceiptKind.BOUNCED, "x", NOW),
        message_id=asked.message_id,
        decision_id=asked.decision_id,
        person=asked.person,
        channel=asked.channel,
        lane="bulk",
        traceparent="",
    )
    fact = wire.receipt_fact(receipt, NOW)
    assert (fact.feed, fact.lane) == ("fitshop.deliveries.email_bounced", "bulk")
    assert UUID(fact.id).version == 7
