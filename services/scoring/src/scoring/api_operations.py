"""HTTP in: snapshots for everybody to read and the secretariat to make, and the rebuild for operators."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from runtime.access import SYSTEM, Principal
from runtime.http import Json, Problem
from runtime.signing import Signer
from scoring.api import Caller, Scope, Transaction
from scoring.codec import micros
from scoring.store import snapshots as kept
from scoring.usecases import changing, mending, snapshots
from scoring.usecases.jobs import Job, Jobs, Refusal
from scoring.usecases.method import shown
from scoring.when import instant_of

router = APIRouter(prefix="/v1")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _may(caller: Principal, *roles: str) -> None:
    if caller.role not in roles:
        raise Problem(403, "not-yours", "That is not yours to do", f"Ask somebody who is {' or '.join(roles)}.")


@router.get("/snapshots", tags=["snapshots"])
async def list_snapshots(request: Request, tx: Transaction) -> Response:
    """Every snapshot: what it was made of, its digest and signature."""
    return Json({"items": [snapshots.told(found) for found in await kept.snapshots(tx.conn)]}, request)


@router.post(
    "/snapshots/{snapshot}",
    tags=["snapshots"],
    status_code=202,
    response_class=Response,
    responses={202: {"description": "Begun"}},
)
async def create_snapshot(
    request: Request,
    caller: Caller,
    tx: Transaction,
    snapshot: str,
    valid_to: Annotated[date, Query(description="the last day whose facts count")],
    known_to: Annotated[str | None, Query(max_length=40, description="what was known by; now if left out")] = None,
) -> Response:
    """Begin to make a snapshot; ask for it until it is there. It can never be changed, nor made again."""
    _may(caller, "secretariat", "operator")
    if not _ID.fullmatch(snapshot):
        raise Problem(422, "bad-id", "That cannot name a snapshot", "Letters, digits, '.', '_' and '-', 64 at most.")
    now = tx.clock()
    if valid_to > now.date():
        raise Problem(422, "in-the-future", "That day is still to come", f"valid_to is {valid_to}; take a day begun.")
    if await kept.snapshot(tx.conn, snapshot) is not None:
        raise _taken(snapshot)
    known = micros(instant_of("known_to", known_to, now) if known_to is not None else now)
    database, signer = request.app.state.database, Signer(request.app.state.settings.snapshot_key())

    async def work(job: Job) -> dict[str, Any]:
        try:
            return await snapshots.create(database, signer, snapshot, valid_to, known, caller, job.tell)
        except snapshots.Taken:
            raise Refusal(f"{snapshot} exists already") from None

    return _started(_jobs(request).start("snapshot", snapshot, work), "snapshot")


@router.get("/snapshots/{snapshot}", tags=["snapshots"])
async def show_snapshot(request: Request, tx: Transaction, snapshot: str) -> Response:
    """A snapshot, or how far it is."""
    found = await kept.snapshot(tx.conn, snapshot)
    if found is not None:
        return Json(snapshots.told(found) | {"state": "done"}, request)
    job = _jobs(request).get("snapshot")
    if job is None or job.name != snapshot:
        raise _no_snapshot(snapshot)
    return Json(asdict(job), request)


@router.get("/snapshots/{snapshot}/metrics/{metric}", tags=["snapshots"])
async def show_in_snapshot(
    request: Request, tx: Transaction, snapshot: str, metric: str, scope: Scope = "global"
) -> Response:
    """One figure as the snapshot has it."""
    if await kept.snapshot(tx.conn, snapshot) is None:
        raise _no_snapshot(snapshot)
    line = await kept.snapshot_figure(tx.conn, snapshot, metric, scope)
    if line is None:
        raise Problem(
            404,
            "no-figure",
            "There is no such figure",
            f"{snapshot} has no {metric} of {scope}, or it is withheld, or not yours to read. Totals over fewer than"
            " three projects or two entities, and those from which one could be worked out, are not public.",
        )
    return Json(line._asdict() | {"snapshot": snapshot, "unit": "µ"}, request)


@router.get("/snapshots/{snapshot}/verification", tags=["snapshots"])
async def verify_snapshot(request: Request, caller: Caller, snapshot: str) -> Response:
    """The digest made again from every line that is kept, and the signature checked."""
    _may(caller, "secretariat", "operator")
    signer = Signer(request.app.state.settings.snapshot_key())
    async with request.app.state.database.transaction(SYSTEM) as tx:
        found = await snapshots.verify(tx, signer, snapshot)
    if found is None:
        raise _no_snapshot(snapshot)
    return Json(found, request)


@router.get("/method", tags=["method"])
async def show_method(request: Request, tx: Transaction) -> Response:
    """The version of the method in force, those to come and those that were, and every parameter beside 1.0.0's."""
    return Json(await shown(tx), request)


def _jobs(request: Request) -> Jobs:
    found: Jobs = request.app.state.jobs
    return found


def _started(job: Job | None, kind: str) -> Response:
    if job is None:
        raise Problem(409, "under-way", f"Another {kind} is under way", "Ask again when it is done.")
    return Response(status_code=202)


def _taken(snapshot: str) -> Problem:
    return Problem(409, "exists", "That snapshot exists", f"{snapshot} can never be made again: choose another id.")


def _no_snapshot(snapshot: str) -> Problem:
    return Problem(
        404,
        "no-snapshot",
        "There is no such snapshot",
        f"{snapshot} is not among them: GET /v1/snapshots lists all. One that was being made when its service stopped"
        " is made anew.",
    )


@router.post(
    "/rebuild",
    tags=["operations"],
    status_code=202,
    response_class=Response,
    responses={202: {"description": "Begun"}},
)
async def begin_rebuild(
    request: Request,
    caller: Caller,
    tx: Transaction,
    method: Annotated[str | None, Query(max_length=200, description="switch to this version of the method")] = None,
) -> Response:
    """Begin to make everything again from the log of facts, while events go on; what differs is replaced.

    With a version of the method it is made under that one, which is in force from the switch on.
    """
    _may(caller, "operator")
    database = request.app.state.database
    change = await changing.change_to(tx, method) if method is not None else None
    if method is not None and change is None:
        raise Problem(
            404,
            "no-method",
            "There is nothing to switch to",
            f"{method} was never published, or is in force: plumbline method show lists all.",
        )

    async def work(job: Job) -> dict[str, Any]:
        return await mending.mend(database, job.tell, change)

    return _started(_jobs(request).start(changing.REBUILD, method or "rebuild", work), "rebuild")


@router.get("/rebuild", tags=["operations"])
async def show_rebuild(request: Request, caller: Caller) -> Response:
    """How far the last rebuild is, or what it found."""
    _may(caller, "operator")
    job = _jobs(request).get("rebuild")
    if job is None:
        raise Problem(404, "no-rebuild", "No rebuild was begun", "POST /v1/rebuild begins one: plumbline rebuild.")
    return Json(asdict(job), request)
