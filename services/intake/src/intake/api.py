"""HTTP in: events and files from entities, receipts back to them, and what the secretariat registers."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import replace
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request
from opentelemetry import trace
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from contracts import streams
from contracts.envelope import Envelope, EnvelopeError, from_headers, from_structured
from intake.domain.readability import together_of
from intake.settings import Settings
from intake.store import entities, findings, projects, sources, submissions, uploads
from intake.store.entities import Entity
from intake.store.submissions import Submission
from intake.usecases import events, receipts, tables
from intake.usecases.item import Item
from runtime import audit, telemetry
from runtime.access import SYSTEM, Principal
from runtime.auth import principal
from runtime.db import Tx, event_key, new_id
from runtime.http import Json, Problem, cursor, read_cursor

router = APIRouter(prefix="/v1")
Caller = Annotated[Principal, Depends(principal)]
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
_FILE: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/xml": {"schema": {"type": "string", "format": "binary", "description": "IATI, plain or gzip"}},
        "text/csv": {"schema": {"type": "string", "description": "a table; plumbline template lists them"}},
    },
}
_PART = 1024 * 1024
_MEMBERS = 10_000  # of one gzip body: a million empty ones cost time and bring nothing


def _reader(caller: Principal) -> Principal:
    """Who reads receipts: a Member State reads those of what it sent itself."""
    own = entities.office(caller.role, caller.country) if caller.role == "member-state" else None
    return replace(caller, organisation=own.ref) if own is not None else caller


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


async def _sender(tx: Tx, caller: Principal, claimed: str | None) -> tuple[Entity, dict[str, Entity]]:
    """Who sends: the token's organisation, or its office; the secretariat may send on behalf of an entity."""
    everyone = await entities.every(tx.conn)
    own = None if claimed else entities.office(caller.role, caller.country)
    if own is not None:
        return own, everyone
    if caller.role == "secretariat" and claimed:
        ref = claimed
    elif caller.role == "entity" and caller.organisation:
        ref = caller.organisation
        if claimed and claimed != ref:
            raise Problem(403, "not-yours", f"You send for {ref}, not for {claimed}")
    else:
        raise Problem(
            403,
            "not-an-entity",
            "Only entities and offices submit",
            "Sign in as an entity, the secretariat (with ?entity=REF for one), operations or a Member State.",
        )
    if ref not in everyone:
        raise Problem(404, "entity-unknown", f"{ref} is not registered", f"Register it: plumbline entity add {ref}")
    return everyone[ref], everyone


@router.post("/events", tags=["submissions"], status_code=202, openapi_extra={"requestBody": _EVENTS})
async def post_events(request: Request, caller: Caller, entity: str | None = None) -> Response:
    """Submit CloudEvents: structured, binary, batch (application/cloudevents-batch+json) or one a line (NDJSON).

    202 with a receipt an event; 422 where every event is refused. An event already received is answered as such.
    """
    settings = _settings(request)
    body = await _body(request, settings.max_events * 4096)
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    envelopes = _envelopes(request, kind, body, settings)
    async with request.app.state.database.transaction(SYSTEM) as tx:
        sender, everyone = await _sender(tx, caller, entity)
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
    own = _current_trace()
    if envelope.traceparent and not carried:
        return envelope  # the event brings its own trace; the request had none
    return envelope.with_trace(own or envelope.traceparent)


@router.post("/files", tags=["submissions"], status_code=202, openapi_extra={"requestBody": _FILE})
async def post_file(
    request: Request, caller: Caller, name: str | None = None, entity: str | None = None, dry_run: bool = False
) -> Response:
    """Submit a file as the request's body; 202 with the address of its receipt.

    An IATI activity file, plain or gzip, or a table as text/csv: ``plumbline template`` lists the tables.
    """
    settings = _settings(request)
    table = request.headers.get("content-type", "").split(";")[0].strip().lower() == "text/csv"
    if name is None:
        name = "upload.csv" if table else "upload.xml"
    if table and not name.lower().endswith(tables.SUFFIX):
        name += tables.SUFFIX
    database = request.app.state.database
    if not re.fullmatch(r"[^\x00-\x1f/\\]{1,200}", name):
        raise Problem(400, "bad-name", "The file's name is not usable", "Use 1 to 200 characters without slashes.")
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > settings.max_upload_bytes:
        raise _too_large(settings)
    async with database.transaction(SYSTEM) as tx:
        sender, _ = await _sender(tx, caller, entity)
        if sender.role != "entity" and not name.lower().endswith(tables.SUFFIX):
            raise Problem(403, "not-an-entity", "Only entities submit activities", "Sign in as one.")
        submission = Submission(
            new_id(), sender.ref, "file", tx.clock(), state="receiving", file=name, dry_run=dry_run,
            traceparent=_current_trace(),
        )  # fmt: skip
        await submissions.add(tx.conn, [submission])
    digest, size, part, held = hashlib.sha256(), 0, 0, bytearray()
    try:
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
            if size > settings.max_upload_bytes:
                raise _too_large(settings)
            held += piece
            if len(held) >= _PART:
                async with database.transaction(SYSTEM) as tx:
                    await uploads.add(tx.conn, submission.id, part, bytes(held))
                part, held = part + 1, bytearray()
    except (Problem, ClientDisconnect):
        async with database.transaction(SYSTEM) as tx:
            await submissions.forget(tx.conn, submission.id)
        raise
    async with database.transaction(SYSTEM) as tx:
        await uploads.add(tx.conn, submission.id, part, bytes(held))
        submission.sha256, submission.bytes, submission.state = digest.hexdigest(), size, "waiting"
        await submissions.update(tx.conn, submission)
    request.app.state.wake_files.set()
    location = f"/v1/submissions/{submission.id}"
    body = {"submission_id": submission.id, "sha256": submission.sha256, "bytes": size, "receipt": location}
    return Response(orjson.dumps(body), 202, {"Location": location}, "application/json")


def _current_trace() -> str | None:
    return telemetry.traceparent_of(trace.get_current_span())


def _too_large(settings: Settings) -> Problem:
    limit = settings.max_upload_bytes // (1024 * 1024)
    return Problem(
        413, "too-large", f"The file is larger than {limit} MiB", "Split it, or send it compressed with gzip."
    )


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


@router.get("/submissions", tags=["receipts"])
async def list_submissions(
    request: Request,
    caller: Caller,
    entity: str | None = None,
    event_id: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> Response:
    """Receipts the caller may read, newest first."""
    before = read_cursor(after, 1)[0] if after else None
    async with request.app.state.database.transaction(_reader(caller)) as tx:
        rows = await submissions.page(tx.conn, entity, event_id, before, limit)
    for row in rows:
        audit.seen(f"receipt:{row['id']}", "support")
    following = cursor(rows[-1]["id"]) if len(rows) == limit else None
    return Json({"items": [_receipt(r) for r in rows], "next": following}, request)


@router.get("/submissions/{submission_id}", tags=["receipts"])
async def show_submission(submission_id: str, request: Request, caller: Caller) -> Response:
    """One receipt: state, counts, findings by rule, the gravest of them, readability."""
    async with request.app.state.database.transaction(_reader(caller)) as tx:
        row = await submissions.one(tx.conn, submission_id)
        if row is None:
            raise Problem(404, "not-found", "There is no such receipt, or it is not yours to read")
        audit.seen(f"receipt:{submission_id}", "support")
        rules = await findings.by_rule(tx.conn, submission_id)
        first = await findings.shown(tx.conn, submission_id, receipts.SHOWN)
    return Json(_receipt(row) | {"rules": rules, "findings": [_finding(f) for f in first]}, request)


@router.get("/submissions/{submission_id}/findings", tags=["receipts"])
async def list_findings(
    submission_id: str,
    request: Request,
    caller: Caller,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    after: int = 0,
    severity: str | None = None,
) -> Response:
    """Every finding of a submission, in the file's order."""
    async with request.app.state.database.transaction(_reader(caller)) as tx:
        rows = await findings.page(tx.conn, submission_id, after, limit, severity)
    if rows:
        audit.seen(f"receipt:{submission_id}", "support")
    following = rows[-1]["n"] if len(rows) == limit else None
    return Json({"items": [_finding(r) for r in rows], "next": following}, request)


@router.get("/submissions/{submission_id}/source", tags=["receipts"])
async def show_source(
    submission_id: str,
    request: Request,
    caller: Caller,
    project_id: str,
    line: Annotated[int, Query(ge=1)],
    around: Annotated[int, Query(ge=0, le=50)] = 2,
) -> Response:
    """Lines of an activity as it was received, around the line a fact was read from."""
    async with request.app.state.database.transaction(caller) as tx:
        row = await sources.one(tx.conn, submission_id, project_id)
    if row is None:
        raise Problem(404, "not-found", "There is no such source, or it is not yours to read")
    lines = zlib.decompress(row["xml"]).decode("utf-8", "replace").split("\n")
    at = line - row["first_line"]
    if not 0 <= at < len(lines):
        raise Problem(
            404, "no-such-line", f"The activity has lines {row['first_line']} to {row['first_line'] + len(lines) - 1}"
        )
    begin = max(0, at - around)
    shown = [
        {"line": row["first_line"] + begin + n, "text": text[:2000], "mark": begin + n == at}
        for n, text in enumerate(lines[begin : at + around + 1])
    ]
    return Json({"submission_id": submission_id, "project_id": project_id, "lines": shown}, request)


@router.get("/quality", tags=["receipts"])
async def quality(request: Request, caller: Caller, entity: str | None = None) -> Response:
    """How many indicators can be scored, and for the rest why not and the shortest remedy, project by project.

    ``together`` counts indicators by all the reasons that hold for each: what one remedy alone makes usable.
    """
    ref = entity or caller.organisation
    if not ref:
        raise Problem(400, "no-entity", "Say whose", "Add ?entity=REF.")
    async with request.app.state.database.transaction(caller) as tx:
        rows = await projects.readability(tx.conn, ref)
    readable = [{"project_id": r["project_id"], **orjson.loads(r["readability"])} for r in rows]
    total: dict[str, Any] = {"indicators": 0, "scorable": 0, "reasons": {}, "remedies": {}, "together": {}}
    for project in readable:
        total["indicators"] += project.get("indicators", 0)
        total["scorable"] += project.get("scorable", 0)
        for reason, count in project.get("reasons", {}).items():
            total["reasons"][reason] = total["reasons"].get(reason, 0) + count
        total["remedies"] |= project.get("remedies", {})
        for reasons, count in together_of(project).items():
            total["together"][reasons] = total["together"].get(reasons, 0) + count
    total["reasons"] = dict(sorted(total["reasons"].items(), key=lambda item: -item[1]))
    return Json({"entity": ref, **total, "projects": [p for p in readable if p.get("indicators")]}, request)


@router.get("/quality/entities", tags=["receipts"])
async def quality_by_entity(request: Request, caller: Caller) -> Response:
    """How many of its indicators can be scored, by entity, of what the caller may read."""
    async with request.app.state.database.transaction(caller) as tx:
        rows = await projects.readability_by_entity(tx.conn)
    return Json({"items": [dict(row) for row in rows]}, request)


class NewEntity(BaseModel):
    """An entity to register: its organisation reference, name, and other references its files use."""

    ref: str = Field(max_length=100)
    name: str = Field(min_length=1, max_length=300)
    also: list[str] = Field(default_factory=list, max_length=50)


@router.post("/entities", tags=["entities"], status_code=201)
async def register(new: NewEntity, request: Request, caller: Caller) -> Response:
    """Register an entity, or rename it; the secretariat does."""
    if caller.role != "secretariat":
        raise Problem(403, "not-secretariat", "Only the secretariat registers entities")
    try:
        streams.inbound(new.ref)
    except ValueError as error:
        raise Problem(422, "bad-reference", "The reference cannot be used", str(error)) from None
    async with request.app.state.database.transaction(SYSTEM) as tx:
        await entities.save(tx.conn, new.ref, new.name, new.also)
    return Response(new.model_dump_json(), 201, media_type="application/json")


@router.get("/entities", tags=["entities"])
async def list_entities(request: Request, caller: Caller) -> Response:
    """Every registered entity."""
    async with request.app.state.database.transaction(caller) as tx:
        found = await entities.every(tx.conn)
    return Json(
        {"items": [{"ref": e.ref, "name": e.name, "also": sorted(e.names - {e.ref})} for e in found.values()]}, request
    )


def _receipt(row: Any) -> dict[str, Any]:
    shown = {k: v for k, v in dict(row).items() if k not in {"readable", "readability", "traceparent"}}
    trace = row["traceparent"]
    return shown | {
        "submission_id": row["id"],
        "readability": orjson.loads(row["readable"]),
        "trace_id": trace.split("-")[1] if trace else None,
    }


def _finding(row: Any) -> dict[str, Any]:
    return {k: v for k, v in dict(row).items() if v is not None}
