"""What ingest has on record, asked and answered."""

from collections.abc import Sequence
from uuid import UUID

from contracts.gen.kairos.ingest.v1 import service_pb2
from kit.clock import from_us
from services.decision.domain.civil import to_s
from services.decision.domain.recounting import Past, PastEvent
from services.decision.wire.convert import as_object


def past_request(
    profiles: Sequence[UUID], events: Sequence[str], after: PastEvent | None, *, traits: bool
) -> bytes:
    """The page after an event, the first without one."""
    return service_pb2.PastRequest(
        profiles=[each.bytes for each in profiles],
        events=events,
        with_traits=traits,
        after_profile=after.profile.bytes if after else b"",
        after_seq=after.seq if after else 0,
    ).SerializeToString()


def past_page(body: bytes) -> tuple[Past, list[PastEvent], bool]:
    """The profiles of a page (without events), its events, and whether there is more."""
    told = service_pb2.PastReply.FromString(body)
    last_seqs = {UUID(bytes=each.id): each.last_seq for each in told.profiles}
    traits = {UUID(bytes=each.id): as_object(each.traits_json) for each in told.profiles}
    events = [
        PastEvent(
            UUID(bytes=each.profile),
            each.seq,
            each.event,
            to_s(from_us(each.occurred_at_us)),
            as_object(each.properties_json),
        )
        for each in told.events
    ]
    return Past(last_seqs, traits, {}), events, told.more
