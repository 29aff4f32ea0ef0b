"""One message from its event to the reaction, as the timeline tells it."""

from uuid import UUID

import msgspec

from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.decisions.v1 import decision_pb2 as decisions
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from contracts.gen.kairos.events.v1 import event_pb2 as events
from tests.integration.history.conftest import Desk, at, fact

DECISION, EVENT, MESSAGE = UUID(int=71), UUID(int=72), UUID(int=73)


def ordered() -> events.EventAccepted:
    return events.EventAccepted(
        kind=events.EVENT_KIND_TRACK, name="Order Completed", occurred_at_us=at(0)
    )


def identified() -> events.EventAccepted:
    return events.EventAccepted(
        kind=events.EVENT_KIND_IDENTIFY,
        traits_json=b'{"email":"a@example.com","plan":"pro"}',
        occurred_at_us=at(1),
    )


def consented() -> consents.PermissionChanged:
    return consents.PermissionChanged(
        part=consents.PERMISSION_PART_CONSENT,
        status=consents.PERMISSION_STATUS_GRANTED,
        channel="email",
        topic="tips",
        at_us=at(2),
        evidence_json=b'{"wording":"yes"}',
    )


def moved() -> decisions.JourneyMoved:
    return decisions.JourneyMoved(journey="three-acts", move="entered", step="wait", at_us=at(3))


def beaten() -> decisions.Candidate:
    candidate = decisions.Candidate(template="news", channel="email")
    candidate.verdicts.add(rule="cap", outcome="refused", reason="cap_reached")
    return candidate


def chosen() -> decisions.DecisionMade:
    winner = decisions.Candidate(template="welcome", channel="email", journey="three-acts")
    winner.verdicts.add(rule="cap", outcome="passed")
    return decisions.DecisionMade(
        outcome=decisions.OUTCOME_MESSAGE,
        at_us=at(4),
        trigger_kind="event",
        trigger_id=EVENT.bytes,
        candidates=[beaten(), winner],
        message_id=MESSAGE.bytes,
        reason_en="It fits.",
        reason_de="Es passt.",
    )


def silent() -> decisions.DecisionMade:
    return decisions.DecisionMade(
        outcome=decisions.OUTCOME_SILENCE,
        at_us=at(5),
        candidates=[beaten()],
        reason_en="Enough for now.",
        reason="cap_reached",
    )


def sent() -> deliveries.AttemptFinished:
    return deliveries.AttemptFinished(
        message_id=MESSAGE.bytes,
        decision_id=DECISION.bytes,
        outcome=deliveries.ATTEMPT_OUTCOME_ACCEPTED,
        channel="email",
        template="welcome",
        subject="Willkommen",
        variables_json=b'{"name":"Anna"}',
        at_us=at(6),
        reason_en="It fits.",
        reason_de="Es passt.",
    )


def broken_off() -> deliveries.AttemptFinished:
    return deliveries.AttemptFinished(
        outcome=deliveries.ATTEMPT_OUTCOME_UNKNOWN, channel="sms", provider="acme", at_us=at(7)
    )


def opened() -> deliveries.ReceiptTaken:
    return deliveries.ReceiptTaken(
        message_id=MESSAGE.bytes,
        kind=deliveries.RECEIPT_KIND_OPENED,
        channel="email",
        machine=True,
        at_us=at(8),
    )


async def test_every_fact_is_told_in_a_sentence(desk: Desk) -> None:
    """Kind, what happened, why. An order makes no line of its own."""
    await desk.deliver(
        fact(event_accepted=ordered()),
        fact(event_accepted=identified()),
        fact(permission_changed=consented()),
        fact(journey_moved=moved()),
        fact(decision_made=chosen()),
        fact(message_ordered=decisions.MessageOrdered(message_id=MESSAGE.bytes)),
        fact(decision_made=silent()),
        fact(attempt_finished=sent()),
        fact(attempt_finished=broken_off()),
        fact(receipt_taken=opened()),
    )

    items = reversed((await desk.page()).items)
    assert [(item.kind, item.summary, item.reason) for item in items] == [
        ("event", "Order Completed", ""),
        ("trait", "Told email, plan", ""),
        ("consent", "Consent granted (e-mail, topic tips)", ""),
        ("journey", "Entered the journey three-acts", ""),
        ("decision", "Chose welcome by e-mail over 1 other", "It fits."),
        ("decision", "Kept silent: news was not sent", "Enough for now."),
        ("message", "E-mail “Willkommen” sent", "It fits."),
        ("attempt", "SMS may or may not have reached acme: the call broke off", ""),
        ("receipt", "E-mail opened, likely by a machine", ""),
    ]


async def test_decision_leads_on(desk: Desk) -> None:
    """To its event, its message, its journey, its trace, and to why the others lost."""
    told = fact(decision_made=chosen())
    await desk.deliver(told, stream="DECISIONS")

    (item,) = (await desk.page()).items
    assert dict(item.refs) == {
        "decision": str(UUID(bytes=told.id)),
        "message": str(MESSAGE),
        "event": str(EVENT),
        "journey": "three-acts",
    }
    assert item.trace_id == told.traceparent[3:35]
    data = msgspec.json.decode(item.data_json)
    assert data["reason_de"] == "Es passt."
    assert data["candidates"][0]["against"][0]["reason"] == "cap_reached"
    assert "against" not in data["candidates"][1]


async def test_message_can_be_rendered_again(desk: Desk) -> None:
    """Template, variables and hash stand in its data; the reason in both languages."""
    await desk.deliver(fact(attempt_finished=sent()), stream="DELIVERIES")

    (item,) = (await desk.page()).items
    assert dict(item.refs) == {"decision": str(DECISION), "message": str(MESSAGE)}
    data = msgspec.json.decode(item.data_json)
    assert (data["template"], data["variables"]) == ("welcome", {"name": "Anna"})
    assert data["reason_de"] == "Es passt."
