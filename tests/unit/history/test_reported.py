"""What other tools report, as it stands on the timeline."""

import json
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.consents.v1 import consent_pb2 as consents
from contracts.gen.kairos.contacts.v1 import contact_pb2 as contacts
from kit.bus.spec import IncomingFact
from services.history.domain.entry import Entry, Kind
from services.history.wire import facts as wire


def told(fact: Fact) -> Entry:
    fact.id, fact.person, fact.workspace = UUID(int=1).bytes, UUID(int=2).bytes, "shop"
    fact.person_seq = 4
    incoming = IncomingFact("EVENTS", "now", 0, 1, 0, fact.SerializeToString())
    (entry,) = wire.read_facts([incoming]).entries
    return entry


def test_contact_stands_beside_our_own_messages() -> None:
    contact = contacts.ContactReported(
        channel="post", name="Spring letter", system="crm", at_us=1, data_json=b'{"cost":0.8}'
    )
    entry = told(Fact(contact_reported=contact))

    assert (entry.kind, entry.channel, entry.name) == (Kind.MESSAGE, "post", "Spring letter")
    assert entry.summary == "Letter “Spring letter” sent by crm"
    assert entry.reason == "Made by crm, not decided here"
    assert json.loads(entry.data_json) == {"system": "crm", "data": {"cost": 0.8}}


def test_imported_wish_shows_its_proof() -> None:
    change = consents.PermissionChanged(
        part=consents.PERMISSION_PART_CONSENT,
        status=consents.PERMISSION_STATUS_WITHDRAWN,
        channel="email",
        topic="*",
        evidence_json=b'{"source":"import","file":"2024.csv"}',
        at_us=1,
    )
    entry = told(Fact(permission_reported=consents.PermissionReported(change=change)))

    assert (entry.kind, entry.name) == (Kind.CONSENT, "consent_withdrawn_reported")
    assert entry.summary == "Consent withdrawn (e-mail), as imported"
    assert json.loads(entry.data_json)["evidence"]["file"] == "2024.csv"
