"""What ingest puts on the bus."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from contracts.gen.kairos.bus.v1.fact_pb2 import Fact
from contracts.gen.kairos.events.v1 import event_pb2 as events
from kit.clock import to_us
from kit.ids import partition_of
from services.ingest import wire
from services.ingest.domain.identity import Merge, Placed
from services.ingest.domain.items import Item, KeyKind, Kind
from services.ingest.domain.reading import REPORTS
from services.ingest.ports import Recorded, RecordedMerge

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANNA, VISITOR = UUID(int=1), UUID(int=2)
ITEM = Item(
    workspace="shop",
    index=0,
    kind=Kind.TRACK,
    message_id="m-1",
    name="Seen",
    user_id="anna",
    anonymous_id="a",
    previous_id="",
    occurred_at=NOW,
    received_at=NOW,
    properties_json=b'{"total":3}',
    traits=None,
    traits_json=b"",
    context_json=b"{}",
    key_kind=KeyKind.SERVER,
    history=False,
    traceparent="00-trace",
)
EVENT = Recorded(id=UUID(int=3), at=NOW, step=Placed(item=ITEM, profile=ANNA, person_seq=7))


def test_every_kind_of_the_domain_has_its_number() -> None:
    """The domain's enums and the contract's say the same."""
    kinds = {events.EventKind.Name(number) for number in wire.KINDS.values()}
    assert set(wire.KINDS) == set(Kind) - REPORTS
    assert kinds == set(events.EventKind.keys()) - {"EVENT_KIND_UNSPECIFIED"}
    assert set(wire.KEY_KINDS) == set(KeyKind)
    for kind, number in wire.KINDS.items():
        assert events.EventKind.Name(number) == f"EVENT_KIND_{kind.name}"


def test_event_carries_all_that_receivers_need() -> None:
    """Nobody reads ingest's tables."""
    outgoing = wire.event_fact(EVENT)
    fact = Fact.FromString(outgoing.body)

    assert (outgoing.stream, outgoing.lane, outgoing.feed) == ("EVENTS", "now", None)
    assert outgoing.partition == partition_of(ANNA)
    assert (fact.id, fact.person, fact.person_seq) == (UUID(int=3).bytes, ANNA.bytes, 7)
    assert (fact.traceparent, fact.recorded_at_us) == ("00-trace", to_us(NOW))
    assert fact.event_accepted.properties_json == b'{"total":3}'


def test_past_takes_the_slow_lane() -> None:
    """An import of a million events must not stand before one order."""
    values = {name: getattr(ITEM, name) for name in Item.__struct_fields__} | {
        "history": True,
        "bulk": True,
    }
    past = replace(EVENT, step=replace(EVENT.step, item=Item(**values)))

    assert wire.event_fact(past).lane == "bulk"


def test_merge_is_a_fact_of_the_winner() -> None:
    """Published on the feed without an address in it."""
    step = Merge(
        workspace="shop", winner=ANNA, person_seq=8, loser=VISITOR, loser_last_seq=4, cause=ITEM
    )
    merged = RecordedMerge(id=UUID(int=4), at=NOW, step=step, event=UUID(int=3))
    outgoing = wire.merge_fact(merged)
    fact = Fact.FromString(outgoing.body)

    assert (fact.person, fact.profile_merged.loser) == (ANNA.bytes, VISITOR.bytes)
    assert outgoing.partition == partition_of(ANNA)
    assert (outgoing.feed, outgoing.id) == ("shop.profiles.merged", str(UUID(int=4)))
