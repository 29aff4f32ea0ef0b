"""The map of this service: stream and lane → handler, question → handler."""

from collections.abc import Sequence

from contracts import topology
from kit.bus.consumer import Subscription
from kit.bus.rpc import Endpoint
from kit.bus.spec import LANES
from services.decision.handlers.catalog import CatalogDesk
from services.decision.handlers.facts import Facts
from services.decision.handlers.permission import PermissionDesk
from services.decision.handlers.permits import Permits
from services.decision.handlers.reading import ReadingDesk
from services.decision.settings import Settings

STREAMS = (topology.EVENTS, topology.DECISIONS, topology.DELIVERIES)


def subscriptions(facts: Facts, settings: Settings) -> Sequence[Subscription]:
    """Events and delivery's outcomes, both lanes."""
    return [
        Subscription(stream, lane, facts.on_facts, max_facts=settings.batch_facts_max)
        for stream in (topology.EVENTS, topology.DELIVERIES)
        for lane in LANES
    ]


def endpoints(
    catalog: CatalogDesk, permission: PermissionDesk, permits: Permits, reading: ReadingDesk
) -> Sequence[Endpoint]:
    """Every question decision answers."""
    return [
        Endpoint(topology.APPLY, catalog.on_apply),
        Endpoint(topology.CATALOG, catalog.on_catalog),
        Endpoint(topology.CHANGE_PERMISSION, permission.on_change),
        Endpoint(topology.PERMISSION, permission.on_permission),
        Endpoint(topology.PERMIT, permits.on_permit),
        Endpoint(topology.DECISION, reading.on_decision),
        Endpoint(topology.JOURNEYS, reading.on_journeys),
    ]
