"""The map: a figure of every country, drawn and as a table; zoomed by links, readable without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Query, Request
from starlette.responses import Response

from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.domain.drawing.map import Drawing, Picture, bounds, counted, drawn, subject
from portal_gateway.domain.map_measures import MEASURES, Measure
from portal_gateway.domain.search.wish import Wish
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import N_, _, said
from portal_gateway.domain.view import Figure, figure
from portal_gateway.places import WORLD, atlas, countries_of, regions_of
from portal_gateway.store import maps
from portal_gateway.web.render import areas

DEFAULT: Final = "M4"
DRAWINGS: Final[dict[Drawing, str]] = {"areas": N_("Coloured countries"), "dots": N_("Dots")}
PILLAR: Final = r"^(P[1-4])?$"


@router.get("/map")
async def show_map(
    request: Request,
    who: Annotated[Caller, Depends(reader)],
    metric: Annotated[str, Query(max_length=20)] = DEFAULT,
    pillar: Annotated[str, Query(pattern=PILLAR)] = "",
    view: Annotated[Drawing, Query()] = "areas",
    region: Annotated[str, Query(max_length=3)] = WORLD,
) -> Response:
    """One measure of every country of a region, of all pillars or of one."""
    measure = MEASURES.get(metric)
    if measure is None or region not in atlas.views():
        raise nothing(_("The map of %(metric)s in %(region)s", metric=metric, region=region))
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        known = await maps.with_countries(tx.conn, sorted({m.metric for m in MEASURES.values()}))
        found = await told(tx.conn, measure, pillar or None)
    chosen = {"metric": metric, "pillar": pillar, "view": view, "region": region}
    picture = pictured(found, measure, pillar or None, drawing=view, region=region)
    return render(
        request,
        "map.html",
        who,
        **around,
        place="map",
        chosen=chosen,
        measure=measure,
        measures=[m for m in MEASURES.values() if m.metric in known or m is measure],
        drawings=DRAWINGS,
        pillars=words.PILLARS,
        picture=picture,
        withheld=_withheld(picture, chosen),
        bounds=bounds,
        title=_title(measure, pillar, region),
        here=_address(chosen),
        ways=_ways(chosen),
    )


def _withheld(picture: Picture, chosen: Mapping[str, str]) -> dict[str, Any] | None:
    """How many countries are hatched, and the maps that tell more of them; None where most are coloured."""
    n = sum(place.told == "withheld" for place in picture.places)
    if 2 * n <= len(picture.places):
        return None
    others = [
        {"name": said(m.name), "address": _address({**chosen, "metric": m.code})}
        for m in (MEASURES["projects"], MEASURES["money"])
        if m.code != chosen["metric"]
    ]
    return {"n": n, "all": len(picture.places), "others": others}


async def told(conn: Any, measure: Measure, pillar: str | None) -> dict[str, Figure]:
    """The figures that hold a measure, by country: what the caller may know of each."""
    # Money is divided over pillars inside one figure of the country.
    of_pillar = None if measure.unit == "money" else pillar
    rows = [figure(row) for row in await maps.by_country(conn, measure.metric, of_pillar)]
    return {f.scope.rpartition("|" if of_pillar else ":")[2]: f for f in rows}


def pictured(
    found: Mapping[str, Figure], measure: Measure, pillar: str | None, *, drawing: Drawing, region: str
) -> Picture:
    """Figures of countries as a map."""
    names = areas()
    subjects = {
        code: subject(f, measure, pillar, names.get(code, code), f"/countries/{code}") for code, f in found.items()
    }
    return drawn(atlas.views()[region], drawing, subjects, measure, names)


def found_map(counts: Sequence[tuple[str, int]], wish: Wish) -> dict[str, Any]:
    """How many projects a search found in each country, as ``_found_map.html`` draws it; a country leads to the same
    search in that country."""
    names, measure = areas(), MEASURES["projects"]
    subjects = {
        code: counted(n, measure, names.get(code, code), wish.address(country=[code], view="table"))
        for code, n in counts
        if n
    }
    return {"picture": drawn(atlas.views()[WORLD], "dots", subjects, measure, names), "measure": measure}


def _title(measure: Measure, pillar: str, region: str) -> str:
    parts = [said(measure.name)]
    if pillar:
        parts.append(said(words.PILLARS[pillar][0]))
    parts.append(areas().get(region, region))
    return ", ".join(parts)


def _address(chosen: Mapping[str, str]) -> str:
    return f"/map?{urlencode({name: value for name, value in chosen.items() if value})}"


def _ways(chosen: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Regions to go to: back out, and further in."""
    here, names = chosen["region"], areas()
    way = [] if here == WORLD else [WORLD, *_around(here), here]

    def to(code: str) -> dict[str, Any]:
        return {"name": names.get(code, code), "address": _address({**chosen, "region": code}), "here": code == here}

    return {"out": [to(code) for code in way], "in": [to(code) for code in atlas.inside(here)]}


def _around(region: str) -> list[str]:
    """The regions around a region, the widest first."""
    way = regions_of(min(countries_of(region)))
    return list(way[: way.index(region)])
