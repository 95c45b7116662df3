"""The REST interface to the list of projects: the filters of the page, the same answers, and the reader's own views."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from portal_gateway.api import models
from portal_gateway.api.answers import next_address, place_of
from portal_gateway.api.caller import Api, transaction
from portal_gateway.domain.errors import WishError
from portal_gateway.domain.search.wish import FACETS, SORTS, Wish, parse
from portal_gateway.domain.speech.language import _
from portal_gateway.searching import Search
from portal_gateway.store import projects
from runtime.http import Json, Problem, cursor

_SAYS: Final = {
    "pillar": "P1 to P4",
    "entity": "organisation reference",
    "region": "M49; a country counts in every region it lies in",
    "country": "ISO 3166-1 alpha-2",
    "theme": "code of a theme",
    "status": "IATI ActivityStatus",
    "year": "a year of activity, by actual dates or else planned ones",
    "pace": "M2 status that weighs most among its indicators",
    "evidence": "M3 grade that half of its indicators' weight has or betters",
    "score": "M4 in per cent, or withheld",
    "gender": "M8 code at design, 3 principal to 0; unresolved is DAC's 0",
    "rights": "M8 code at design, 3 principal to 0",
    "risk": "M10 band of the highest open risk",
}
PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "q",
        "in": "query",
        "schema": {"type": "string", "maxLength": 400},
        "description": "words, every one wanted; a list of identifiers is taken for one",
    },
    {
        "name": "as_written",
        "in": "query",
        "schema": {"type": "boolean"},
        "description": "forgive no slips in the words",
    },
    {
        "name": "ids",
        "in": "query",
        "schema": {"type": "string"},
        "description": "project identifiers, up to 200, divided by blanks, commas, semicolons or new lines",
    },
    *(
        {
            "name": name,
            "in": "query",
            "schema": {"type": "array", "maxItems": 100, "items": {"type": "string", "pattern": f"^({pattern})$"}},
            "description": f"{_SAYS[name]}; any of several",
        }
        for name, pattern in FACETS.items()
    ),
    {
        "name": "sort",
        "in": "query",
        "schema": {"type": "string", "enum": list(SORTS)},
        "description": "closest where there are words, else changed",
    },
]

REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"description": "Filters that there cannot be, each with its fault"},
    503: {"description": "Projects are still being read"},
}

router = APIRouter(prefix="/api/v1", responses=REFUSED)


def wish_of(request: Request) -> Wish:
    """FastAPI dependency: the wish in the address. Raises Problem 400 with every fault of it."""
    try:
        return parse(request.query_params.multi_items())
    except WishError as error:
        raise problem_of(error) from None


def problem_of(error: WishError) -> Problem:
    """A refused wish as an answer."""
    return Problem(
        400,
        error.code,
        _("The search is not valid"),
        str(error),
        errors=[{"place": f"query/{name}", "message": text} for name, text in error.problems],
    )


def search_of(request: Request) -> Search:
    """The index of this process."""
    found: Search = request.app.state.search
    return found


Wished = Annotated[Wish, Depends(wish_of)]


@router.get("/projects", tags=["projects"], response_model=models.Projects, openapi_extra={"parameters": PARAMETERS})
async def list_projects(
    request: Request,
    who: Api,
    wish: Wished,
    *,
    facets: Annotated[bool, Query(description="count the projects by every filter's values")] = False,
    after: Annotated[str | None, Query(alias="cursor")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """Projects by words and filters: any of one filter's values, all the filters.

    A facet's counts are those without its own filter. Nothing is counted that the caller may not read. Where no
    project has a word as it is written the nearest word is searched for, and ``searched`` says so.
    """
    offset = place_of(after)
    found = await search_of(request).find(who.principal, wish, offset=offset, limit=limit, counted=facets)
    async with transaction(request, who) as tx:
        items = await projects.several(tx.conn, found.ids)
    body: dict[str, Any] = {
        "items": items,
        "total": found.total,
        "searched": found.searched,
        "similar": found.searched is not None,
        "missing": list(found.missing),
        "near": [{"leaves_out": near.part, "total": near.total, "query": near.wish.address("")} for near in found.near],
        "facets": None,
        "next": cursor(offset + limit) if offset + limit < found.total else None,
    }
    if facets:
        body["facets"] = {
            name: [{"value": value, "total": n} for value, n in sorted(rows, key=lambda row: (-row[1], row[0]))]
            for name, rows in found.facets.items()
        }
    headers = {"Link": f'<{next_address(request, body["next"])}>; rel="next"'} if body["next"] else {}
    return Json(body, request, headers=headers)
