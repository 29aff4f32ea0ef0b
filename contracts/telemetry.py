"""Every span, metric and attribute name of the domain, and who emits it. The kit's own names are
re-exported.
"""

from kit.telemetry import SPAN_ANSWER, SPAN_CALL, SPAN_CONSUME, SPAN_PROCESS, SPAN_PUBLISH

__all__ = [
    "ATTRIBUTE_CHANNEL",
    "ATTRIBUTE_DECISION",
    "ATTRIBUTE_MESSAGE",
    "ATTRIBUTE_OUTCOME",
    "ATTRIBUTE_PROVIDER",
    "ATTRIBUTE_WORKSPACE",
    "METRIC_ATTEMPTS",
    "METRIC_DECISIONS",
    "METRIC_EVENTS_ACCEPTED",
    "METRIC_EVENTS_REFUSED",
    "METRIC_HTTP_DURATION",
    "METRIC_TIMELINE_ENTRIES",
    "SPAN_ANSWER",
    "SPAN_ATTEMPT",
    "SPAN_CALL",
    "SPAN_CONSUME",
    "SPAN_DECIDE",
    "SPAN_HTTP",
    "SPAN_PROCESS",
    "SPAN_PROVIDER_CALL",
    "SPAN_PUBLISH",
    "SPAN_RECORD",
]

SPAN_HTTP = "http.request"
"""gateway: one HTTP request."""
SPAN_DECIDE = "decide"
"""decision: one step of one person."""
SPAN_ATTEMPT = "attempt"
"""delivery: one attempt, from render to outcome."""
SPAN_PROVIDER_CALL = "provider.call"
"""delivery: the call itself."""
SPAN_RECORD = "timeline.record"
"""history: one fact onto the timeline."""

ATTRIBUTE_WORKSPACE = "kairos.workspace"
ATTRIBUTE_DECISION = "kairos.decision_id"
ATTRIBUTE_MESSAGE = "kairos.message_id"
ATTRIBUTE_CHANNEL = "kairos.channel"
ATTRIBUTE_PROVIDER = "kairos.provider"
ATTRIBUTE_OUTCOME = "kairos.outcome"

METRIC_HTTP_DURATION = "http.server.request.duration"
"""gateway: seconds to answer a request, by method, route template and status."""
METRIC_EVENTS_ACCEPTED = "kairos.events.accepted"
"""ingest: events stored, by workspace and call."""
METRIC_EVENTS_REFUSED = "kairos.events.refused"
"""ingest: items refused, by workspace and status."""
METRIC_DECISIONS = "kairos.decisions"
"""decision: decisions, by workspace, outcome and reason."""
METRIC_ATTEMPTS = "kairos.attempts"
"""delivery: attempts, by channel, provider and outcome."""
METRIC_TIMELINE_ENTRIES = "kairos.timeline.entries"
"""history: entries written, by kind."""
