"""The first page: four pillars side by side, resources, what changed since the last visit, alerts, freshness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, now, reader, render, router, titles
from portal_gateway.api.pages.since import since
from portal_gateway.domain import mix
from portal_gateway.domain.balance import balance
from portal_gateway.domain.freshness import YEAR, Fresh, fresh
from portal_gateway.domain.heard import heard
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.speech import words
from portal_gateway.domain.speech.language import language, said
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures, freshness, projects
from portal_gateway.web.render import is_mirrored
from runtime.access import Principal

_FRESH: Final = 8
"""Entities listed at first: those that have been silent longest."""
_ALERTS: Final = 6
_LATEST: Final = 60
"""Alerts that are looked at: of each project the latest is shown, the others counted."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as a line of a list."""

    raised_at: datetime
    to: str
    title: str
    text: str
    was: str
    project_id: str | None
    more: int


@router.get("/")
async def overview(
    request: Request, who: Annotated[Caller, Depends(reader)], entities: str = "", changes: str = ""
) -> Response:
    """The Strategy at a glance; ``entities=all`` and ``changes=all`` list what is else only counted."""
    mirrored = is_mirrored(language())
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        keys = [(metric, f"pillar:{code}") for code in PILLARS for metric in ("M2", "M3", "M4", "M13")]
        found = {key: figure(data) for key, data in (await figures.several(tx.conn, [*keys, ("M7", "global")])).items()}
        raised = _by_project(await figures.alerts(tx.conn, limit=_LATEST))
        count, _entities = await projects.totals(tx.conn)
        reported = await freshness.by_entity(tx.conn)
        countries = await figures.count(tx.conn, "M4", "country")
        names = dict(await titles(tx.conn, [scope for a in raised for scope in _scopes(a[0])] + _own(who.principal)))
    news = await since(request, who, around["visit"], everything=changes == "all")
    silent = [_fresh(one) for one in reported]
    m7 = found.get(("M7", "global"))
    return render(
        request,
        "overview.html",
        who,
        **around,
        place="overview",
        own=_own(who.principal),
        titles={**names, **news.titles},
        counts={
            "projects": count,
            "entities": len(silent),
            "reporting": sum(1 for one in silent if now() - one.last <= YEAR),
            "countries": countries,
        },
        pillars=[
            {
                "code": code,
                "figure": found.get(("M4", f"pillar:{code}")),
                "evidence": mix.evidence(found.get(("M3", f"pillar:{code}")), mirrored=mirrored),
                "pace": mix.pace(found.get(("M2", f"pillar:{code}")), mirrored=mirrored),
            }
            for code in PILLARS
        ],
        withheld=[
            f for f in (found.get(("M4", f"pillar:{code}")) for code in PILLARS) if f is not None and not f.shown
        ],
        tones=mix.TONES,
        balance=balance(m7, _needs(found)) if m7 is not None else None,
        news=news,
        alerts=[_alert(latest, names, more=len(earlier)) for latest, *earlier in raised],
        freshness=silent if entities == "all" else silent[:_FRESH],
        silent=len(silent),
    )


@router.get("/about")
async def about(request: Request, who: Annotated[Caller, Depends(reader)]) -> Response:
    """How figures are made, and every flag with its remedy."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(request, "about.html", who, **around)


def _own(principal: Principal) -> list[str]:
    """The scope whose page is the reader's own, that of their organisation or State, as a list of one or none."""
    if principal.organisation:
        return [f"entity:{principal.organisation}"]
    return [f"country:{principal.country}"] if principal.country else []


def _needs(found: Mapping[tuple[str, str], Figure]) -> dict[str, int]:
    """Registered needs by pillar; none where a pillar's are withheld, because shares of the others would be wrong."""
    counted = {code: found.get(("M13", f"pillar:{code}")) for code in PILLARS}
    if any(f is not None and f.kept_back for f in counted.values()):
        return {}
    return {code: int(f.parts.get("needs") or 0) for code, f in counted.items() if f is not None}


def _fresh(one: freshness.Reported) -> Fresh:
    return fresh(
        one.entity,
        one.name or one.entity,
        one.projects,
        changed=one.changed_at,
        received=one.received_at,
        reporting=figure(one.reporting | {"seq": 0}) if one.reporting is not None else None,
        now=now(),
    )


def _by_project(raised: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Alerts of one thing together, the latest first: one project that moves much leaves room for the others."""
    found: dict[str, list[dict[str, Any]]] = {}
    for alert in raised:
        found.setdefault(alert.get("project_id") or alert["scope"], []).append(alert)
    return list(found.values())[:_ALERTS]


def _scopes(alert: dict[str, Any]) -> list[str]:
    """What an alert speaks of: its project, and the indicator if there is one."""
    project_id, indicator_id = alert.get("project_id"), alert.get("indicator_id")
    found = [f"project:{project_id}"] if project_id else []
    return [*found, f"indicator:{project_id}|{indicator_id}"] if project_id and indicator_id else found


def _alert(data: dict[str, Any], names: Mapping[str, str], *, more: int) -> Alert:
    """An alert with the titles of what it speaks of; the sender's words where they are not known."""
    project_id, before = data.get("project_id"), words.STATUSES.get(data.get("from") or "")
    indicator = names.get(f"indicator:{project_id}|{data.get('indicator_id')}")
    return Alert(
        raised_at=datetime.fromisoformat(data["raised_at"]),
        to=data.get("to") or "",
        title=names.get(project_id or "") or project_id or data["scope"],
        text=indicator or heard(data["text"]),
        was=said(before.text) if indicator and before else "",
        project_id=project_id,
        more=more,
    )
