"""Why something is missing from a figure: what, whose, since when, and what would bring it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import Request

from portal_gateway.api.caller import Caller, transaction
from portal_gateway.api.pages.explanation import Explained, dated
from portal_gateway.api.pages.frame import titles
from portal_gateway.domain.moments import Moments
from portal_gateway.domain.speech.language import _
from portal_gateway.domain.speech.numbers import whole_percent
from portal_gateway.domain.view import Figure, figure
from portal_gateway.store import figures, projects
from portal_gateway.web.render import figure_address, project_address

_OWN_FLAGS: Final = frozenset(
    {"NO_RESULTS", "OUTPUTS_WITHOUT_OUTCOMES", "STALE", "SUSPENDED", "MISSING", "WITHHELD", "NO_ACTUAL"}
)
"""Flags of a project that say why something of it is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is missing: the codes of why, whose it is, and since when."""

    title: str
    address: str
    owner: str
    reasons: tuple[str, ...]
    note: str
    since: str
    changed: datetime | None


@dataclass(frozen=True, slots=True)
class Lacking:
    """Indicators of the project on the line, and the projects of a total whose missing parts could move it most."""

    project: str
    project_address: str
    owner: str
    indicators: list[Row]
    projects: list[Row]


async def lacking(request: Request, who: Caller, found: Figure, made: Explained, when: Moments) -> Lacking | None:
    """What the page says of what is missing; None where nothing is."""
    total = not found.scope.startswith(("project:", "indicator:"))
    wanted = [row["id"] for row in made.moves.missing] if made.moves is not None and total else []
    if not (made.missing or wanted):
        return None
    async with transaction(request, who) as tx:
        about = await projects.about(tx.conn, [*wanted, made.missing_of])
        states = await figures.several(tx.conn, [("M4", f"project:{name}") for name in wanted])
        names = await titles(tx.conn, [f"project:{name}" for name in [*wanted, made.missing_of]])
    rows = []
    for name in wanted:
        whose = about.get(name)
        own = figure(states["M4", f"project:{name}"]) if ("M4", f"project:{name}") in states else None
        known = _("%(share)s%% known", share=whole_percent(own.known)) if own is not None else ""
        flags = tuple(code for code in (own.flags if own is not None else ()) if code in _OWN_FLAGS)
        address = dated(figure_address("M4", f"project:{name}"), when.query) + "#missing"
        owner = (whose[1] or whose[0]) if whose else ""
        rows.append(Row(names.get(name, name), address, owner, flags, known, "", whose[2] if whose else None))
    own_project = about.get(made.missing_of)
    return Lacking(
        project=names.get(made.missing_of, made.missing_of),
        project_address=project_address(made.missing_of) if own_project else "",
        owner=(own_project[1] or own_project[0]) if own_project else "",
        indicators=[
            Row(
                m.title,
                dated(figure_address("M1", f"indicator:{made.missing_of}|{m.id}"), when.query),
                "",
                m.reasons,
                "",
                m.since,
                None,
            )
            for m in made.missing
        ],
        projects=rows,
    )
