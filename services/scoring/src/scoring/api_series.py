"""HTTP in: a figure over time, several figures over one time, and several as of one instant."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from runtime.http import Json, Problem
from scoring.api import Caller, Scope, Transaction, replayed, withheld_or_nothing
from scoring.usecases import series
from scoring.when import instant_of

router = APIRouter(prefix="/v1")
_LOOK_BACK: Final = timedelta(days=3 * 365)


@router.get("/series/{metric}", tags=["figures"])
async def show_series(
    request: Request,
    caller: Caller,
    metric: str,
    tx: Transaction,
    scope: Scope = "global",
    by: Annotated[
        Literal["known", "valid"],
        Query(
            description="known: as it was published by then; valid: of what was valid by then, which replays the log"
        ),
    ] = "known",
    begin: Annotated[date | None, Query(alias="from", description="by valid: the first day; three years ago")] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40, description="the last day, or an instant")] = None,
) -> Response:
    """A figure at the end of each step, the shortest of which 24 reach back to the first; by valid, of each quarter."""
    database, now = request.app.state.database, tx.clock()
    until = instant_of("to", end, now) if end is not None else now
    if by == "known":
        found = await series.known(database, tx, caller, metric, scope, until)
    else:
        since = begin or (until - _LOOK_BACK).date()
        if since > until.date():
            raise Problem(
                422, "no-time", "No time lies between these", f"from {since} is not before to {until.date()}."
            )
        found = await replayed(series.valid(database, tx, caller, metric, scope, since, until), metric, scope)
    if found is None:
        raise await withheld_or_nothing(request, metric, scope)
    return Json(found, request)


@router.get("/trends/{metric}", tags=["figures"])
async def show_trends(
    request: Request,
    caller: Caller,
    metric: str,
    tx: Transaction,
    scope: Annotated[list[str], Query(min_length=1, max_length=100)],
    end: Annotated[str | None, Query(alias="to", max_length=40, description="the last day, or an instant")] = None,
) -> Response:
    """The figures of several scopes as they had been published by the end of the same steps, to be drawn alike."""
    now = tx.clock()
    until = instant_of("to", end, now) if end is not None else now
    return Json(await series.trends(request.app.state.database, tx, caller, metric, scope, until), request)


@router.get("/then/{metric}", tags=["figures"])
async def show_then(
    request: Request,
    caller: Caller,
    metric: str,
    tx: Transaction,
    known_as_of: Annotated[str, Query(max_length=40, description="a day (its end, UTC) or an instant")],
    scope: Annotated[list[str], Query(min_length=1, max_length=100)],
) -> Response:
    """The figures of several scopes as they had been published by one instant; those there were, and may be told."""
    at = instant_of("known_as_of", known_as_of, tx.clock())
    return Json({"items": await series.then(request.app.state.database, tx, caller, metric, scope, at)}, request)
