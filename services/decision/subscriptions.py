"""The map of this service: stream and lane → handler, question → handler."""

from collections.abc import Sequence
from typing import NamedTuple

from contracts import topology
from kit.bus.consumer import Subscription
from kit.bus.rpc import Endpoint
from kit.bus.spec import LANES
from services.decision.handlers.campaigns import CampaignDesk
from services.decision.handlers.catalog import CatalogDesk
from services.decision.handlers.controls import ControlsDesk
from services.decision.handlers.facts import Facts
from services.decision.handlers.journeys import JourneyDesk
from services.decision.handlers.judging import JudgingDesk
from services.decision.handlers.optins import OptInDesk
from services.decision.handlers.permission import PermissionDesk
from services.decision.handlers.permits import Permits
from services.decision.handlers.reading import ReadingDesk
from services.decision.handlers.requests import RequestDesk
from services.decision.handlers.segments import SegmentDesk
from services.decision.settings import Settings

LINGER_S = 0.03
"""What became of a message is learnt a moment later; what a person does is answered at once."""
STREAMS = (topology.EVENTS, topology.DECISIONS, topology.DELIVERIES)


def subscriptions(facts: Facts, settings: Settings) -> Sequence[Subscription]:
    """Events and delivery's outcomes, both lanes."""
    bound = settings.batch_facts_max
    events, outcomes = topology.EVENTS, topology.DELIVERIES
    return [
        *(Subscription(events, lane, facts.on_facts, bound) for lane in LANES),
        *(Subscription(outcomes, lane, facts.on_facts, bound, LINGER_S) for lane in LANES),
    ]


class Desks(NamedTuple):
    """Who answers."""

    catalog: CatalogDesk
    permission: PermissionDesk
    permits: Permits
    reading: ReadingDesk
    judging: JudgingDesk
    requests: RequestDesk
    controls: ControlsDesk
    segments: SegmentDesk
    journeys: JourneyDesk
    campaigns: CampaignDesk
    opt_ins: OptInDesk


def endpoints(desks: Desks) -> Sequence[Endpoint]:
    """Every question decision answers."""
    return [
        Endpoint(topology.APPLY, desks.catalog.on_apply),
        Endpoint(topology.CATALOG, desks.catalog.on_catalog),
        Endpoint(topology.CHANGE_PERMISSION, desks.permission.on_change),
        Endpoint(topology.PERMISSION, desks.permission.on_permission),
        Endpoint(topology.PERMIT, desks.permits.on_permit),
        Endpoint(topology.DECISION, desks.reading.on_decision),
        Endpoint(topology.SEND, desks.requests.on_send),
        Endpoint(topology.NEXT, desks.requests.on_next),
        Endpoint(topology.PREVIEW, desks.judging.on_preview),
        Endpoint(topology.REPLAY, desks.judging.on_replay, at_once_max=2),
        Endpoint(topology.EVALUATE, desks.judging.on_evaluate, at_once_max=1),
        Endpoint(topology.CONTROLS, desks.controls.on_controls),
        Endpoint(topology.SEGMENT, desks.segments.on_segment),
        Endpoint(topology.MEMBERS, desks.segments.on_members),
        Endpoint(
            topology.SEGMENT_PREVIEW,
            desks.segments.previews.on_preview,
            at_once_max=2,
            waiting_max=8,
        ),
        Endpoint(topology.SCHEMA, desks.segments.previews.on_schema),
        Endpoint(topology.SEGMENTS_OF, desks.segments.on_segments_of),
        Endpoint(topology.ENTER, desks.journeys.on_enter),
        Endpoint(topology.JOURNEY, desks.journeys.on_journey),
        Endpoint(topology.RUNS, desks.journeys.on_runs),
        Endpoint(topology.CAMPAIGN, desks.campaigns.on_campaign),
        Endpoint(topology.CHECK_CAMPAIGN, desks.campaigns.on_check),
        Endpoint(topology.JOURNEYS, desks.reading.on_journeys),
        Endpoint(topology.BEGIN_OPT_IN, desks.opt_ins.on_begin),
        Endpoint(topology.OPT_IN, desks.opt_ins.on_look),
        Endpoint(topology.CONFIRM_OPT_IN, desks.opt_ins.on_confirm),
        Endpoint(topology.SUPPRESSIONS, desks.opt_ins.on_suppressions),
    ]
