"""The figures of a map for programs: one measure of every country, with the class it is coloured by."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from contracts.metrics import Coverage
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Api, transaction
from portal_gateway.api.pages.maps import DEFAULT, PILLAR, pictured, told
from portal_gateway.api.rest import router as rest
from portal_gateway.domain.map_measures import MEASURES
from portal_gateway.domain.speech.language import _
from portal_gateway.places import WORLD, countries
from runtime.http import Json

router = APIRouter(prefix="/api/v1", responses=rest.responses)


class Country(BaseModel):
    """What is known of one country or area."""

    country: str = Field(description="ISO 3166-1 alpha-2")
    m49: str | None = Field(description="UN M49")
    amount: int | None = Field(description="what is shown, in the map's unit; null where withheld or unknown")
    step: int | None = Field(description="the class it is coloured by, 1 to 5; null where there is no amount")
    withheld: bool
    metric: str
    scope: str = Field(description="of the figure it is taken from")
    state: str
    lower: int | None = Field(description="of the figure, in µ")
    upper: int | None = Field(description="of the figure, in µ")
    coverage: Coverage
    projects: int
    reason: str | None = Field(description="why a total is not told to this caller: small-cell, complementary")


class Map(BaseModel):
    """One measure of every country that has one. States of which nothing is known are not in it."""

    metric: str
    pillar: Literal["P1", "P2", "P3", "P4"] | None
    unit: Literal["µ", "projects", "pairs", "cents"]
    breaks: list[int] = Field(description="the amounts at which classes 2 to 5 begin")
    items: list[Country]


@router.get("/map", tags=["figures"], response_model=Map)
async def show_map(
    request: Request,
    who: Api,
    metric: Annotated[
        str, Query(max_length=20, description=f"one of {', '.join(MEASURES)}", examples=[DEFAULT])
    ] = DEFAULT,
    pillar: Annotated[str, Query(pattern=PILLAR, description="P1 to P4; all pillars without it")] = "",
) -> Response:
    """One measure by country, of all pillars or of one: what the map shows."""
    measure = MEASURES.get(metric)
    if measure is None:
        raise nothing(_("The map of %(metric)s", metric=metric))
    async with transaction(request, who) as tx:
        found = await told(tx.conn, measure, pillar or None)
    picture = pictured(found, measure, pillar or None, drawing="areas", region=WORLD)
    items: list[dict[str, Any]] = []
    for place in sorted((*picture.places, *picture.elsewhere), key=lambda p: p.code):
        f = place.figure
        assert f is not None
        items.append(
            {
                "country": place.code,
                "m49": countries().get(place.code, {}).get("m49"),
                "amount": place.amount,
                "step": int(place.look[1:]) if place.told == "shown" else None,
                "withheld": place.told == "withheld",
                "metric": f.metric,
                "scope": f.scope,
                "state": f.state,
                "lower": f.lower,
                "upper": f.upper,
                "coverage": {"observed": f.observed, "expected": f.expected},
                "projects": f.projects,
                "reason": f.kept_back,
            }
        )
    return Json(
        {
            "metric": metric,
            "pillar": pillar or None,
            "unit": {"share": "µ", "projects": "projects", "pairs": "pairs", "money": "cents"}[measure.unit],
            "breaks": measure.breaks([i["amount"] for i in items if i["amount"] is not None]),
            "items": items,
        },
        request,
    )
