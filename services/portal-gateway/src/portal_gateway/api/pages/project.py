"""One project with its results chain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api import versions
from portal_gateway.api.answers import nothing
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.chain import Parts, levels_of
from portal_gateway.api.pages.frame import frame, now, reader, render, router, titles
from portal_gateway.api.pages.history import SHOWN, entry  # before this one: its addresses end in a word
from portal_gateway.api.pages.pairs import related
from portal_gateway.api.pages.past import CAUSES
from portal_gateway.api.pages.standing import flags_of, funding, linked, people, shares
from portal_gateway.api.pages.summary import summary
from portal_gateway.api.rest import figure_keys
from portal_gateway.domain.project.history import Names
from portal_gateway.domain.project.money import books
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import N_, _, language, said
from portal_gateway.domain.speech.plain import beginning
from portal_gateway.domain.view import Figure, figure, narrative
from portal_gateway.domain.withheld import as_shown
from portal_gateway.store import figures, history, projects, receipts
from portal_gateway.web.render import areas, is_mirrored, project_address

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects/{project_id:path}")
async def show_project(request: Request, who: Reader, project_id: str, results: str = "") -> Response:
    """One project; ``results=all`` draws every indicator.

    Pairs are asked of scoring while the page is read; without an answer the page says so.
    """
    waiting = asyncio.create_task(related(request, who, project_id))
    try:
        found = await _read(request, who, project_id, everything=results == "all")
    except BaseException:
        waiting.cancel()
        raise
    return render(request, "project.html", who, **found, related=await waiting)


async def _read(request: Request, who: Caller, project_id: str, *, everything: bool) -> dict[str, Any]:
    """Everything of the page that the read model has."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        data = await projects.one(tx.conn, project_id)
        if data is None:
            raise nothing(_("Project %(id)s", id=project_id))
        indicators = as_shown(await projects.indicators(tx.conn, project_id))
        lines = await projects.budgets(tx.conn, project_id)
        sums = await history.money(tx.conn, project_id)
        raw = await figures.several(tx.conn, figure_keys(project_id, indicators))
        origin = data.get("origin") or {}
        receipt = await receipts.one(tx.conn, origin.get("submission_id", ""))
        latest = await history.page(tx.conn, project_id, kinds=[], offset=0, limit=SHOWN)
        by = await versions.telling(tx.conn, data, latest)
        others = await titles(tx.conn, [f"project:{link['ref']}" for link in data.get("links") or []])
    found = {key: figure(value) for key, value in raw.items()}
    whole = found.get(("M4", f"project:{project_id}"))
    today = now().date()
    mirrored = is_mirrored(language())
    names = Names(areas(), {}, language())
    levels = levels_of(Parts(project_id, indicators, whole, found, today, language(), names, mirrored, everything))
    told = summary(data)
    description, description_lang = narrative(data.get("description"), language())
    return around | {
        "place": "projects",
        "titles": {project_id: told["title"]},
        "project": told
        | {
            "description": description,
            "beginning": beginning(description),
            "description_lang": description_lang,
            "span": _span(data.get("dates") or {}),
            "edition": data.get("edition"),
            "origin": origin,
            "withdrawn": data["withdrawn"],
        },
        "figure": whole,
        "pace": _pace(found.get(("M2", f"project:{project_id}"))),
        "strength": found.get(("M3", f"project:{project_id}")),
        "levels": levels,
        "sentence": _sentence(whole),
        "no_figure": _no_figure(data, indicators),
        "readers": readers_of(data["classification"]),
        "receipt_readable": receipt is not None,
        "data_address": f"/api/v1{project_address(project_id)}",
        "books": books(lines, sums, mirrored=mirrored),
        "budgets": [_budget(line) for line in lines],
        "funding": funding(found.get(("M11", f"project:{project_id}"))),
        "places": shares(data, indicators),
        "people": people(data, indicators),
        "links": linked(data, others),
        "flags": flags_of(data, whole, levels, budgeted=bool(lines)),
        "entries": [entry(project_id, versions.told(row, by)) for row in latest],
        "versions": latest[0]["number"] if latest else 0,
        "causes": CAUSES,
    }


def readers_of(classification: str) -> str:
    """Who may read a record of this class, in words."""
    if classification.startswith("state:"):
        code = classification.removeprefix("state:")
        return _("%(state)s, the secretariat and its owner", state=areas().get(code, code))
    return said(words.CLASSES.get(classification, classification))


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
