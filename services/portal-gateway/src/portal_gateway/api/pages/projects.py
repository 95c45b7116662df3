"""The list of projects with its search."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.answers import next_address, place_of
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.api.pages.summary import summary
from portal_gateway.api.rest import COUNTED, find_projects
from portal_gateway.domain import numbers
from portal_gateway.domain.language import _
from portal_gateway.store import figures
from portal_gateway.web.render import areas
from runtime.http import cursor

_PAGE: Final = 25

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects")
async def list_projects(
    request: Request, who: Reader, q: str = "", country: str = "", entity: str | None = None
) -> Response:
    """Projects by words, the closest first; without words, the last changed first."""
    q, offset = q.strip()[:400], place_of(request.query_params.get("cursor"))
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows, total, similar = await find_projects(
            tx.conn, q=q, country=country or None, entity=entity, offset=offset, limit=_PAGE
        )
        keys = [("M4", f"project:{row['project_id']}") for row in rows]
        found = await figures.several(tx.conn, keys)
    following = cursor(offset + _PAGE) if len(rows) == _PAGE and not similar else None
    return render(
        request,
        "projects.html",
        who,
        **around,
        place="projects",
        q=q,
        country=country,
        country_name=areas().get(country, country),
        total=total,
        total_text=_("more than %(n)s", n=numbers.grouped(COUNTED - 1)) if total >= COUNTED else numbers.grouped(total),
        fuzzy=similar,
        next=next_address(request, following) if following else None,
        projects=[summary(row, found.get(key)) for row, key in zip(rows, keys, strict=True)],
    )
