"""The map of history: stream and lane → handler, question → handler."""

from functools import partial

from contracts.topology import DECISIONS, DELIVERIES, EVENTS, EXPERIMENT, OUTCOMES, REPORT, TIMELINE
from kit.bus.consumer import Subscription
from kit.bus.rpc import Endpoint
from kit.bus.spec import LANES
from services.history.handlers.experimenting import Experimenter
from services.history.handlers.reading import on_timeline
from services.history.handlers.recording import Recorder
from services.history.handlers.reporting import on_outcomes, on_report
from services.history.ports import GoalReports, Reports, Timelines

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


def endpoints(
    timelines: Timelines, reports: Reports, goals: GoalReports, experimenter: Experimenter
) -> list[Endpoint]:
    """Every question history answers."""
    return [
        Endpoint(TIMELINE, partial(on_timeline, timelines=timelines)),
        Endpoint(OUTCOMES, partial(on_outcomes, store=reports)),
        Endpoint(REPORT, partial(on_report, store=reports, goals=goals)),
        Endpoint(EXPERIMENT, experimenter.on_experiment),
    ]
