"""HTTP out: what became of a submission, down to the line, and how much of an entity's reporting can be used."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from intake.api.sender import Caller
from intake.domain.readability import together_of
from intake.store import entities, findings, projects, sources, submissions
from intake.usecases import receipts
from runtime import audit
from runtime.access import Principal
from runtime.http import Json, Problem, cursor, read_cursor

router = APIRouter()


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


def _reader(caller: Principal) -> Principal:
    """Who reads receipts: a Member State reads those of what it sent itself."""
    own = entities.office(caller.role, caller.country) if caller.role == "member-state" else None
    return replace(caller, organisation=own.ref) if own is not None else caller


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
