"""What other tools report: wishes with their proof, contacts they made."""

import json
from typing import Any

import pytest

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2
from services.ingest import wire
from services.ingest.domain.identity import Placed
from services.ingest.domain.items import Item, Reading
from services.ingest.domain.reading import read
from services.ingest.ports import Recorded
from tests.unit.ingest.test_reading import NOW, source
from tests.unit.ingest.test_wire import ANNA


def report(call: str = "history", **members: Any) -> Reading:
    row = {"type": "permission", "userId": "anna", "messageId": "row-1"} | members
    return read(call, json.dumps({"batch": [row]}).encode(), source())


def fact_of(item: Item) -> tuple[Fact, str]:
    recorded = Recorded(id=ANNA, at=NOW, step=Placed(item=item, profile=ANNA, person_seq=3))
    outgoing = wire.event_fact(recorded)
    return Fact.FromString(outgoing.body), outgoing.lane


def test_consent_keeps_its_proof_and_its_time() -> None:
    """A company that moves keeps what it needs to show who agreed to what."""
    evidence = {"wording": "Yes, write to me", "ip": "203.0.113.9"}
    (item,) = report(
        status="granted",
        channel="email",
        topic="tips",
        basis="double_opt_in",
        evidence=evidence,
        timestamp="2024-03-01T09:00:00Z",
    ).items
    fact, lane = fact_of(item)
    change = fact.permission_reported.change

    assert lane == "bulk"
    assert fact.person_seq == 3
    assert change.status == consent_pb2.PERMISSION_STATUS_GRANTED
    assert (change.channel, change.topic, change.basis) == ("email", "tips", "double_opt_in")
    assert json.loads(change.evidence_json) == {"source": "import", **evidence}
    assert change.at_us == 1_709_283_600_000_000


@pytest.mark.parametrize(
    ("part", "status"),
    [("consent", "withdrawn"), ("objection", "set"), ("suppression", "set"), ("mute", "set")],
)
def test_less_permission_never_waits_behind_a_million_rows(part: str, status: str) -> None:
    (item,) = report(part=part, status=status, reason="letter of 3 March").items
    fact, lane = fact_of(item)

    assert lane == "now"
    assert json.loads(fact.permission_reported.change.evidence_json)["reason"] == (
        "letter of 3 March"
    )


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"status": "maybe"}, "/status"),
        ({}, ""),
        ({"part": "objection", "status": "granted"}, "/status"),
        ({"part": "wish", "status": "set"}, "/part"),
        ({"status": "granted", "channel": "E Mail"}, "/channel"),
        ({"status": "granted", "topic": "a b"}, "/topic"),
        ({"status": "granted", "purpose": "spam"}, "/purpose"),
        ({"part": "pause", "status": "set"}, "/until"),
        ({"part": "pause", "status": "set", "until": "2026-01-01T00:00:00"}, "/until"),
        ({"status": "granted", "evidence": "yes"}, "/evidence"),
        ({"type": "contact"}, ""),
        ({"type": "contact", "channel": "*"}, "/channel"),
        ({"type": "contact", "channel": "email", "class": "ad"}, "/class"),
        ({"type": "contact", "channel": "email", "tags": ["x" * 300]}, "/tags/0"),
    ],
)
def test_wrong_row_is_refused_at_its_place(members: dict[str, Any], pointer: str) -> None:
    read_ = report(**members)

    assert not read_.items
    assert read_.refused[0].pointer == f"/batch/0{pointer}"


def test_contact_says_who_made_it() -> None:
    (item,) = report(
        "contacts",
        type="contact",
        channel="post",
        topic="tips",
        name="Spring letter",
        system="crm",
        tags=["letter"],
        data={"cost": 0.8},
    ).items
    fact, lane = fact_of(item)
    contact = fact.contact_reported

    assert lane == "now"
    assert (contact.channel, contact.name, contact.system) == ("post", "Spring letter", "crm")
    assert (contact.message_class, list(contact.tags)) == ("marketing", ["letter"])
    assert json.loads(contact.data_json) == {"cost": 0.8}


def test_client_app_cannot_report_permission() -> None:
    """A write key, even a public one, goes to `batch`: nothing in it can grant."""
    refused = report("batch", status="granted").refused

    assert "type must be one of track" in refused[0].reason


def test_import_that_shall_trigger_is_still_bulk() -> None:
    (item,) = report("import", type="track", event="Order Completed").items

    assert (item.history, item.bulk) == (False, True)
