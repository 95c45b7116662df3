"""HTTP in: figures and their explanations, under the caller's own token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from runtime.access import Principal
from runtime.auth import principal
from runtime.db import Tx
from runtime.http import Json, Problem
from scoring.domain.families import FAMILIES
from scoring.domain.readings import PLAIN, Readings
from scoring.usecases import dialects, explaining, reading

router = APIRouter(prefix="/v1")
Caller = Annotated[Principal, Depends(principal)]
Scope = Annotated[
    str,
    Query(
        max_length=600,
        description="global, pillar:P1, country:ML, region:<M49>, theme:<code>, entity:<ref>, project:<identifier>,"
        " indicator:<project>|<indicator>, pillar-country:P3|ML, entity-pillar:<ref>|P3",
    ),
]


async def _transaction(request: Request, caller: Caller) -> AsyncIterator[Tx]:
    async with request.app.state.database.transaction(caller) as tx:
        yield tx


Transaction = Annotated[Tx, Depends(_transaction, scope="function")]


@router.get("/metrics/{metric}", tags=["figures"])
async def show_figure(request: Request, metric: str, tx: Transaction, scope: Scope = "global") -> Response:
    """One figure as it was last published."""
    found = await reading.figure(tx, metric, scope)
    if found is None:
        raise _nothing(metric, scope)
    return Json(found, request)


@router.get("/explanations/{metric}", tags=["figures"])
async def explain(
    request: Request,
    metric: str,
    tx: Transaction,
    scope: Scope = "global",
    limit: Annotated[int, Query(ge=1, le=10_000, description="projects listed; the others are summed")] = 10,
) -> Response:
    """How a figure is made: the tree from the figure to the places its facts came from; every sum adds up."""
    found = await explaining.explain(tx, metric, scope, limit)
    if found is None:
        raise _nothing(metric, scope)
    return Json(found, request)


@router.get("/dialects/{entity}", tags=["dialects"])
async def show_dialect(
    request: Request,
    entity: str,
    tx: Transaction,
    direction: Annotated[
        Literal["as-declared", "from-values"] | None, Query(description="preview this reading")
    ] = None,
    accumulation: Literal["CUMULATIVE", "POINT_IN_TIME", "PERIODIC_SUM", "RATIO"] | None = None,
    location_is_total: bool | None = None,
    zero_means_missing: bool | None = None,
) -> Response:
    """How a publisher's figures are read, what they themselves suggest, and every figure that would change.

    The readings of the query are previewed in place of the suggested ones.
    """
    wanted = Readings(direction, accumulation, location_is_total, zero_means_missing)
    found = await dialects.dialect(tx, entity, wanted if wanted != PLAIN else None)
    if found is None:
        raise Problem(
            404,
            "no-publisher",
            "There is no such publisher",
            f"No project of {entity} is known, or none that you may read.",
        )
    return Json(found, request)


def _nothing(metric: str, scope: str) -> Problem:
    return Problem(
        404,
        "no-figure",
        "There is no such figure",
        f"{metric} of {scope} is not published, or not yours to read. M1, M2 and M4 exist for a project, M1 and M2 for"
        " an indicator, M2 and M4 for every other scope, M7 for global, country, region and theme;"
        f" {' and '.join(FAMILIES)} for a project and every total that has any.",
    )
