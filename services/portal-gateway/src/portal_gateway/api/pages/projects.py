"""Projects: the list with its search, and one project with its results chain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.answers import next_address, nothing, place_of
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.chain import Parts, levels_of
from portal_gateway.api.pages.frame import frame, now, reader, render, router
from portal_gateway.api.rest import COUNTED, figure_keys, find_projects
from portal_gateway.domain import numbers, words
from portal_gateway.domain.language import N_, _, language, said
from portal_gateway.domain.view import Figure, figure, narrative
from portal_gateway.store import figures, projects, receipts
from portal_gateway.web.render import areas
from runtime.http import cursor

_PAGE: Final = 25
_PLACES: Final = 2

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
        projects=[_summary(row, found.get(key)) for row, key in zip(rows, keys, strict=True)],
    )


@router.get("/projects/{project_id:path}")
async def show_project(request: Request, who: Reader, project_id: str) -> Response:
    """One project."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        data = await projects.one(tx.conn, project_id)
        if data is None:
            raise nothing(f"Project {project_id}")
        indicators = await projects.indicators(tx.conn, project_id)
        lines = await projects.budgets(tx.conn, project_id)
        raw = await figures.several(tx.conn, figure_keys(project_id, indicators))
        origin = data.get("origin") or {}
        receipt = await receipts.one(tx.conn, origin.get("submission_id", ""))
    found = {key: figure(value) for key, value in raw.items()}
    whole = found.get(("M4", f"project:{project_id}"))
    today = now().date()
    levels = levels_of(Parts(project_id, indicators, whole, found, today, language()))
    summary = _summary(data, None)
    description, description_lang = narrative(data.get("description"), language())
    return render(
        request,
        "project.html",
        who,
        **around,
        place="projects",
        titles={project_id: summary["title"]},
        project=summary
        | {
            "description": description[:1200],
            "description_lang": description_lang,
            "span": _span(data.get("dates") or {}),
            "edition": data.get("edition"),
            "origin": origin,
            "flags": data.get("flags") or [],
        },
        figure=whole,
        pace=_pace(found.get(("M2", f"project:{project_id}"))),
        levels=levels,
        sentence=_sentence(whole),
        no_figure=_no_figure(data, indicators),
        readers=readers_of(data["classification"]),
        receipt_readable=receipt is not None,
        data_address=f"/api/v1{request.url.path}",
        budgets=[_budget(line) for line in lines],
        places=_shares(data),
    )


def readers_of(classification: str) -> str:
    """Who may read a record of this class, in words."""
    if classification.startswith("state:"):
        code = classification.removeprefix("state:")
        return _("%(state)s, the secretariat and its owner", state=areas().get(code, code))
    return said(words.CLASSES.get(classification, classification))


def _summary(data: Mapping[str, Any], raw: Mapping[str, Any] | None) -> dict[str, Any]:
    title, lang = narrative(data.get("title"), language(), data["project_id"])
    allocations = data.get("allocations") or []
    places = [areas().get(a["code"], a["code"]) for a in _by_share(allocations, {"COUNTRY", "REGION"})]
    return {
        "project_id": data["project_id"],
        "title": title,
        "title_lang": lang,
        "entity": data["entity"],
        "entity_name": data.get("entity_name"),
        "status": data["status"],
        "pillars": [a for a in _by_share(allocations, {"PILLAR"}) if a["code"] in words.PILLARS],
        "pillar_inferred": data.get("pillar_inferred", False),
        "places": places[:_PLACES],
        "more_places": max(0, len(places) - _PLACES),
        "figure": figure(raw) if raw else None,
        "updated_at": data["updated_at"],
    }


def _by_share(allocations: list[dict[str, Any]], dims: set[str]) -> list[dict[str, Any]]:
    return sorted((a for a in allocations if a["dim"] in dims), key=lambda a: (-a["ppm"], a["code"]))


def _shares(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": areas().get(a["code"], a["code"]),
            "ppm": a["ppm"],
            "address": f"/projects?country={a['code']}" if a["dim"] == "COUNTRY" else None,
        }
        for a in _by_share(data.get("allocations") or [], {"COUNTRY", "REGION"})
    ]


def _span(dates: Mapping[str, str | None]) -> str:
    start = dates.get("actual_start") or dates.get("planned_start")
    end = dates.get("actual_end") or dates.get("planned_end")
    first = numbers.month(date.fromisoformat(start)) if start else ""
    last = numbers.month(date.fromisoformat(end)) if end else ""
    if first and last:
        return _("%(first)s to %(last)s", first=first, last=last)
    if first:
        return _("since %(day)s", day=first)
    return _("until %(day)s", day=last) if last else ""


def _budget(line: Mapping[str, Any]) -> dict[str, str]:
    start, end = date.fromisoformat(line["period_start"]), date.fromisoformat(line["period_end"])
    kinds = {
        ("1", "1"): N_("original, indicative"),
        ("1", "2"): N_("original, committed"),
        ("2", "1"): N_("revised, indicative"),
        ("2", "2"): N_("revised, committed"),
    }
    kind = kinds["2" if line["type"] == "2" else "1", "2" if line["status"] == "2" else "1"]
    return {
        "period": _("%(first)s to %(last)s", first=numbers.month(start), last=numbers.month(end)),
        "kind": said(kind),
        "currency": line["currency"],
        "amount": numbers.decimal_text(line["amount"]),
    }


def _pace(m2: Figure | None) -> dict[str, Any] | None:
    """The project's share of indicators on track, where it can be said."""
    if m2 is None or not m2.shown or m2.value is None:
        return None
    word = words.STATUSES["ON_TRACK"]
    return {"word": word, "text": _("%(share)s%% of its indicators", share=numbers.percent(m2.value))}


def _sentence(whole: Figure | None) -> str:
    if whole is None or whole.lower is None or whole.upper is None:
        return ""
    lower, upper = numbers.percent(whole.lower), numbers.percent(whole.upper)
    if whole.lower == whole.upper:
        return _("Everything due is reported.")
    return _(
        "If everything not reported had failed it would be %(lower)s%%; if it had all succeeded, %(upper)s%%.",
        lower=lower,
        upper=upper,
    )


def _no_figure(data: Mapping[str, Any], indicators: list[dict[str, Any]]) -> str:
    if data.get("withdrawn"):
        return _("The project was withdrawn: it counts in no figure, its history stays.")
    if not indicators:
        return _("It has no results with indicators. Its entity can add them to the next file.")
    return _("None of its indicators is due, or none can be scored yet; the flags below say why.")
