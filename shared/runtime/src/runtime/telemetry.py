"""Traces, metrics and logs by OpenTelemetry; exporters come from the standard ``OTEL_*`` variables.

Telemetry degrades, it never raises: a service without a collector is a service with fewer pictures.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from contextlib import suppress
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanContext
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_VERSION: Final = "0.1.0"

tracer: Final = trace.get_tracer("plumbline", _VERSION)
meter: Final = metrics.get_meter("plumbline", _VERSION)


def configure(service: str) -> None:
    """Set up traces, metrics and structured logs for this process; call once, at start."""
    _configure_logs()
    resource = Resource.create(
        {"service.name": os.environ.get("OTEL_SERVICE_NAME", service), "service.version": _VERSION}
    )
    exporter = _span_exporter()
    if exporter is not None:
        provider = TracerProvider(resource=resource)  # the sampler follows OTEL_TRACES_SAMPLER
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=500))
        trace.set_tracer_provider(provider)
    readers = _metric_readers()
    if readers:
        metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=readers))


def shutdown() -> None:
    """Send what is still buffered."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        stop = getattr(provider, "shutdown", None)
        if stop is not None:
            with suppress(Exception):
                stop()


def _span_exporter() -> SpanExporter | None:
    chosen = os.environ.get("OTEL_TRACES_EXPORTER", "otlp" if "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ else "none")
    if chosen == "zipkin":
        from opentelemetry.exporter.zipkin.json import ZipkinExporter

        return ZipkinExporter()
    if chosen == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter()
    return None


def _metric_readers() -> list[MetricReader]:
    if os.environ.get("OTEL_METRICS_EXPORTER", "otlp") != "otlp" or "OTEL_EXPORTER_OTLP_ENDPOINT" not in os.environ:
        return []
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return [PeriodicExportingMetricReader(OTLPMetricExporter())]


def parent(traceparent: str | None, tracestate: str | None = None) -> Context:
    """The remote context a message carries; an empty context where it carries none or a broken one."""
    if not traceparent:
        return Context()
    carrier = {"traceparent": traceparent}
    if tracestate:
        carrier["tracestate"] = tracestate
    return _PROPAGATOR.extract(carrier, Context())


def traceparent_of(span: Span) -> str | None:
    """The W3C header of a span, None where there is no trace."""
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def span_context(traceparent: str | None) -> SpanContext | None:
    """The span context named by a W3C header, None where there is none or it is broken."""
    found = trace.get_current_span(parent(traceparent)).get_span_context()
    return found if found.is_valid else None


def sampled(traceparent: str | None) -> bool:
    """Whether the trace of this message is recorded."""
    # The last bit of the flags; whatever else the text is, it is asked for every record and may not raise.
    return traceparent is not None and len(traceparent) == 55 and traceparent[-1] in "13579bdf"


class JsonLines(logging.Formatter):
    """One JSON object a line, with the ids of the current trace; control characters are escaped by JSON."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        given = getattr(record, "traceparent", None)
        context = span_context(given) if given else trace.get_current_span().get_span_context()
        if context is not None and context.is_valid:
            entry["trace_id"] = f"{context.trace_id:032x}"
            entry["span_id"] = f"{context.span_id:016x}"
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = repr(record.exc_info[1])
            entry["stack"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)


class _Calm(logging.Filter):
    """Lets one line a second through for each logger and template.

    aiokafka says the same thing hundreds of times a minute while the broker is away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        key = (record.name, str(record.msg)[:80])
        if now - self._last.get(key, -1.0) < 1.0:
            return False
        self._last[key] = now
        return True


def _configure_logs() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    calm = logging.StreamHandler(sys.stderr)
    calm.setFormatter(JsonLines())
    calm.addFilter(_Calm())
    logging.basicConfig(level=os.environ.get("PLUMBLINE_LOG_LEVEL", "INFO"), handlers=[handler], force=True)
    for noisy in ("aiokafka", "faststream"):
        logger = logging.getLogger(noisy)
        logger.handlers = [calm]
        logger.propagate = False
        logger.setLevel(logging.WARNING)
    for quiet in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
