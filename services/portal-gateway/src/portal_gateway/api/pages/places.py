"""Countries and regions: what is done where, by whom, with what result, what is missing and what is doubled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from starlette.responses import Response

from portal_gateway import places as facts
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.api.pages.landing import at_work, figures_of, flagged, of_scope, read_as
from portal_gateway.api.pages.national import national
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.balance import balance
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import places
from portal_gateway.web.render import areas

_EACH: Final = 3
_NEEDS: Final = 12

Reader = Annotated[Caller, Depends(reader)]


@router.get("/countries")
async def list_countries(
    request: Request, who: Reader, region: Annotated[str, Query(max_length=3, pattern=r"^(\d{3})?$")] = ""
) -> Response:
    """Every country and area with work, needs or figures, and by name those with none."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = await _countries(tx.conn, facts.countries_of(region or facts.WORLD))
    return render(
        request,
        "countries.html",
        who,
        **around,
        place="countries",
        region=region,
        regions=[(code, areas()[code]) for code in _by_name(facts.regions()) if code != facts.WORLD],
        countries=rows[0],
        without=rows[1],
    )


@router.get("/countries/{code}")
async def show_country(request: Request, who: Reader, code: str) -> Response:
    """One country or area."""
    if code not in facts.countries():
        raise nothing(_("Country %(code)s", code=code))
    scope = f"country:{code}"
    cells = [f"pillar-country:{pillar}|{code}" for pillar in PILLARS]
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        found = await figures_of(tx.conn, [scope, *cells])
        entities = at_work(await places.at_work(tx.conn, places=[code], each=_EACH))
        by_pillar = {pillar: (await places.count(tx.conn, places=[code], pillar=pillar))[0] for pillar in PILLARS}
        projects, _entities = await places.count(tx.conn, places=[code])
        unallocated, _entities = await places.count(tx.conn, places=[code], pillar="")
    own = of_scope(found, scope)
    money = found.get(("M7", scope))
    missing, failed = await _unmet(request, who, found.get(("M13", scope)))
    return render(
        request,
        "place.html",
        who,
        **around,
        place="countries",
        kind="country",
        code=code,
        scope=scope,
        name=areas()[code],
        regions=[(region, areas()[region]) for region in facts.regions_of(code)],
        figures=own,
        counts={"projects": projects, "entities": len(entities), "countries": None},
        effectiveness=found.get(("M4", scope)),
        needs=found.get(("M13", scope)),
        pairs=found.get(("M12", scope)),
        pillars=[
            {
                "code": pillar,
                "projects": by_pillar[pillar],
                "figure": found.get(("M4", cell)),
                "change": found.get(("M6", cell)),
                "needs": found.get(("M13", cell)),
            }
            for pillar, cell in zip(PILLARS, cells, strict=True)
        ],
        unallocated=unallocated,
        balance=balance(money) if money is not None and not money.kept_back else None,
        money=money,
        national=await national(request, who, money) if money is not None else (),
        entities=entities,
        missing=missing,
        missing_failed=failed,
        countries=[],
        without=[],
        flags=flagged([*own, *(found[key] for key in found if key[1] in cells)]),
        reads=read_as(who.principal),
    )


@router.get("/regions/{code}")
async def show_region(request: Request, who: Reader, code: str) -> Response:
    """One region of UN M49."""
    if code not in facts.regions() or code == facts.WORLD:
        raise nothing(_("Region %(code)s", code=code))
    scope = f"region:{code}"
    inside = facts.countries_of(code)
    around_it = _inside(code, inside)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        found = await figures_of(tx.conn, [scope])
        entities = at_work(await places.at_work(tx.conn, places=around_it, each=_EACH))
        by_pillar = {pillar: (await places.count(tx.conn, places=around_it, pillar=pillar))[0] for pillar in PILLARS}
        projects, _entities = await places.count(tx.conn, places=around_it)
        unallocated, _entities = await places.count(tx.conn, places=around_it, pillar="")
        countries, without = await _countries(tx.conn, inside)
    own = of_scope(found, scope)
    money = found.get(("M7", scope))
    return render(
        request,
        "place.html",
        who,
        **around,
        place="countries",
        kind="region",
        code=code,
        scope=scope,
        name=areas()[code],
        regions=[(region, areas()[region]) for region in _above(code)],
        figures=own,
        counts={"projects": projects, "entities": len(entities), "countries": len(countries)},
        effectiveness=found.get(("M4", scope)),
        needs=found.get(("M13", scope)),
        pairs=found.get(("M12", scope)),
        pillars=[
            {"code": pillar, "projects": by_pillar[pillar], "figure": None, "change": None, "needs": None}
            for pillar in PILLARS
        ],
        unallocated=unallocated,
        balance=balance(money) if money is not None and not money.kept_back else None,
        money=money,
        national=(),
        entities=entities,
        missing=[],
        missing_failed="",
        countries=countries,
        without=without,
        flags=flagged(own),
        reads=read_as(who.principal),
    )


async def _countries(conn: Any, inside: frozenset[str]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Countries with work, needs or figures, in the order of their names; then those with none, by code and name."""
    counts = await places.by_place(conn)
    rows = [figure(data) for data in await places.figures_of_kind(conn, ["M4", "M13"], "country")]
    by_country: dict[tuple[str, str], Figure] = {(f.metric, f.scope.partition(":")[2]): f for f in rows}
    known = {country for _metric, country in by_country} | set(counts)
    named = [
        {
            "code": code,
            "name": areas()[code],
            "projects": counts.get(code, (0, 0))[0],
            "entities": counts.get(code, (0, 0))[1],
            "figure": by_country.get(("M4", code)),
            "needs": by_country.get(("M13", code)),
        }
        for code in _by_name(inside & known)
    ]
    return named, [(code, areas()[code]) for code in _by_name(inside - known)]


async def _unmet(request: Request, who: Caller, needs: Figure | None) -> tuple[list[dict[str, Any]], str]:
    """The country's needs that are not met, the least met first; and why they cannot be said, where that is so."""
    if needs is None or needs.kept_back:
        return [], ""
    scoring: Scoring = request.app.state.scoring
    try:
        tree = await scoring.explanation(who.token, "M13", needs.scope, limit="200")
    except UpstreamError as error:
        return [], error.said
    found = [
        {"id": node["id"], "met": (node.get("numerator") or 0) // node["denominator"]}
        for node in tree.get("children", ())
        if node.get("kind") == "need" and node.get("denominator")
    ]
    unmet = [need for need in found if need["met"] < 1_000_000]
    return sorted(unmet, key=lambda need: (need["met"], need["id"]))[:_NEEDS], ""


def _by_name(codes: Iterable[str]) -> Sequence[str]:
    names = areas()
    return sorted(codes, key=lambda code: names[code].casefold())


def _inside(region: str, countries: frozenset[str]) -> list[str]:
    """What a project may name to be in a region: its countries, itself, and the regions within it."""
    within = {code for country in countries for code in _from(region, facts.regions_of(country))}
    return sorted({*countries, *within, region})


def _from(region: str, regions: Sequence[str]) -> Sequence[str]:
    return regions[regions.index(region) :] if region in regions else ()


def _above(region: str) -> Sequence[str]:
    """The regions around a region, the widest first."""
    chain = next(
        (regions for country in facts.countries() if region in (regions := facts.regions_of(country))), (region,)
    )
    return chain[: chain.index(region)]
