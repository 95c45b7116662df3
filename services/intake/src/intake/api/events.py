"""HTTP in: CloudEvents, one or many, packed or plain."""

from __future__ import annotations

import zlib
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from contracts.envelope import Envelope, EnvelopeError, from_headers, from_structured
from intake.api.sender import Caller, current_trace, sender_of, settings_of
from intake.settings import Settings
from intake.store import findings, submissions
from intake.usecases import events
from intake.usecases.item import Item
from runtime.access import SYSTEM
from runtime.db import event_key
from runtime.http import Problem

router = APIRouter()
_EVENT: Final = {
    "type": "object",
    "description": "a CloudEvent 1.0; docs/events.md lists every type with its data",
    "required": ["specversion", "id", "source", "type"],
    "properties": {name: {"type": "string"} for name in ("specversion", "id", "source", "type")},
}
_EVENTS: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/cloudevents+json": {"schema": _EVENT},
        "application/cloudevents-batch+json": {"schema": {"type": "array", "minItems": 1, "items": _EVENT}},
        "application/json": {"schema": {"anyOf": [_EVENT, {"type": "array", "minItems": 1, "items": _EVENT}]}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "one CloudEvent a line"}},
    },
}
_PART = 1024 * 1024
_MEMBERS = 10_000  # of one gzip body: a million empty ones cost time and bring nothing


@router.post("/events", tags=["submissions"], status_code=202, openapi_extra={"requestBody": _EVENTS})
async def post_events(request: Request, caller: Caller, entity: str | None = None) -> Response:
    """Submit CloudEvents: structured, binary, batch (application/cloudevents-batch+json) or one a line (NDJSON).

    202 with a receipt an event; 422 where every event is refused. An event already received is answered as such.
    """
    settings = settings_of(request)
    body = await _body(request, settings.max_events * 4096)
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    envelopes = _envelopes(request, kind, body, settings)
    async with request.app.state.database.transaction(SYSTEM) as tx:
        sender, everyone = await sender_of(tx, caller, entity)
        answers: list[dict[str, Any]] = []
        fresh: list[Envelope] = []
        for n, envelope in enumerate(envelopes):
            if isinstance(envelope, EnvelopeError):
                item = events.unreadable(tx, sender, "http", "ENVELOPE", str(envelope), envelope.problems)
                await submissions.add(tx.conn, [item.submission])
                await findings.add(tx.conn, item.submission.id, 1, item.faults)
                answers.append(_answer(item, n))
            elif await tx.first_time(events.INBOX, event_key(envelope.source, envelope.id, sender.ref)):
                fresh.append(envelope)
            else:
                answers.append({"n": n, "event_id": envelope.id, "outcome": "duplicate"})
        items = await events.receive(tx, sender, everyone, fresh, "http", settings.max_event_bytes)
        refused_now = [i.envelope for i in items if i.refused]
        if refused_now:
            await tx.forget(events.INBOX, [event_key(e.source, e.id, sender.ref) for e in refused_now])
        places = {id(e): n for n, e in enumerate(envelopes)}
        answers += [_answer(item, places[id(envelope)]) for envelope, item in zip(fresh, items, strict=True)]
    answers.sort(key=lambda a: a["n"])
    refused = [a for a in answers if a["outcome"] == "quarantined"]
    if answers and len(refused) == len(answers):
        raise Problem(
            422, "refused", "No event was accepted", "Each finding names its place and remedy.",
            errors=[f for a in refused for f in a["findings"]], receipts=answers,
        )  # fmt: skip
    return Response(orjson.dumps({"receipts": answers}), status_code=202, media_type="application/json")


def _answer(item: Item, n: int) -> dict[str, Any]:
    trace = item.envelope.traceparent
    return {
        "n": n,
        "event_id": item.submission.event_id,
        "submission_id": item.submission.id,
        "outcome": item.submission.outcome,
        "project_id": item.submission.project_id,
        "trace_id": trace.split("-")[1] if trace else None,
        "findings": item.faults,
    }


def _envelopes(request: Request, kind: str, body: bytes, settings: Settings) -> list[Envelope | EnvelopeError]:
    carried = request.headers.get("traceparent")
    if any(name.lower() == "ce-specversion" for name in request.headers):
        return [_one(lambda: from_headers(dict(request.headers), body), carried)]
    try:
        if kind in {"application/x-ndjson", "application/jsonl", "application/ndjson"}:
            found = [orjson.loads(line) for line in body.splitlines() if line.strip()]
        else:
            parsed = orjson.loads(body)
            found = parsed if isinstance(parsed, list) else [parsed]
    except orjson.JSONDecodeError as error:
        raise Problem(400, "not-json", "The body is not JSON", str(error)) from None
    if not found:
        raise Problem(400, "empty", "There is no event in the body", "Send at least one CloudEvent.")
    if len(found) > settings.max_events:
        raise Problem(413, "too-many", f"{len(found)} events at once", f"Send {settings.max_events} at most.")
    return [_one(lambda event=event: from_structured(event), carried) for event in found]


def _one(read: Any, carried: str | None) -> Envelope | EnvelopeError:
    try:
        envelope: Envelope = read()
    except EnvelopeError as error:
        return error
    own = current_trace()
    if envelope.traceparent and not carried:
        return envelope  # the event brings its own trace; the request had none
    return envelope.with_trace(own or envelope.traceparent)


async def _body(request: Request, limit: int) -> bytes:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) > limit:
            raise Problem(413, "too-large", f"The request is larger than {limit} bytes", "Send fewer events at once.")
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing == "identity":
        return bytes(held)
    if packing != "gzip":
        raise Problem(415, "encoding", f"Content-Encoding {packing[:40]!r} is not read", "Send it plain or with gzip.")
    return _unpack(held, limit)


def _unpack(packed: bytearray, limit: int) -> bytes:
    """Unpack gzip, of one member or several, up to a limit: what a body costs is what it unpacks to."""
    plain, members, inflater = bytearray(), 0, None
    for start in range(0, len(packed), _PART):
        piece = bytes(packed[start : start + _PART])
        while piece:
            inflater = inflater or zlib.decompressobj(31)
            try:
                plain += inflater.decompress(piece, limit + 1 - len(plain))
            except zlib.error:
                raise Problem(400, "not-gzip", "The body is not gzip, though its header says so") from None
            if len(plain) > limit or members > _MEMBERS:
                raise Problem(413, "too-large", f"The request unpacks to more than {limit} bytes")
            piece = inflater.unused_data
            if inflater.eof:
                members, inflater = members + 1, None
    if inflater is not None:
        raise Problem(400, "not-gzip", "The gzip body ends before its end")
    return bytes(plain)
