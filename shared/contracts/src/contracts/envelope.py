"""The CloudEvents 1.0 envelope, as Plumbline uses it (methodology §3).

Binary mode on Kafka (headers ``ce_*``), structured, binary and batch over HTTP. The payload stays bytes
until the code that owns its type decodes it: a relay, a dead letter or a replay never re-encodes a fact.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

import msgspec

PREFIX: Final = "org.plumbline."
"""Reverse-DNS prefix of every event type."""

EXTENSIONS: Final = (
    "recordedtime",
    "sequence",
    "partitionkey",
    "correlationid",
    "causationid",
    "dataclassification",
    "traceparent",
    "tracestate",
)
"""The CloudEvents extension attributes Plumbline reads and writes; others are kept in ``extra``."""

_CORE: Final = ("id", "source", "type", "subject", "time", "datacontenttype", "dataschema")
_KNOWN: Final = frozenset({*_CORE, *EXTENSIONS})
_HEADERS: Final = tuple(
    (name, name if name.startswith("trace") else f"ce_{name}")
    for name in (*_CORE, *EXTENSIONS)
    if name != "datacontenttype"
)
_ATTRIBUTES: Final = {header: name for name, header in _HEADERS} | {
    "ce_specversion": "specversion",
    "content-type": "datacontenttype",
}
_ATTRIBUTE_NAME: Final = re.compile(r"[a-z0-9]{1,30}")
_MAX_ATTRIBUTE: Final = 1024  # bytes of UTF-8, so that every store can index an attribute
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""What the CloudEvents type String leaves out; a lone surrogate could not be written as UTF-8 again."""
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_JSON: Final = "application/json"


class EnvelopeError(ValueError):
    """The record is no CloudEvent that Plumbline can read.

    ``problems`` lists every fault at once as ``(attribute, what is wrong and how to mend it)``.
    """

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {text}" for name, text in problems))


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One CloudEvent; ``data`` is the payload as received, empty for an event without data.

    ``time`` is when it happened, ``recordedtime`` when intake accepted it, both UTC; ``sequence`` is
    zero-padded per partition key and compares as text. A struct, because every event makes three of them
    and a frozen dataclass takes seven times as long.
    """

    id: str
    source: str
    type: str
    data: bytes = b""
    subject: str | None = None
    time: datetime | None = None
    datacontenttype: str = _JSON
    dataschema: str | None = None
    recordedtime: datetime | None = None
    sequence: str | None = None
    partitionkey: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    dataclassification: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    extra: dict[str, str] = msgspec.field(default_factory=dict)

    def with_trace(self, traceparent: str | None) -> Envelope:
        """The same event, carrying another W3C trace context."""
        return msgspec.structs.replace(self, traceparent=traceparent)

    def to_headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers of the binary mode; ``traceparent`` and ``tracestate`` stand without prefix."""
        headers = [("ce_specversion", b"1.0"), ("content-type", self.datacontenttype.encode())]
        for name, header in _HEADERS:
            value = getattr(self, name)
            if value is not None:
                headers.append((header, (value if isinstance(value, str) else rfc3339(value)).encode()))
        for name, text in self.extra.items():
            headers.append((f"ce_{name}", text.encode()))
        return headers

    def to_structured(self) -> dict[str, Any]:
        """The JSON object of the structured mode; JSON payloads are inlined under ``data``."""
        event: dict[str, Any] = {"specversion": "1.0"}
        for name in (*_CORE, *EXTENSIONS):
            value = getattr(self, name)
            if value is not None:
                event[name] = rfc3339(value) if isinstance(value, datetime) else value
        event.update(self.extra)
        if self.data:
            event["data"] = json.loads(self.data)
        return event


@lru_cache(maxsize=256)  # one instant is written for every event of a batch
def rfc3339(instant: datetime) -> str:
    """An instant in UTC with microseconds, as every Plumbline message writes it."""
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:-6] + "Z"


def from_headers(headers: dict[str, str], data: bytes) -> Envelope:
    """Read a CloudEvent in binary mode from Kafka or HTTP headers (already decoded as UTF-8).

    Accepts the prefixes ``ce_`` (Kafka) and ``ce-`` (HTTP, where the binding percent-encodes values).
    Raises EnvelopeError with every problem.
    """
    attributes: dict[str, str] = {}
    for name, value in headers.items():
        if name in _ATTRIBUTES:  # as Kafka's producers write it
            attributes[_ATTRIBUTES[name]] = value
            continue
        lowered = name.lower()
        if lowered.startswith("ce_"):
            attributes[lowered[3:]] = value
        elif lowered.startswith("ce-"):
            attributes[lowered[3:]] = unquote(value)
        elif lowered in {"traceparent", "tracestate"}:
            attributes[lowered] = value
        elif lowered == "content-type":
            attributes["datacontenttype"] = value
    return _build(attributes, data)


def from_structured(event: object) -> Envelope:
    """Read a CloudEvent in structured mode from its decoded JSON. Raises EnvelopeError with every problem."""
    if not isinstance(event, dict):
        raise EnvelopeError([("event", "is not a JSON object; send one CloudEvent, an array or lines")])
    problems: list[tuple[str, str]] = []
    attributes: dict[str, str] = {}
    for name, value in event.items():
        if name in {"data", "data_base64"}:
            continue
        if not isinstance(value, str):
            problems.append((str(name), "must be a string, as CloudEvents 1.0 says"))
        else:
            attributes[str(name)] = value
    if "data_base64" in event:
        problems.append(("data_base64", "is not read; send JSON under data"))
    data = b""
    if event.get("data") is not None:
        try:
            data = json.dumps(event["data"], ensure_ascii=False, allow_nan=False).encode()
        except ValueError:  # half a surrogate pair, NaN or Infinity: not JSON for the next reader
            problems.append(("data", "is not JSON in UTF-8: it holds half a character, NaN or Infinity"))
    return _build(attributes, data, problems)


def _build(attributes: dict[str, str], data: bytes, problems: list[tuple[str, str]] | None = None) -> Envelope:
    problems = problems or []
    version = attributes.pop("specversion", None)
    if version is None:
        problems.append(("specversion", 'is missing; Plumbline reads CloudEvents "1.0"'))
    elif version != "1.0":
        problems.append(("specversion", f'is {version[:20]!r}; Plumbline reads CloudEvents "1.0"'))
    known: dict[str, Any] = {}
    extra: dict[str, str] = {}
    for name, value in attributes.items():
        if name not in _KNOWN and (not _ATTRIBUTE_NAME.fullmatch(name) or name == "data"):
            problems.append((name[:40], "attribute names are lower-case letters and digits, 30 at most, not data"))
        elif (not value.isprintable() and _UNPRINTABLE.search(value)) or len(value.encode()) > _MAX_ATTRIBUTE:
            problems.append((name, f"is longer than {_MAX_ATTRIBUTE} bytes or holds control characters"))
        elif name in _KNOWN:
            known[name] = value
        else:
            extra[name] = value
    for name in ("id", "source", "type"):
        if not known.get(name):
            problems.append((name, "is missing or empty; CloudEvents 1.0 requires it"))
    for name in ("time", "recordedtime"):
        if name in known:
            try:
                known[name] = parse_rfc3339(known[name])
            except ValueError:
                problems.append((name, "is not an RFC 3339 timestamp such as 2026-06-30T00:00:00Z"))
    if "traceparent" in known and not _TRACEPARENT.fullmatch(known["traceparent"]):
        # W3C Trace Context: who cannot read it begins a trace of its own. It is no fault of the event.
        del known["traceparent"]
        known.pop("tracestate", None)
    content = known.get("datacontenttype", _JSON)
    media_type = content.split(";")[0].strip().lower()
    if media_type != _JSON and not media_type.endswith("+json"):
        problems.append(("datacontenttype", f"is {content[:60]!r}; Plumbline reads application/json"))
    if problems:
        raise EnvelopeError(problems)
    return Envelope(data=data, extra=extra, **known)


def parse_rfc3339(text: str) -> datetime:
    """Parse a timestamp with an offset; raises ValueError without one or outside the years 1900 to 2200."""
    instant = datetime.fromisoformat(text.replace("Z", "+00:00") if text.endswith("Z") else text)
    if instant.tzinfo is None or not 1900 <= instant.year <= 2200:
        raise ValueError(text)
    return instant.astimezone(UTC)
