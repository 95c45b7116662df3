"""Figures: what each asks and where it exists, the index, and one with the line down to where it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request
from starlette.responses import Response

from portal_gateway.api import listing
from portal_gateway.api.answers import next_address, nothing, parsed
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.chain import part_figure
from portal_gateway.api.pages.explanation import FEW, MANY, OF_SUBJECTS, Explained, Wanted, dated, explained
from portal_gateway.api.pages.frame import frame, now, reader, render, router, titles
from portal_gateway.api.pages.frame import names as named
from portal_gateway.api.pages.lacking import lacking
from portal_gateway.api.pages.national import national
from portal_gateway.api.pages.past import Revisions, Then, revisions, snapshots, then
from portal_gateway.api.pages.sentences import sentence
from portal_gateway.api.pages.subscriptions import told_of
from portal_gateway.api.pages.trends import listed, trended
from portal_gateway.domain import moments as dates
from portal_gateway.domain.balance import balance
from portal_gateway.domain.details import SCENARIOS, details
from portal_gateway.domain.drawing.map import bounds
from portal_gateway.domain.explanation import SCORED
from portal_gateway.domain.moments import Moments
from portal_gateway.domain.scenarios import outermost, scenarios
from portal_gateway.domain.speech import numbers, words
from portal_gateway.domain.speech.language import N_, _, ngettext, said
from portal_gateway.domain.speech.names import KINDS, scope_name
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures
from portal_gateway.web.render import areas, figure_address
from runtime.access import Principal
from runtime.http import cursor, read_cursor

_PAGE: Final = 50

Reader = Annotated[Caller, Depends(reader)]


@router.get("/metrics")
async def list_figures(
    request: Request, who: Reader, metric: listing.Metric = None, kind: listing.Kind = None, q: listing.Words = ""
) -> Response:
    """Without a metric what each one asks and where it exists; else its figures over a kind of scope, by scope."""
    after = request.query_params.get("cursor")
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        there = await listing.there(tx.conn)
        if metric is None and kind is None:
            return render(request, "metrics_start.html", who, **around, place="metrics", there=there, kinds=KINDS)
        asked = listing.wanted(there, metric, kind, q)
        behind = str(read_cursor(after, 1)[0]) if after else None
        rows = [figure(data) for data in await listing.page(tx.conn, asked, after=behind, limit=_PAGE)]
        beside = await figures.several(tx.conn, [("M3", f.scope) for f in rows]) if asked.metric != "M3" else {}
        names = await titles(tx.conn, [f.scope for f in rows])
    following = cursor(rows[-1].scope) if len(rows) == _PAGE else None
    trends = await listed(request, who, asked.metric, rows)
    return render(
        request,
        "metrics.html",
        who,
        **around,
        place="metrics",
        titles=names,
        chosen={"metric": asked.metric, "kind": asked.kind, "q": asked.q},
        exports={form.upper(): asked.address(f"/metrics/export.{form}") for form in ("csv", "json")},
        there=there,
        kinds=KINDS,
        figures=rows,
        trends=trends,
        scored=SCORED,
        bounds=bounds,
        strength={f.scope: figure(beside["M3", f.scope]) for f in rows if ("M3", f.scope) in beside},
        next=next_address(request, following) if following else None,
    )


@router.get("/metrics/{metric}")
async def show_figure(
    request: Request,
    who: Reader,
    metric: str,
    scope: str = "global",
    project: Annotated[str | None, Query(max_length=256)] = None,
    indicator: Annotated[str | None, Query(max_length=256)] = None,
    limit: Annotated[int, Query(ge=1, le=MANY)] = FEW,
    trend: Annotated[str, Query(pattern="^(known|valid)?$")] = "",
) -> Response:
    """One figure, now or as of two dates. Without scoring or intake it still shows, and says what cannot be read."""
    wanted = parsed(scope)
    when = dates.moments(request.query_params)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        data = await figures.one(tx.conn, metric, wanted)
        if data is None:
            of = scope_name(wanted, areas=areas(), titles={})
            raise nothing(_("%(metric)s of %(scope)s", metric=said(words.metric(metric).name), scope=of))
        beside = await figures.several(tx.conn, [("M3", wanted)])
        current = figure(data)
        cause = current.cause or {}
        moved = await named(tx.conn, [cause.get("project_id") or ""], [cause.get("entity") or ""])
        names = {**moved, **await titles(tx.conn, [wanted])}
    kind = wanted.partition(":")[0]
    name = scope_name(wanted, areas=areas(), titles=names)
    about = {"metric_name": said(words.metric(metric).name), "scope_name": name}
    told = await _two(request, who, current, when)
    found, than = told.at.figure or current, told.than
    if than is not None and than.figure is not None:
        found = replace(found, previous=than.figure.value if than.figure.shown else None)
    fixed = told.at.figure is not None and when.at.past
    way = Wanted(project, indicator, limit, when.at.asked if fixed else {}, when.query)
    made, made_then = Explained(failed=_kept_back(found)), None
    drawing = None
    if not found.kept_back:
        made = await explained(request, who, found, way, **about)
        drawing = await trended(request, who, current, trend, when)
        if than is not None and than.figure is not None:
            there = Wanted(project, indicator, limit, than.moment.asked, when.query, compared=True)
            made_then = await explained(request, who, than.figure, there, **about)
    under = scenarios(found)
    return render(
        request,
        "metric.html",
        who,
        **around,
        place="metrics",
        titles=names,
        figure=found,
        fixed=fixed,
        metric=words.metric(metric),
        title=_("%(first)s, %(second)s", first=said(words.metric(metric).name), second=name),
        kind=kind,
        indicators=_indicators(found),
        strength=_strength(current, beside, wanted, fixed),
        pace=words.STATUSES.get(str(found.parts.get("status") or "")),
        twins=_twins(found),
        sentence=sentence(found),
        data_address=f"/api/v1/metrics/{quote(metric)}?{urlencode({'scope': wanted} | when.at.asked)}",
        page_address=dated(figure_address(metric, wanted), when.query),
        now_address=figure_address(metric, wanted),
        figure_address=lambda code, of: dated(figure_address(code, of), when.query),
        path=made.path,
        failed=made.failed,
        parts=made.parts,
        moves=made.moves,
        missing=await lacking(request, who, found, made, when),
        balance=balance(found) if metric == "M7" else None,
        national=await national(request, who, found),
        details=[row for row in details(metric, found.parts) if not (under and row.label == SCENARIOS)],
        when=when,
        than=than,
        two=told,
        told=await told_of(request, who, "metric", wanted, metric),
        presets=dates.presets(now().date(), around["visit"].at if around["visit"] else None),
        snapshots=await snapshots(request, who),
        made_then=made_then,
        scenarios=under,
        outermost=outermost(under),
        trend=drawing,
        statuses=_statuses(found),
        reader=_reader(who.principal, found, made),
    )


@dataclass(frozen=True, slots=True)
class Two:
    """The figure as of the page's moment and as of the one it is compared with, and what was revised between."""

    at: Then
    than: Then | None
    revisions: Revisions | None
    fault: str = ""


async def _two(request: Request, who: Caller, current: Figure, when: Moments) -> Two:
    if when.fault:
        return Two(Then(when.at, None), None, None, when.fault)
    if current.kept_back:
        return Two(Then(when.at, None), None, None)
    at = await then(request, who, current, when.at) if when.at.past else Then(when.at, current)
    than = await then(request, who, current, when.than) if when.than is not None else None
    return Two(at, than, await revisions(request, who, current, when))


def _strength(found: Figure, beside: dict[tuple[str, str], Any], scope: str, fixed: bool) -> Figure | None:
    """How strong the evidence is, beside a figure that stands now."""
    if found.metric == "M3" or found.kept_back or fixed or ("M3", scope) not in beside:
        return None
    own = figure(beside["M3", scope])
    return own if own.shown else None


def _kept_back(found: Figure) -> dict[str, str] | None:
    """In the place of how the figure is made, for a reader who is not told the figure."""
    if not found.kept_back:
        return None
    return {
        "title": _("How it is made is withheld with it."),
        "text": said(words.WITHHELD[found.kept_back].text) + _("."),
    }


def _indicators(found: Figure) -> dict[str, int] | None:
    counts = found.parts.get("indicators")
    if isinstance(counts, dict) and {"observed", "expected"} <= counts.keys() and counts["expected"]:
        return {"observed": int(counts["observed"]), "expected": int(counts["expected"])}
    return None


def _twins(found: Figure) -> list[dict[str, object]]:
    """The same figure weighted by budget, under the headline."""
    parts = found.parts
    if found.metric != "M4" or parts.get("by_budget") is None:
        return []
    twin = {
        "mean": parts["by_budget"],
        "state": parts.get("by_budget_state"),
        "lower": parts.get("by_budget_lower"),
        "upper": parts.get("by_budget_upper"),
    }
    return [
        {
            "figure": part_figure(found, twin),
            "label": _("By budget: %(value)s", value=numbers.percent(parts["by_budget"])),
        }
    ]


def _statuses(found: Figure) -> list[dict[str, object]]:
    """The histogram of M2, in the order of health."""
    counts = found.parts.get("histogram")
    if found.metric != "M2" or not isinstance(counts, dict) or not counts:
        return []
    whole = sum(counts.values())
    return [
        {"word": word, "count": counts[code], "share": counts[code] * numbers.MICRO // whole}
        for code, word in words.STATUSES.items()
        if counts.get(code)
    ]


def _reader(principal: Principal, found: Figure, made: Explained) -> str:
    """As whom the page is read, and what is left out for that reason."""
    roles = {
        "entity": N_("You read this as an entity of the Compact."),
        "member-state": N_("You read this as a Member State."),
        "secretariat": N_("You read this as the secretariat."),
        "donor": N_("You read this as a donor."),
        "operator": N_("You read this as an operator."),
    }
    text = said(roles.get(principal.role, ""))
    if made.hidden and found.metric in OF_SUBJECTS:
        text += " " + ngettext(
            "One part is not yours to read: counted in the figure, not named here.",
            "%(n)s parts are not yours to read: counted in the figure, not named here.",
            made.hidden,
        )
    elif made.hidden:
        text += " " + ngettext(
            "One of %(all)s projects is not yours to read: counted in the figure, not named here.",
            "%(n)s of %(all)s projects are not yours to read: counted in the figure, not named here.",
            made.hidden,
            all=numbers.grouped(found.projects),
        )
    return text.strip()
