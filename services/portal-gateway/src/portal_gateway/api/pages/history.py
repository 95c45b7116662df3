"""Every version of a project: what changed, when, by whose word and why; and two versions side by side."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import Response

from portal_gateway.api import versions
from portal_gateway.api.answers import next_address, nothing, place_of
from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.frame import frame, reader, render, router
from portal_gateway.api.pages.past import CAUSES
from portal_gateway.api.pages.summary import summary
from portal_gateway.domain.project.history import KINDS
from portal_gateway.domain.speech.language import _
from portal_gateway.store import history, projects
from portal_gateway.web.render import project_address
from runtime.http import cursor

_PAGE: Final = 30
SHOWN: Final = 5
"""Versions on the project's own page."""
_LONGEST: Final = 200

Reader = Annotated[Caller, Depends(reader)]


@router.get("/projects/{project_id:path}/history")
async def show_history(request: Request, who: Reader, project_id: str, kind: str = "") -> Response:
    """The versions of a project, the newest first, of one kind or all."""
    offset = place_of(request.query_params.get("cursor"))
    kinds = [kind] if kind in KINDS else []
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        project = await projects.one(tx.conn, project_id)
        if project is None:
            raise nothing(_("Project %(id)s", id=project_id))
        rows = await history.page(tx.conn, project_id, kinds=kinds, offset=offset, limit=_PAGE)
        by = await versions.telling(tx.conn, project, rows)
        counts = await history.counts(tx.conn, project_id)
    total = sum(counts.get(name, 0) for name in kinds) if kinds else sum(counts.values())
    following = cursor(offset + _PAGE) if offset + _PAGE < total else None
    return render(
        request,
        "history.html",
        who,
        **around,
        place="projects",
        project=summary(project),
        entries=[entry(project_id, versions.told(row, by)) for row in rows],
        total=total,
        kinds=[(name, KINDS[name], counts[name]) for name in KINDS if counts.get(name)],
        kind=kind if kinds else "",
        causes=CAUSES,
        next=next_address(request, following) if following else None,
        data_address=f"/api/v1{request.url.path}",
    )


@router.get("/projects/{project_id:path}/versions")
async def compare(
    request: Request, who: Reader, project_id: str, part: str, one: str = "", other: str = ""
) -> Response:
    """Two versions of one part side by side; without a choice the last two."""
    async with transaction(request, who) as tx:
        around = await frame(tx.conn, request, who)
        project = await projects.one(tx.conn, project_id)
        rows = await history.of_part(tx.conn, project_id, part[:2000]) if project is not None else []
        if project is None or not rows:
            raise nothing(_("A version of %(project)s", project=project_id))
        by = await versions.telling(tx.conn, project, rows)
    place = {row["version"]: n for n, row in enumerate(rows)}
    newer = place.get(other, 0)
    older = place.get(one, min(newer + 1, len(rows) - 1))
    older, newer = max(older, newer), min(older, newer)
    left, right = versions.fields(rows[older], by), versions.fields(rows[newer], by)
    told = versions.told(rows[newer], by)
    return render(
        request,
        "versions.html",
        who,
        **around,
        place="projects",
        project=summary(project),
        title=told["what"],
        title_lang=told["lang"],
        part=part,
        choices=[{"version": row["version"], "number": row["number"], "at": row["at"]} for row in rows],
        older=_head(project_id, versions.told(rows[older], by)),
        newer=_head(project_id, told),
        lines=[
            {
                "what": name,
                "older": left.get(name, ""),
                "newer": right.get(name, ""),
                "same": left.get(name) == right.get(name),
            }
            for name in dict.fromkeys([*right, *left])
        ],
        causes=CAUSES,
    )


def entry(project_id: str, told: dict[str, Any]) -> dict[str, Any]:
    """A version as a list shows it: long texts shortened, with the address of its comparison."""
    query = {"part": told["part"], "other": told["version"]} | ({"one": told["replaces"]} if told["replaces"] else {})
    return _head(project_id, told) | {
        "changes": [
            {"what": c["what"], "before": _short(c["before"]), "after": _short(c["after"])} for c in told["changes"]
        ],
        "compare": f"{project_address(project_id)}/versions?{urlencode(query)}",
    }


def _head(project_id: str, told: dict[str, Any]) -> dict[str, Any]:
    source = f"/receipts/{told['submission_id']}" if told["receipt"] else ""
    return told | {"project_id": project_id, "source": source}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…"
