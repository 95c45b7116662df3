"""The first page: four pillars side by side, resources, what changed, alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router, titles
from portal_gateway.domain import words
from portal_gateway.domain.balance import Balance, balance
from portal_gateway.domain.language import _, said
from portal_gateway.domain.scope import PILLARS
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures, projects

_CHANGES: Final = ("pillar", "country", "entity", "region", "theme")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as a line of a list."""

    raised_at: datetime
    to: str
    title: str
    text: str
    project_id: str | None


@router.get("/")
async def overview(request: Request, who: Annotated[Caller, Depends(reader)]) -> Response:
    """The Strategy at a glance."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        keys = [("M4", f"pillar:{code}") for code in PILLARS] + [("M7", "global")]
        found = {key: figure(data) for key, data in (await figures.several(tx.conn, keys)).items()}
        changes = [figure(data) for data in await figures.latest(tx.conn, _CHANGES, 6)]
        raised = await figures.alerts(tx.conn, limit=6)
        count, entities = await projects.totals(tx.conn)
        names = await titles(tx.conn, [f.scope for f in changes] + [scope for a in raised for scope in _scopes(a)])
    return render(
        request,
        "overview.html",
        who,
        **around,
        place="overview",
        titles=names,
        counts={"projects": count, "entities": entities},
        pillars=[{"code": code, "figure": found.get(("M4", f"pillar:{code}"))} for code in PILLARS],
        balance=_balance(found.get(("M7", "global"))),
        changes=changes,
        alerts=[_alert(data, names) for data in raised],
    )


@router.get("/about")
async def about(request: Request, who: Annotated[Caller, Depends(reader)]) -> Response:
    """How figures are made, and every flag with its remedy."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
    return render(request, "about.html", who, **around)


def _balance(m7: Figure | None) -> Balance | None:
    return balance(m7) if m7 else None


def _scopes(alert: dict[str, Any]) -> list[str]:
    """What an alert speaks of: its project, and the indicator if there is one."""
    project_id, indicator_id = alert.get("project_id"), alert.get("indicator_id")
    found = [f"project:{project_id}"] if project_id else []
    return [*found, f"indicator:{project_id}|{indicator_id}"] if project_id and indicator_id else found


def _alert(data: dict[str, Any], names: Mapping[str, str]) -> Alert:
    """An alert with the titles of what it speaks of; the sender's words where they are not known."""
    project_id, before = data.get("project_id"), words.STATUSES.get(data.get("from") or "")
    indicator = names.get(f"indicator:{project_id}|{data.get('indicator_id')}")
    text = data["text"]
    if indicator:
        text = _("%(title)s, was: %(status)s", title=indicator, status=said(before.text)) if before else indicator
    return Alert(
        raised_at=datetime.fromisoformat(data["raised_at"]),
        to=data.get("to") or "",
        title=names.get(project_id or "") or project_id or data["scope"],
        text=text,
        project_id=project_id,
    )
