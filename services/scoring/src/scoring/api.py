"""HTTP in: figures and their explanations, under the caller's own token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import StringConstraints

from runtime.access import Principal
from runtime.auth import principal
from runtime.db import Tx
from runtime.http import Json, Problem, cursor, read_cursor
from scoring.codec import micros
from scoring.domain.families import OF_PAIRS
from scoring.domain.families.presence import METRIC as PRESENCE
from scoring.domain.readings import PLAIN, Readings
from scoring.domain.saying import messages
from scoring.usecases import (
    asof,
    dialects,
    explaining,
    explaining_asof,
    explaining_pairs,
    national,
    reading,
    revising,
    withholding,
)
from scoring.usecases.suppressing import GUARDED
from scoring.when import Known, Method, Valid, as_of, instant_of

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
async def show_figure(
    request: Request,
    caller: Caller,
    metric: str,
    tx: Transaction,
    scope: Scope = "global",
    known_as_of: Known = None,
    valid_as_of: Valid = None,
    method_version: Method = None,
) -> Response:
    """One figure as it was last published, or as of two days: the same integer whenever that is asked."""
    at = await as_of(tx, known_as_of, valid_as_of, method_version)
    if at is None:
        found = await reading.figure(tx, metric, scope)
        if found is None:
            found = await withholding.in_its_place(request.app.state.database, metric, scope)
    else:
        at = _seen_by(caller, scope, at)
        found = await replayed(asof.figure(request.app.state.database, tx, metric, scope, at), metric, scope)
    if found is None:
        raise nothing(metric, scope)
    return Json(found, request)


@router.get("/explanations/{metric}", tags=["figures"])
async def explain(
    request: Request,
    caller: Caller,
    metric: str,
    tx: Transaction,
    scope: Scope = "global",
    limit: Annotated[int, Query(ge=1, le=10_000, description="projects listed; the others are summed")] = 10,
    known_as_of: Known = None,
    valid_as_of: Valid = None,
    method_version: Method = None,
) -> Response:
    """How a figure is made: the tree from the figure to the places its facts came from; every sum adds up."""
    at = await as_of(tx, known_as_of, valid_as_of, method_version)
    if at is None:
        found = await explaining.explain(tx, metric, scope, limit)
    else:
        replay = asof.Replay(request.app.state.database, tx, _seen_by(caller, scope, at))
        found = await replayed(explaining_asof.explain(tx, replay, metric, scope, limit), metric, scope)
    if found is None:
        raise nothing(metric, scope) if at is not None else await withheld_or_nothing(request, metric, scope)
    return Json(messages(found), request)


@router.get("/revisions/{metric}", tags=["figures"])
async def list_revisions(
    request: Request,
    metric: str,
    tx: Transaction,
    scope: Scope = "global",
    begin: Annotated[str, Query(alias="from", max_length=40, description="the first day, or an instant before")] = (
        "1970-01-01"
    ),
    end: Annotated[str | None, Query(alias="to", max_length=40, description="the last day, or an instant")] = None,
) -> Response:
    """What was revised between two days, each with its cause and effect; the effects add up to the total exactly."""
    now = tx.clock()
    after = micros(instant_of("from", begin, now, start=True))
    until = micros(instant_of("to", end, now) if end is not None else now)
    if until <= after:
        raise Problem(422, "no-time", "No time lies between these", f"from {begin} is not before to {end}.")
    try:
        found = await revising.revisions(tx, metric, scope, after, until)
    except revising.TooMany:
        raise Problem(
            422,
            "too-many-revisions",
            "That is too much for one answer",
            f"More than {revising.MOST} revisions of {metric} of {scope} lie between these. Move from and to closer.",
        ) from None
    if found is None:
        raise await withheld_or_nothing(request, metric, scope)
    return Json(found, request)


@router.get("/national/{country}", tags=["figures"])
async def show_national(
    request: Request, country: Annotated[str, Path(pattern=r"^[A-Z]{2}$")], tx: Transaction
) -> Response:
    """What a Member State itself allots to the pillars, by year: beside the country's figures, counted in none."""
    found = await national.national(tx, country)
    if found is None:
        raise Problem(
            404,
            "no-national-resources",
            "Nothing is shared",
            f"{country} has shared no resources of its own, or not with you. A Member State shares them with the table"
            " national-resources: plumbline template national-resources.",
        )
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
    period_basis: Literal["calendar", "fiscal", "whole-project"] | None = None,
    percent_as: Literal["0-1", "0-100"] | None = None,
    default_pillar: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[^:]+:P[1-4]$", max_length=300)]] | None,
        Query(description="a purpose's pillar where a project declares none, e.g. 15210:P2", max_length=500),
    ] = None,
) -> Response:
    """How a publisher's figures are read, what they themselves suggest, and every figure that would change.

    The readings of the query are previewed in place of the suggested ones.
    """
    wanted = Readings(
        direction,
        accumulation,
        location_is_total,
        zero_means_missing,
        period_basis,
        percent_as,
        dict(text.split(":") for text in default_pillar or ()),
    )
    found = await dialects.dialect(tx, entity, wanted if wanted != PLAIN else None)
    if found is None:
        raise Problem(
            404,
            "no-publisher",
            "There is no such publisher",
            f"No project of {entity} is known, or none that you may read.",
        )
    return Json(found, request)


_Kind = Literal["THIRD_PARTY", "LIKELY", "REVIEW", "COORDINATE", "SYNERGY"]


@router.get("/duplicates", tags=["duplicates"])
async def list_duplicates(
    request: Request,
    tx: Transaction,
    kind: Annotated[list[_Kind], Query(description="of this kind; of every kind if left out")] = [],  # noqa: B006
    entity: Annotated[str, Query(max_length=256, description="one of the two is this entity's")] = "",
    project: Annotated[str, Query(max_length=256, description="one of the two is this project")] = "",
    decided: Annotated[bool, Query(description="those somebody decided about, instead of the open ones")] = False,
    after: Annotated[str | None, Query(alias="cursor", description="next of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """Pairs of projects that may be one, or may work together, each with its evidence in words.

    A pair is seen by who may read both projects.
    """
    low, high = (str(part) for part in read_cursor(after, 2)) if after else ("", "")
    items = await explaining_pairs.list_pairs(
        tx, kinds=list(kind), decided=decided, entity=entity, project=project, after=(low, high), limit=limit
    )
    last = [p["project_id"] for p in items[-1]["projects"]] if len(items) == limit else None
    return Json({"items": items, "next": cursor(*last) if last is not None else None}, request)


async def replayed(found: Awaitable[dict[str, Any] | None], metric: str, scope: str) -> dict[str, Any] | None:
    """What a replay found; why it cannot be made is a Problem."""
    try:
        return await found
    except withholding.Withheld as kept:
        raise nothing(metric, scope) if kept.why is None else _withheld(metric, scope, kept.why) from None
    except asof.Busy:
        raise Problem(
            429,
            "replays-under-way",
            "Others are replaying",
            "Try again in a few seconds; without valid_as_of history answers at once.",
            headers={"Retry-After": "3"},
        ) from None
    except asof.TooMuch:
        raise Problem(
            422,
            "too-much-to-replay",
            "That would replay too much at once",
            f"{metric} of {scope} rests on more than {asof.MOST_FACTS} facts. Leave valid_as_of out, and history"
            " answers at once; or ask for a country, an entity or a project; or make a snapshot, which may take its"
            " time: plumbline snapshot create --valid-to DAY --id ID.",
        ) from None


def _seen_by(caller: Principal, scope: str, at: asof.AsOf) -> asof.AsOf:
    """Replays are made of what the caller may read, which is not to say that their total is public."""
    return replace(at, public_for=caller) if withholding.public_only(caller, scope) else at


async def withheld_or_nothing(request: Request, metric: str, scope: str) -> Problem:
    """What a reader is told of a figure that is not there for them."""
    why = await withholding.reason(request.app.state.database, metric, scope)
    return nothing(metric, scope) if why is None else _withheld(metric, scope, why)


def _withheld(metric: str, scope: str, why: str) -> Problem:
    return Problem(
        403,
        "withheld",
        withholding.WORDS[why],
        f"{metric} of {scope} is read by entities of the Compact and the secretariat. What single projects publish is"
        " open to all, and so are the figures that were published of totals.",
    )


def nothing(metric: str, scope: str) -> Problem:
    """There is no such figure, and where each metric exists."""
    return Problem(
        404,
        "no-figure",
        "There is no such figure",
        f"{metric} of {scope} is not published, or not yours to read. M1, M2 and M4 exist for a project, M1 and M2 for"
        " an indicator, M2 and M4 for every other scope, M7 for global, country, region and theme;"
        f" {', '.join(sorted(GUARDED - {PRESENCE} - OF_PAIRS, key=lambda m: int(m[1:])))} for a project and every total"
        " that has any; M12 for every total, M13 and M14 for country, region, theme and global, M13 for pillars too,"
        " M15 for entity and global, M17 for global.",
    )
