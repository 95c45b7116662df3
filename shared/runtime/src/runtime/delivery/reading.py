"""Kafka records into events: each is read, or refused with its reason; each gets the span that processes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.trace import Link, Span, SpanKind

from contracts.envelope import Envelope, EnvelopeError, from_headers, from_structured
from runtime import names, telemetry
from runtime.delivery.record import Record
from runtime.errors import Reject

_LINKS: Final = 128  # links and record spans a batch at most


def read(
    raw: Sequence[Any], consumer: str, batch_span: Span, spans: list[Span], refused: Reject | None
) -> tuple[list[Record], list[tuple[Any, Reject]]]:
    """The events of a batch, and what could not be read; the spans begun are added to ``spans``, to be ended.

    Where ``refused`` is given, it is the fault of every record.
    """
    records: list[Record] = []
    unreadable: list[tuple[Any, Reject]] = []
    link = Link(batch_span.get_span_context())
    recording = batch_span.get_span_context().is_valid
    shared: dict[str, str] = {}  # records of one cause are one piece of work: they share a span
    for r in raw:
        try:
            if refused is not None:
                raise refused
            envelope = decode(r)
        except Reject as reject:
            unreadable.append((r, reject))
            continue
        if envelope.traceparent in shared:
            envelope = envelope.with_trace(shared[envelope.traceparent])
        elif (
            recording
            and len(spans) < _LINKS
            and (envelope.traceparent is None or telemetry.sampled(envelope.traceparent))
        ):
            span = telemetry.tracer.start_span(
                f"process {r.topic}",
                context=telemetry.parent(envelope.traceparent, envelope.tracestate),
                kind=SpanKind.CONSUMER,
                links=[link],
                attributes={
                    names.MESSAGING_SYSTEM: "kafka",
                    names.DESTINATION: r.topic,
                    names.PARTITION: str(r.partition),
                    names.OFFSET: r.offset,
                    names.OPERATION_NAME: "process",
                    names.OPERATION_TYPE: "process",
                    names.CONSUMER_GROUP: consumer,
                    names.EVENT_TYPE: envelope.type,
                    names.EVENT_ID: envelope.id,
                },
            )
            spans.append(span)
            own = telemetry.traceparent_of(span) or envelope.traceparent
            if envelope.traceparent is not None and own is not None:
                shared[envelope.traceparent] = own
            envelope = envelope.with_trace(own)
        records.append(Record(r.topic, r.partition, r.offset, r.key, envelope, r))
    return records, unreadable


def decode(r: Any) -> Envelope:
    """Read one Kafka record as a CloudEvent, binary or structured.

    Raises Reject for anything else: a null body, headers that are not UTF-8, a broken envelope.
    """
    headers: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for name, value in r.headers:
        try:
            if "\N{REPLACEMENT CHARACTER}" in name:
                raise UnicodeError
            headers[name] = value.decode() if value is not None else ""
        except UnicodeError:
            problems.append((name, "is not UTF-8; CloudEvents header values are"))
    if problems:
        raise Reject("HEADER_NOT_UTF8", "A header is not UTF-8", problems)
    if r.value is None:
        raise Reject("NULL_BODY", "The record has no body", [("body", "send the event's data as JSON")])
    try:
        if headers.get("content-type", "").startswith("application/cloudevents"):
            event = json.loads(r.value)
            envelope = from_structured(event)
            if envelope.traceparent is None and "traceparent" in headers:
                envelope = envelope.with_trace(headers["traceparent"])
            return envelope
        return from_headers(headers, r.value)
    except EnvelopeError as error:
        raise Reject("ENVELOPE", f"Not a CloudEvent Plumbline can read: {error}", error.problems) from None
    except (ValueError, RecursionError):
        raise Reject("NOT_JSON", "The body is not JSON", [("body", "send one CloudEvent as UTF-8 JSON")]) from None


def header(r: Any, wanted: str) -> str | None:
    """The first header of that name, as far as it is ASCII."""
    for name, value in r.headers:
        if name == wanted and value is not None:
            return bytes(value).decode("ascii", "replace")
    return None


def links(raw: Sequence[Any]) -> list[Link]:
    """Links to the recorded traces that a batch's records belong to."""
    found = []
    for r in raw[: _LINKS * 8]:
        traceparent = header(r, "traceparent")
        context = telemetry.span_context(traceparent) if telemetry.sampled(traceparent) else None
        if context is not None:
            found.append(Link(context))
            if len(found) == _LINKS:
                break
    return found
