"""Figures: the index, and one figure with the line down to where it came from."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request
from starlette.responses import Response

from portal_gateway.api.answers import next_address, nothing, parsed
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.chain import part_figure
from portal_gateway.api.pages.explanation import FEW, MANY, Explained, Wanted, explained
from portal_gateway.api.pages.frame import frame, reader, render, router, titles
from portal_gateway.api.pages.national import national
from portal_gateway.api.pages.past import CAUSES, past
from portal_gateway.api.pages.subscriptions import told_of
from portal_gateway.domain import numbers, words
from portal_gateway.domain.balance import balance
from portal_gateway.domain.details import details
from portal_gateway.domain.language import N_, _, ngettext, said
from portal_gateway.domain.names import KINDS, scope_name
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures
from portal_gateway.web.render import areas, figure_address
from runtime.access import Principal
from runtime.http import cursor, read_cursor

_PAGE: Final = 50
_SENTENCES: Final = {
    "M3": N_(
        "Where every value were beyond doubt this would be 100%%; it is %(value)s%%. What is missing counts as nothing."
    ),
    "M5": N_(
        "%(positive)s of the %(evaluated)s evaluated projects were found to do well. Projects are not evaluated by lot,"
        " so the interval is indicative."
    ),
    "M6": N_("Of the outcomes and impact set out, %(value)s%% is reported as achieved: contribution, not attribution."),
    "M8": N_(
        "%(value)s%% of the projects that were screened have gender equality as a significant or principal objective."
    ),
    "M9": N_("In %(year)s, %(value)s%% of coded expenditure has gender equality as its principal objective."),
    "M10": N_("The highest open risk scores %(residual)s of 25."),
    "M11": N_("%(value)s%% of what is required is available; an over-funded project covers no other."),
    "M12": N_(
        "Among %(projects)s projects, %(pairs)s pairs that may be one project reported twice wait for a decision."
        " Nothing is merged by itself."
    ),
    "M13": N_(
        "%(value)s%% of what countries need is met, by weight; %(unaddressed)s of %(needs)s needs have no project at"
        " all."
    ),
    "M15": N_("%(value)s%% of what was due was reported in time; a late report counts for less the later it comes."),
    "M17": N_("The geometric mean of the four pillars: where one is weak, the others do not make up for it."),
}

Reader = Annotated[Caller, Depends(reader)]


@router.get("/metrics")
async def list_figures(
    request: Request,
    who: Reader,
    metric: Annotated[str, Query(pattern=r"^M\d{1,2}$")] = "M4",
    kind: Annotated[str, Query(max_length=20)] = "pillar",
) -> Response:
    """Figures of one metric over one kind of scope, in the order of scopes."""
    after = request.query_params.get("cursor")
    behind = (metric, str(read_cursor(after, 1)[0])) if after else None
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        rows = [
            figure(data) for data in await figures.page(tx.conn, metric=metric, kind=kind, after=behind, limit=_PAGE)
        ]
        names = await titles(tx.conn, [f.scope for f in rows])
    following = cursor(rows[-1].scope) if len(rows) == _PAGE else None
    return render(
        request,
        "metrics.html",
        who,
        **around,
        place="metrics",
        titles=names,
        chosen={"metric": metric, "kind": kind},
        kinds=KINDS,
        figures=rows,
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
    known_as_of: Annotated[str | None, Query(max_length=40)] = None,
    valid_as_of: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """One figure. Without scoring or intake it still shows, and says what cannot be read now."""
    wanted = parsed(scope)
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        data = await figures.one(tx.conn, metric, wanted)
        if data is None:
            raise nothing(f"{metric} of {scope}")
        names = dict(await titles(tx.conn, [wanted]))
    found = figure(data)
    kind = wanted.partition(":")[0]
    name = scope_name(wanted, areas=areas(), titles=names)
    way = Wanted(project, indicator, limit)
    made = Explained(failed=_kept_back(found))
    if not found.kept_back:
        made = await explained(request, who, found, way, metric_name=said(words.metric(metric).name), scope_name=name)
    days = {"known_as_of": known_as_of, "valid_as_of": valid_as_of}
    then = await past(request, who, found, known_as_of or None, valid_as_of or None)
    made_then = None
    if then is not None and then["figure"] is not None:
        there = Wanted(project, indicator, limit, {name: day for name, day in days.items() if day})
        made_then = await explained(
            request, who, then["figure"], there, metric_name=said(words.metric(metric).name), scope_name=name
        )
    return render(
        request,
        "metric.html",
        who,
        **around,
        told=await told_of(request, who, "metric", wanted, metric),
        place="metrics",
        titles=names,
        figure=found,
        metric=words.metric(metric),
        title=_("%(first)s, %(second)s", first=said(words.metric(metric).name), second=name),
        kind=kind,
        indicators=_indicators(found),
        pace=words.STATUSES.get(str(found.parts.get("status") or "")),
        twins=_twins(found),
        sentence=_sentence(found, name),
        data_address=f"/api/v1/metrics/{quote(metric)}?{urlencode({'scope': wanted})}",
        page_address=figure_address(metric, wanted),
        path=made.path,
        failed=made.failed,
        parts=made.parts,
        moves=made.moves,
        balance=balance(found) if metric == "M7" else None,
        national=await national(request, who, found),
        details=details(metric, found.parts),
        past=then,
        made_then=made_then,
        causes=CAUSES,
        statuses=_statuses(found),
        reader=_reader(who.principal, found, made),
    )


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


def _sentence(found: Figure, name: str) -> str:
    """The figure as a person would say it."""
    if found.kept_back:
        return _(
            "%(reason)s. The entities of the Compact and the secretariat read it; what single projects publish is open"
            " to all.",
            reason=said(words.WITHHELD[found.kept_back].text),
        )
    if found.metric not in {"M1", "M4"}:
        return _other(found)
    if found.metric == "M1" and found.scope.startswith("project:") and found.value is None:
        return _("The attainments of its indicators stand side by side; they have no sum. Choose one below.")
    lower, upper = found.lower, found.upper
    bounds = ""
    if lower is not None and upper is not None and lower != upper:
        bounds = " " + _(
            "If everything not reported had failed it would be %(lower)s%%; if it had all succeeded, %(upper)s%%.",
            lower=numbers.percent(lower),
            upper=numbers.percent(upper),
        )
    if found.metric == "M1" and found.value is None:
        return _("Nothing that can be scored is reported, so it may be anywhere.")
    if not found.shown or found.value is None:
        little = _(
            "%(share)s%% of what is due is known, too little for a figure. The interval is shown all the same.",
            share=numbers.percent(found.known),
        )
        return little + bounds
    return _far(found, numbers.percent(found.value)) + bounds


def _far(found: Figure, value: str) -> str:
    """How far the work has gone, of whatever the figure is about."""
    match found.scope.partition(":")[0]:
        case "indicator":
            return _("The indicator has gone %(value)s%% of the way from baseline to target.", value=value)
        case "project":
            return _("The project has gone %(value)s%% of the way from baseline to target.", value=value)
        case _other:
            return ngettext(
                "The one project has gone %(value)s%% of the way from baseline to target.",
                "The %(projects)s projects have gone %(value)s%% of the way from baseline to target.",
                found.projects,
                projects=numbers.grouped(found.projects),
                value=value,
            )


def _other(found: Figure) -> str:
    """Any other figure in a sentence; of a metric of a later method none is said."""
    if not found.shown or found.value is None:
        return ""
    value = numbers.percent(found.value)
    if found.metric in _SENTENCES:
        return _(_SENTENCES[found.metric], value=value, **_amounts(found))
    if found.metric not in {"M2", "M7"}:
        return ""
    if found.metric == "M7":
        return _("The pillar with the least money has %(value)s%% of all that is allocated to a pillar.", value=value)
    if found.scope.startswith("indicator:"):
        return _("At the last report %(value)s%% of what was planned by then was reached.", value=value)
    return _(
        "%(value)s%% of the indicators that can be judged are achieved, maintained or on track, by weight.", value=value
    )


def _amounts(found: Figure) -> dict[str, str]:
    """The parts that a sentence names."""
    names = ("positive", "evaluated", "residual", "needs", "unaddressed", "pairs", "projects")
    counts = {name: numbers.grouped(int(found.parts.get(name) or 0)) for name in names}
    return counts | {"year": str(found.parts.get("year") or "")}


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
    if made.hidden:
        text += " " + ngettext(
            "One of %(all)s projects is not yours to read: counted in the figure, not named here.",
            "%(n)s of %(all)s projects are not yours to read: counted in the figure, not named here.",
            made.hidden,
            all=numbers.grouped(found.projects),
        )
    return text.strip()
