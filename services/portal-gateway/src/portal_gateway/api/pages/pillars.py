"""A pillar's page: what is done for it, by whom, where, with what result, and what is missing."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway import places as facts
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.api.pages.landing import at_work, figures_of, flagged, of_scope, read_as
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.view import figure
from portal_gateway.store import places
from portal_gateway.web.render import areas

_EACH: Final = 3

Reader = Annotated[Caller, Depends(reader)]


@router.get("/pillars/{code}")
async def show_pillar(request: Request, who: Reader, code: str) -> Response:
    """One of the four pillars of the Strategy."""
    if code not in PILLARS:
        raise nothing(_("Pillar %(code)s", code=code))
    scope = f"pillar:{code}"
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        entities = at_work(await places.at_work(tx.conn, pillar=code, each=_EACH))
        shares = [f"entity-pillar:{entity['ref']}|{code}" for entity in entities]
        found = await figures_of(tx.conn, [scope, *shares])
        kinds = await places.figures_of_kind(tx.conn, ["M4", "M13"], "pillar-country", first=code)
        counts = await places.by_place(tx.conn, pillar=code)
        projects, _entities = await places.count(tx.conn, pillar=code)
    by_country = {(f.metric, f.scope.partition("|")[2]): f for f in (figure(data) for data in kinds)}
    # A publisher's own region may have two characters too: "67", "M2".
    named = {place for place in counts if place in facts.countries()}
    codes = {country for _metric, country in by_country} | named
    own = of_scope(found, scope)
    return render(
        request,
        "pillar.html",
        who,
        **around,
        place="metrics",
        code=code,
        scope=scope,
        figures=own,
        effectiveness=found.get(("M4", scope)),
        needs=found.get(("M13", scope)),
        pairs=found.get(("M12", scope)),
        counts={"projects": projects, "entities": len(entities), "countries": len(named)},
        entities=[entity | {"figure": found.get(("M4", s))} for entity, s in zip(entities, shares, strict=True)],
        countries=[
            {
                "code": country,
                "name": areas().get(country, country),
                "projects": counts.get(country, (0, 0))[0],
                "figure": by_country.get(("M4", country)),
                "needs": by_country.get(("M13", country)),
            }
            for country in sorted(codes, key=lambda c: areas().get(c, c).casefold())
        ],
        flags=flagged(own),
        reads=read_as(who.principal),
    )
