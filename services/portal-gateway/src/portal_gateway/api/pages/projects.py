"""The list of projects: found by words and filters, as a table, over time, or on the map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from portal_gateway.api.answers import place_of
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.finding import problem_of, search_of
from portal_gateway.api.pages import filters
from portal_gateway.api.pages.frame import frame, now, reader, render, router
from portal_gateway.api.pages.maps import found_map
from portal_gateway.api.pages.summary import summary
from portal_gateway.domain.drawing import timeline
from portal_gateway.domain.errors import WishError
from portal_gateway.domain.search import facets
from portal_gateway.domain.search.wish import FACETS, NONE, SORTS, Sort, View, Wish, parse
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import N_, _, language, ngettext, said
from portal_gateway.domain.speech.words import STATUSES, Word
from portal_gateway.searching import Found
from portal_gateway.store import figures, projects, saved_views
from portal_gateway.web.render import is_mirrored
from runtime.http import cursor

_PAGE: Final = 25
_METRICS: Final = ("M2", "M3", "M4")
_EXPORTS: Final = {"csv": "CSV", "xlsx": "XLSX", "json": "JSON", "xml": "IATI 2.03 XML"}
_SORTS: Final[dict[Sort, str]] = {
    "closest": N_("closest first"),
    "changed": N_("last changed first"),
    "title": N_("by title"),
    "budget": N_("largest budget first"),
    "effectiveness": N_("most effective first"),
}
_VIEWS: Final[dict[View, str]] = {"table": N_("Table"), "map": N_("Map"), "timeline": N_("Timeline")}

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects")
async def list_projects(request: Request, who: Reader) -> Response:
    """Projects by words and filters; the whole state is in the address. Where it says nothing: the standard view."""
    if not request.url.query:
        async with transaction(request, who) as tx:
            if (query := await saved_views.default(tx.conn)) is not None:
                return RedirectResponse(f"/projects?{query or 'view=table'}", 303)
    try:
        wish = parse(request.query_params.multi_items())
    except WishError as error:
        raise problem_of(error) from None
    offset = place_of(request.query_params.get("cursor"))
    search = search_of(request)
    found = await search.find(who.principal, wish, offset=offset, limit=_PAGE)
    by_country = await search.by_country(who.principal, wish)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = await projects.several(tx.conn, found.ids)
        keys = [(metric, f"project:{row['project_id']}") for row in rows for metric in _METRICS]
        raw = await figures.several(tx.conn, keys)
        views_saved = await saved_views.readable(tx.conn)
        entities = [value for value, _n in found.facets["entity"]]
        titles = dict(await projects.titles(tx.conn, projects=[], entities=entities, indicators=[]))
    items = [_row(row, raw) for row in rows]
    return render(
        request,
        "projects.html",
        who,
        **around,
        place="projects",
        titles=titles,
        wish=wish,
        found=found,
        headline=_headline(found),
        by_country=by_country,
        where=found_map(by_country, wish) if wish.view == "map" else None,
        views_saved=views_saved,
        query=urlencode(wish.pairs()),
        groups=filters.groups(found.facets, wish, titles),
        chips=filters.chips(wish, titles),
        instead=filters.instead(found.near, wish, titles),
        projects=items,
        line=timeline.draw([item["span"] for item in items], now().date(), mirrored=is_mirrored(language())),
        first=offset + 1,
        last=offset + len(items),
        before=_page(wish, max(0, offset - _PAGE)) if offset else None,
        next=_page(wish, offset + _PAGE) if offset + _PAGE < found.total else None,
        sorts={sort: said(_SORTS[sort]) for sort in SORTS if sort != "closest" or wish.q},
        views={view: (said(text), wish.address(view=view)) for view, text in _VIEWS.items()},
        exports={
            ending: (text, wish.changed(view="table").address(f"/projects/export.{ending}"))
            for ending, text in _EXPORTS.items()
        },
        # What each of the two forms keeps of the wish besides what it sets itself.
        kept={
            "words": [(name, value) for name, value in wish.pairs() if name not in {"q", "as_written", "ids"}],
            "filters": [(name, value) for name, value in wish.pairs() if name not in FACETS],
            "sort": [(name, value) for name, value in wish.pairs() if name != "sort"],
        },
    )


def _page(wish: Wish, offset: int) -> str:
    address = wish.address()
    return f"{address}{'&' if '?' in address else '?'}cursor={cursor(offset)}" if offset else address


def _headline(found: Found) -> str:
    """How much was found, in one line; projects of several entities and countries count once in each."""
    entities, countries = found.entities, found.countries
    message = N_("%(projects)s, %(money)s, %(entities)s, %(countries)s")
    return _(
        message if found.dollars else N_("%(projects)s, %(entities)s, %(countries)s"),
        projects=ngettext("%(count)s project", "%(count)s projects", found.total, count=numbers.grouped(found.total)),
        money=numbers.money(found.dollars),
        entities=ngettext("%(count)s entity", "%(count)s entities", entities, count=numbers.grouped(entities)),
        countries=ngettext("%(count)s country", "%(count)s countries", countries, count=numbers.grouped(countries)),
    )


def _row(data: dict[str, Any], raw: Mapping[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    scope = f"project:{data['project_id']}"
    own = {metric: raw[metric, scope] for metric in _METRICS if (metric, scope) in raw}
    values = {name: value[0] for name, value in facets.of_figures(own).items()}
    cents = facets.budget(own)
    return summary(data, own.get("M4")) | {
        "pace": STATUSES.get(values["pace"]) or Word(N_("No data"), "nod", "nod"),
        "grade": values["evidence"] if values["evidence"] != NONE else None,
        "budget": numbers.budget(cents) if cents is not None else None,
        "span": timeline.span(data.get("dates") or {}),
    }
