"""The CloudEvents envelope: the same event in every mode, and every problem said at once."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.envelope import (
    EXTENSIONS,
    Envelope,
    EnvelopeError,
    from_headers,
    from_structured,
    parse_rfc3339,
    rfc3339,
)

printable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=100)
instants = st.datetimes(
    min_value=datetime(1900, 1, 2), max_value=datetime(2200, 12, 30), timezones=st.just(UTC)
)  # fmt: skip
json_values = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3),
    max_leaves=8,
)
payloads = st.just(b"") | json_values.map(lambda value: json.dumps(value, ensure_ascii=False).encode())
TEXTS = [name for name in ("subject", "dataschema", *EXTENSIONS) if name not in {"recordedtime", "traceparent"}]
traces = st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True)
envelopes = st.builds(
    Envelope,
    id=printable,
    source=printable,
    type=printable,
    data=payloads,
    time=st.none() | instants,
    recordedtime=st.none() | instants,
    traceparent=traces,  # without one, tracestate says nothing
    extra=st.dictionaries(
        st.from_regex(r"x[a-z0-9]{0,20}", fullmatch=True), printable, max_size=3
    ),
    **{name: st.none() | printable for name in TEXTS},
)  # fmt: skip


def an_event(**changes: Any) -> dict[str, Any]:
    """A structured CloudEvent that is right in everything but what the test changes."""
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/entity/XM-DEMO-1",
        "type": "org.plumbline.clock.day.closed.v1",
        "data": {"date": "2026-06-30"},
        **changes,
    }


def problems_of(event: object) -> dict[str, str]:
    """What is wrong with a structured event, by attribute."""
    with pytest.raises(EnvelopeError) as caught:
        from_structured(event)
    return dict(caught.value.problems)


@given(envelopes)
def test_binary_mode_brings_the_same_event_back(envelope: Envelope) -> None:
    headers = {name: value.decode() for name, value in envelope.to_headers()}
    assert from_headers(headers, envelope.data) == envelope


@given(envelopes)
def test_http_binary_mode_brings_the_same_event_back(envelope: Envelope) -> None:
    """Over HTTP the prefix is ``ce-``, names have any case and values are percent-encoded."""
    headers = {
        name.replace("ce_", "CE-"): quote(value.decode()) if name.startswith("ce_") else value.decode()
        for name, value in envelope.to_headers()
    }
    assert from_headers(headers, envelope.data) == envelope


@given(envelopes)
def test_structured_mode_brings_the_same_event_back(envelope: Envelope) -> None:
    wire = json.loads(json.dumps(envelope.to_structured()))
    again = from_structured(wire)
    assert replace(again, data=b"") == replace(envelope, data=b"")
    if envelope.data:
        assert json.loads(again.data or b"null") == json.loads(envelope.data)


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=40) | st.none() | st.integers() | st.floats()))
def test_whatever_is_sent_is_an_envelope_or_named_problems(event: dict[str, Any]) -> None:
    """Never another exception: the caller turns problems into a receipt, anything else stops a partition."""
    with contextlib.suppress(EnvelopeError):
        from_structured(event).to_headers()


@given(st.dictionaries(st.text(max_size=40), st.text(max_size=40)), st.binary(max_size=40))
def test_whatever_headers_are_sent_are_an_envelope_or_named_problems(headers: dict[str, str], data: bytes) -> None:
    with contextlib.suppress(EnvelopeError):
        from_headers(headers, data).to_headers()


def test_every_problem_is_said_at_once() -> None:
    event = an_event(specversion="0.3", id="", time="yesterday", datacontenttype="text/xml", subject="a\x00b", n=1)
    assert set(problems_of(event)) == {"specversion", "id", "time", "datacontenttype", "subject", "n"}


@pytest.mark.parametrize(
    ("changes", "attribute", "remedy"),
    [
        ({"time": "2026-06-30T00:00:00"}, "time", "RFC 3339"),
        ({"time": "1789-07-14T00:00:00Z"}, "time", "RFC 3339"),
        ({"data_base64": "AAAA"}, "data_base64", "send JSON under data"),
        ({"Subject": "x"}, "Subject", "lower-case"),
        ({"abc\n": "x"}, "abc\n", "lower-case"),
        ({"subject": "x" * 1025}, "subject", "1024"),
        ({"subject": "\ud800"}, "subject", "control characters"),
        ({"data": {"name": "\udc00"}}, "data", "UTF-8"),
        ({"data": {"value": float("nan")}}, "data", "NaN"),
    ],
)
def test_a_problem_names_its_attribute_and_the_remedy(changes: dict[str, Any], attribute: str, remedy: str) -> None:
    found = problems_of(an_event(**changes))
    assert list(found) == [attribute]
    assert remedy in found[attribute]


@pytest.mark.parametrize("event", [None, [], "event", 1])
def test_what_is_no_object_is_no_event(event: object) -> None:
    assert list(problems_of(event)) == ["event"]


def test_a_header_called_data_cannot_replace_the_payload() -> None:
    with pytest.raises(EnvelopeError, match="data"):
        from_headers({"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/a", "ce_type": "t", "ce_data": "x"}, b"1")


def test_an_event_without_data_has_an_empty_payload() -> None:
    event = an_event()
    del event["data"]
    assert from_structured(event).data == b""
    assert from_structured(an_event(data=None)).data == b""
    assert from_structured(an_event(data=False)).data == b"false"


def test_unknown_extensions_are_kept_and_written_again() -> None:
    envelope = from_structured(an_event(comexampleother="kept"))
    assert envelope.extra == {"comexampleother": "kept"}
    assert ("ce_comexampleother", b"kept") in envelope.to_headers()


def test_the_trace_stands_without_prefix_as_other_tools_expect() -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    envelope = from_structured(an_event()).with_trace(traceparent)
    assert ("traceparent", traceparent.encode()) in envelope.to_headers()


@pytest.mark.parametrize("broken", ["x", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz", "00-AF-01-01"])
def test_a_trace_that_cannot_be_read_is_left_out_and_no_fault(broken: str) -> None:
    envelope = from_structured(an_event(traceparent=broken, tracestate="a=b"))
    assert (envelope.traceparent, envelope.tracestate) == (None, None)


def test_an_attribute_has_a_thousand_bytes_at_most() -> None:
    assert from_structured(an_event(subject="é" * 512)).subject == "é" * 512
    assert "bytes" in problems_of(an_event(subject="é" * 513))["subject"]


def test_instants_are_utc_with_microseconds() -> None:
    west = datetime(2026, 6, 30, 20, 0, tzinfo=timezone(timedelta(hours=-4)))
    assert rfc3339(west) == "2026-07-01T00:00:00.000000Z"
    assert parse_rfc3339("2026-06-30T20:00:00-04:00") == parse_rfc3339("2026-07-01T00:00:00Z")
