"""``python -m plumbline.asyncapi write|check``: what each service hears and says on Kafka, as AsyncAPI 3.0.

Nothing is written by hand: the streams and their keys come from ``contracts.streams``, the payloads are the newest
committed schemas, and which types a service takes or says come from the tables by which it decides (ADR 0067).
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from contracts import receipts, schemas
from contracts.catalogue import BY_TYPE, EVENTS
from contracts.envelope import PREFIX, Envelope
from contracts.streams import INBOUND_PREFIX, STREAMS, Stream, inbound
from intake.usecases import calendar
from intake.usecases.events import TYPES as ACCEPTED
from notifier.handlers import TRANSLATIONS as TOLD
from plumbline.stack.provision import DLQ_DAYS, INBOUND_DLQ
from portal_gateway import decoding as shown
from scoring.codec import is_heard

ROOT: Final = schemas.ROOT.parents[1]
"""The checkout; each service's document stands beside its README."""

_SCHEMA: Final = "application/schema+json;version=2020-12"
_DAY_MS: Final = 24 * 3600 * 1000
_DEAD: Final = "dead-letter"
_ENVELOPE_REQUIRED: Final = ("ce_specversion", "ce_id", "ce_source", "ce_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The event types a service takes and says, without their prefix; ``submits`` are those entities may send it."""

    name: str
    hears: frozenset[str] = frozenset()
    says: frozenset[str] = frozenset()
    submits: frozenset[str] = frozenset()

    @property
    def package(self) -> str:
        """The service's import package."""
        return self.name.replace("-", "_")

    @property
    def path(self) -> Path:
        """Where its document stands, from the root of the checkout."""
        return Path("services") / self.name / "asyncapi.json"


def _owned(service: str) -> Iterator[str]:
    return (model.TYPE for stream, models in EVENTS.items() if stream.owner == service for model in models)


def _plain(types: Collection[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(PREFIX) for name in types)


SURFACES: Final = (
    Surface(
        name="intake",
        submits=_plain(ACCEPTED),
        says=_plain(ACCEPTED) | {model.TYPE for model in (*calendar.FACTS, *receipts.FACTS)},
    ),
    Surface(
        name="scoring",
        hears=frozenset(name for name in BY_TYPE if is_heard(PREFIX + name)),
        says=frozenset(_owned("scoring")),
    ),
    Surface(name="notifier", hears=_plain(TOLD), says=frozenset(_owned("notifier"))),
    Surface(name="portal-gateway", hears=_plain([*shown.PORTFOLIO, *shown.NEWS])),
)


def document(surface: Surface) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of one service."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}

    def add(stream: Stream, action: str, types: Collection[str], **more: Any) -> None:
        channel = _channel(stream, types) | more
        key = channel["address"].removeprefix("plumbline.").translate(_NAMES)
        channels[key] = channel
        operations[f"{action}-{key}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{key}"},
            "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in channel["messages"]],
        }

    if surface.submits:
        add(_INBOUND, "receive", surface.submits, **_INBOUND_CHANNEL)
        add(_dead(_INBOUND, INBOUND_DLQ), "send", (_DEAD,), **_DEAD_CHANNEL)
    for stream in STREAMS:
        types = [model.TYPE for model in EVENTS[stream]]
        if heard := [name for name in types if name in surface.hears]:
            add(stream, "receive", heard)
            add(_dead(stream, stream.dlq), "send", (_DEAD,), **_DEAD_CHANNEL)
        if said := [name for name in types if name in surface.says and stream.owner == surface.name]:
            add(stream, "send", said)
    named = sorted({name for channel in channels.values() for name in channel["messages"]})
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:plumbline:service:{surface.name}",
        "info": {
            "title": f"Plumbline {surface.name}",
            "version": version(f"plumbline-{surface.name}"),
            "description": f"{_first_line(import_module(surface.package))} Types it does not know pass by.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _SERVER},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {name: _dead_letter() if name == _DEAD else _message(name) for name in named},
            "messageTraits": {"cloudevent": {"headers": _headers()}},
            "securitySchemes": {"scram": {"type": "scramSha512"}},
        },
    }


_NAMES: Final = str.maketrans("", "", "{}")
_INBOUND: Final = inbound("entity")
_INBOUND_CHANNEL: Final = {
    "address": INBOUND_PREFIX + "{entity}",
    "parameters": {"entity": {"description": "the reference of the entity whose topic it is; only it may write there"}},
}
_DEAD_CHANNEL: Final = {"description": "Mirrors what was refused, of every reader, under the key it came with."}
_SERVER: Final = {
    "host": "{bootstrap}",
    "protocol": "kafka",
    "description": "SASL_PLAINTEXT, or SASL_SSL with PLUMBLINE_KAFKA_TLS.",
    "variables": {"bootstrap": {"description": "PLUMBLINE_KAFKA_BOOTSTRAP: host:port, several separated by commas"}},
    "security": [{"$ref": "#/components/securitySchemes/scram"}],
}


def _channel(stream: Stream, types: Collection[str]) -> dict[str, Any]:
    kept = -1 if stream.retention_days is None else stream.retention_days * _DAY_MS
    binding: dict[str, Any] = {
        "partitions": stream.partitions,
        "topicConfiguration": {
            "cleanup.policy": ["compact" if stream.compacted else "delete"],
            "retention.ms": kept,
        },
        "bindingVersion": "0.5.0",
    }
    return {
        "address": stream.topic,
        "description": f"Keyed by {stream.key}: what has one key stays in order. Written by {stream.owner}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sorted(types)},
        "bindings": {"kafka": binding},
    }


def _dead(stream: Stream, topic: str) -> Stream:
    """The topic that mirrors what was refused of a stream."""
    return replace(stream, topic=topic, partitions=1, retention_days=DLQ_DAYS, compacted=False)


def _message(name: str) -> dict[str, Any]:
    stream, history = next((h.stream, h) for h in schemas.histories() if name == h.model.TYPE)
    newest = f"../../shared/contracts/schemas/{stream.topic}/{name}/{len(history.versions)}.json"
    return {
        "name": PREFIX + name,
        "title": _first_line(history.model),
        "contentType": "application/json",
        "headers": {"type": "object", "properties": {"ce_type": {"const": PREFIX + name}}},
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"schemaFormat": _SCHEMA, "schema": {"$ref": newest}},
        "bindings": {"kafka": {"key": {"type": "string", "description": stream.key}, "bindingVersion": "0.5.0"}},
    }


def _dead_letter() -> dict[str, Any]:
    return {
        "title": "A record that was refused, as it was received.",
        "description": "Headers dlq_topic, dlq_partition, dlq_offset, dlq_code, dlq_message, dlq_consumer and"
        " dlq_version are added; a body of more than 2 MiB is left out, and dlq_truncated holds its size.",
        "headers": {"type": "object", "required": ["dlq_topic", "dlq_code", "dlq_message", "dlq_consumer"]},
    }


def _headers() -> dict[str, Any]:
    """The Kafka headers of an event: CloudEvents 1.0 in binary mode."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    text = {name: "x" for name in Envelope.__struct_fields__ if name not in {"data", "extra"}}
    full = Envelope(**text | {"time": now, "recordedtime": now})  # type: ignore[arg-type]
    instant = {"type": "string", "format": "date-time"}
    return {
        "type": "object",
        "required": list(_ENVELOPE_REQUIRED),
        "properties": {
            name: instant if name in {"ce_time", "ce_recordedtime"} else {"type": "string"}
            for name, _ in full.to_headers()
        },
    }


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def text_of(surface: Surface) -> str:
    """The document as its file holds it."""
    return json.dumps(document(surface), indent=2, ensure_ascii=False) + "\n"


def stale(root: Path = ROOT) -> list[Path]:
    """The documents that are not what the code says now."""
    found = []
    for surface in SURFACES:
        path = root / surface.path
        if not path.is_file() or path.read_text(encoding="utf-8") != text_of(surface):
            found.append(surface.path)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 done, 1 something is stale, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m plumbline.asyncapi", description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    command = parser.parse_args(arguments).command
    found = stale()
    if command == "write":
        for surface in SURFACES:
            if surface.path in found:
                (ROOT / surface.path).write_text(text_of(surface), encoding="utf-8")
                print(f"wrote {surface.path}")
        return 0
    for path in found:
        print(f"{path} is not what the code says now; run python -m plumbline.asyncapi write")
    if not found:
        print("every service's asyncapi.json is fresh")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
