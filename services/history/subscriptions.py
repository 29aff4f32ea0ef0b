"""The map of history: stream and lane → handler, question → handler."""

from functools import partial

from contracts.topology import DECISIONS, DELIVERIES, EVENTS, OUTCOMES, TIMELINE
from kit.bus.consumer import Subscription
from kit.bus.rpc import Endpoint
from kit.bus.spec import LANES
from services.history.handlers import Recorder, on_outcomes, on_timeline
from services.history.ports import Store

STREAMS = (EVENTS, DECISIONS, DELIVERIES)
LINGER_S = 0.03
"""A timeline may be a moment behind; sending may not."""


def subscriptions(recorder: Recorder, batch_facts_max: int) -> list[Subscription]:
    """Everything that happens, both lanes."""
    return [
        Subscription(stream, lane, recorder.on_facts, max_facts=batch_facts_max, linger_s=LINGER_S)
        for stream in STREAMS
        for lane in LANES
    ]


def endpoints(store: Store) -> list[Endpoint]:
    """Every question history answers."""
    return [
        Endpoint(TIMELINE, partial(on_timeline, store=store)),
        Endpoint(OUTCOMES, partial(on_outcomes, store=store)),
    ]
