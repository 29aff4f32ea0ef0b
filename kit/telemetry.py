"""Traces, metrics and logs of one process, on OpenTelemetry.

Trace context is W3C: it travels in NATS headers and inside stored facts, so that a trace outlives
the process that began it. Names of the kit's own spans and metrics stand here; the domain's stand
in `contracts/telemetry.py`. Nothing personal goes into a span, a metric or a log line: opaque ids
only.
"""

import json
import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
)
from prometheus_client import generate_latest

SPAN_PUBLISH = "publish"
SPAN_CONSUME = "consume"
SPAN_PROCESS = "process"
SPAN_CALL = "call"
SPAN_ANSWER = "answer"

DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds of the buckets; the library's own, made for milliseconds, would put all into one."""

Attributes = Mapping[str, str | int | float | bool]

_lines = msgspec.json.Encoder()
_tracer = trace.get_tracer("kairos")
"""Looked up once (that costs more than a span) and before `setup`: it follows the provider."""


def setup(service: str, env: Mapping[str, str]) -> None:
    """Starts tracing, metrics and logs for this process.

    `KAIROS_TRACE_FILE=1` writes spans as JSON lines to DATA/logs/<service>.spans.jsonl;
    `OTEL_EXPORTER_OTLP_ENDPOINT` sends spans and metrics to a collector;
    `KAIROS_TRACE_RATIO` is the share of new traces that is kept (default 1).
    """
    _logs(service, env.get("KAIROS_LOG_LEVEL", "INFO"))
    resource = Resource.create({"service.name": f"kairos-{service}"})
    ratio = float(env.get("KAIROS_TRACE_RATIO", "1"))
    provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(ratio)))
    readers: list[Any] = [PrometheusMetricReader()]
    if env.get("KAIROS_TRACE_FILE") == "1":
        path = Path(env.get("KAIROS_DATA", ".kairos")) / "logs" / f"{service}.spans.jsonl"
        provider.add_span_processor(_batch(FileSpanExporter(path)))
    if env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

        provider.add_span_processor(_batch(OTLPSpanExporter()))
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def shutdown() -> None:
    """Writes what is still buffered; call once, at the end of the process."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


@contextmanager
def span(
    name: str,
    *,
    parent: str | None = None,
    links: Sequence[str] = (),
    kind: SpanKind = SpanKind.INTERNAL,
    attributes: Attributes | None = None,
) -> Generator[Span]:
    """A span around a block; an error inside marks it as failed, by its type, and goes on.

    The text of an error is not kept: it may carry an address.

    Args:
        parent: traceparent of another process or an earlier time; None continues the current span.
        links: traceparents that caused this without being its parent (batches, schedules).
    """
    context = _context(parent)
    current = _tracer.start_span(
        name,
        context=trace.set_span_in_context(NonRecordingSpan(context)) if context else None,
        kind=kind,
        attributes=attributes,
        links=[Link(linked) for each in links if (linked := _context(each))],
    )
    with trace.use_span(
        current, end_on_exit=True, record_exception=False, set_status_on_exception=False
    ):
        try:
            yield current
        except Exception as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise


def current_traceparent() -> str:
    """The W3C traceparent of the current span; empty where there is none."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    flags = int(context.trace_flags)
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"


def trace_id_of(traceparent: str) -> str:
    """The 32 hex digits of the trace; empty where there is none."""
    return traceparent[3:35] if len(traceparent) >= 55 else ""


def is_sampled(traceparent: str) -> bool:
    """Whether spans of this trace are kept."""
    context = _context(traceparent)
    return bool(context and context.trace_flags.sampled)


def counter(name: str, unit: str, description: str) -> metrics.Counter:
    """A counter of this process; labels must stay few and never name a person."""
    return metrics.get_meter("kairos").create_counter(name, unit, description)


def histogram(name: str, unit: str, description: str) -> metrics.Histogram:
    """A distribution of durations in seconds."""
    return metrics.get_meter("kairos").create_histogram(
        name, unit, description, explicit_bucket_boundaries_advisory=DURATIONS_S
    )


def prometheus_text() -> bytes:
    """All metrics of this process in the Prometheus text format."""
    return generate_latest()


class FileSpanExporter(SpanExporter):
    """Spans as JSON lines: enough to follow a trace by its id with nothing but grep."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._file.write(_lines.encode_lines([_as_line(each) for each in spans]))
        self._file.flush()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()


def _as_line(each: ReadableSpan) -> dict[str, Any]:
    context = each.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}" if context else "",
        "span_id": f"{context.span_id:016x}" if context else "",
        "parent_id": f"{each.parent.span_id:016x}" if each.parent else "",
        "service": each.resource.attributes.get("service.name"),
        "name": each.name,
        "start_ns": each.start_time,
        "duration_us": ((each.end_time or 0) - (each.start_time or 0)) // 1000,
        "status": each.status.status_code.name,
        "attributes": dict(each.attributes or {}),
        "links": [f"{link.context.trace_id:032x}" for link in each.links],
    }


def _batch(exporter: SpanExporter) -> BatchSpanProcessor:
    return BatchSpanProcessor(exporter, schedule_delay_millis=500, max_queue_size=8192)


def _context(traceparent: str | None) -> SpanContext | None:
    """Reads a W3C traceparent; anything unreadable counts as absent."""
    if not traceparent:
        return None
    parts = traceparent.split("-")
    if len(parts) != 4 or len(parts[1]) != 32 or len(parts[2]) != 16:
        return None
    try:
        context = SpanContext(
            trace_id=int(parts[1], 16),
            span_id=int(parts[2], 16),
            is_remote=True,
            trace_flags=TraceFlags(int(parts[3], 16)),
        )
    except ValueError:
        return None
    return context if context.is_valid else None


class _JsonLines(logging.Formatter):
    """One JSON object per line, with the trace it belongs to."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace_id_of(current_traceparent()),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in line.items() if value})


def _logs(service: str, level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiosmtpd", "mail.log", "uvicorn.access", "httpx", "opentelemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
