"""Reports add up, whatever order facts come in, and however often."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.deliveries.v1 import delivery_pb2 as deliveries
from kit.errors import Invalid
from tests.integration.history.conftest import ANNA, BERT, Desk, at, fact

DAY_MIN = timedelta(days=1) / timedelta(minutes=1)
R = deliveries


def message(number: int) -> bytes:
    return UUID(int=5000 + number).bytes


def sent(number: int, person: UUID = ANNA, minute: float = 0, **body: object) -> Fact:
    """A message a provider took."""
    told = {"channel": "email", "template": "news", "message_class": "marketing", **body}
    return fact(
        person,
        minute,
        attempt_finished=R.AttemptFinished(
            message_id=message(number),
            outcome=R.ATTEMPT_OUTCOME_ACCEPTED,
            at_us=at(minute),
            **told,  # type: ignore[arg-type]
        ),
    )


def receipt(
    number: int,
    kind: R.ReceiptKind,
    person: UUID = ANNA,
    minute: float = 1,
    *,
    machine: bool = False,
) -> Fact:
    return fact(
        person,
        minute,
        receipt_taken=R.ReceiptTaken(
            message_id=message(number),
            kind=kind,
            channel="email",
            at_us=at(minute),
            machine=machine,
        ),
    )


async def test_messages_are_summed_up_with_the_reactions_of_people(desk: Desk) -> None:
    """The first of each kind counts once; machines stand apart and are in no rate."""
    await desk.deliver(
        sent(1, cost_micros=2_500_000),
        sent(2, BERT, channel="sms"),
        receipt(1, R.RECEIPT_KIND_OPENED, machine=True),
        receipt(1, R.RECEIPT_KIND_OPENED, minute=2),
        receipt(1, R.RECEIPT_KIND_OPENED, minute=3),
        receipt(2, R.RECEIPT_KIND_CLICKED, BERT),
        stream="DELIVERIES",
    )

    by_channel = {row["channel"]: row for row in await desk.report("messages", "channel")}

    mail = by_channel["email"]
    assert (mail["sent"], mail["opened"], mail["machine"], mail["clicked"]) == (1, 1, 1, 0)
    assert (mail["open_rate"], mail["cost"]) == (1.0, 2.5)
    assert by_channel["sms"]["click_rate"] == 1.0


async def test_a_receipt_before_its_message_waits_for_it(desk: Desk) -> None:
    """The two travel in different lanes; until then the message is in no sum."""
    await desk.deliver(receipt(1, R.RECEIPT_KIND_DELIVERED), stream="DELIVERIES")
    assert await desk.report("messages") == []

    await desk.deliver(sent(1), stream="DELIVERIES")

    [row] = await desk.report("messages")
    assert (row["sent"], row["delivered"]) == (1, 1)


async def test_order_and_repetition_change_no_sum(desk: Desk) -> None:
    """The same facts shuffled, cut into batches and partly told twice give the same reports."""
    people = [ANNA, BERT, UUID(int=3)]
    kinds = [R.RECEIPT_KIND_OPENED, R.RECEIPT_KIND_CLICKED, R.RECEIPT_KIND_UNSUBSCRIBED]
    facts = [
        sent(n, people[n % 3], minute=n * DAY_MIN, template=f"t{n % 2}") for n in range(24)
    ] + [receipt(n, kinds[n % 3], people[n % 3], minute=n * DAY_MIN + 5) for n in range(20)]
    await desk.deliver(*facts, stream="DELIVERIES")
    reports = [("messages", "day", "template"), ("entries", "kind", "name"), ("pressure",)]
    before = [await desk.report(*each) for each in reports]

    draw = random.Random(3)
    for _ in range(5):
        draw.shuffle(facts)
        await desk.deliver(*facts[:15], stream="DELIVERIES")

    assert [await desk.report(*each) for each in reports] == before


async def test_pressure_counts_people_by_their_messages(desk: Desk) -> None:
    """Anna got three, Bert one and complained; a transactional message presses nobody."""
    await desk.deliver(
        *(sent(n, minute=n) for n in range(3)),
        sent(10, BERT),
        sent(11, BERT, message_class="transactional"),
        receipt(1, R.RECEIPT_KIND_REPLIED),
        receipt(10, R.RECEIPT_KIND_COMPLAINED, BERT),
        stream="DELIVERIES",
    )

    rows, notes = await desk.report_with_notes("pressure", period="week")

    told = [(row["messages"], row["people"], row["responders"], row["leavers"]) for row in rows]
    assert told == [(1, 1, 0, 1), (3, 1, 1, 0)]
    assert notes["period"] == "week"
    assert notes["proposed_cap"]["estimate"] == 0, "half of those with one or more left"


@pytest.mark.parametrize(
    ("report", "by", "period"),
    [("nonsense", (), ""), ("messages", ("person",), ""), ("pressure", (), "year")],
    ids=["unknown", "not-broken-down-so", "period"],
)
async def test_what_cannot_be_told_is_refused(
    desk: Desk, report: str, by: tuple[str, ...], period: str
) -> None:
    with pytest.raises(Invalid, match="Expected"):
        await desk.report(report, *by, period=period)
