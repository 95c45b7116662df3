"""A figure over time, asked of scoring for the page of the figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.drawing.trend import Trend, trend
from portal_gateway.domain.moments import Moments
from portal_gateway.domain.speech.language import _, language
from portal_gateway.domain.view import Figure
from portal_gateway.web.render import is_mirrored

_OWN = ("project", "indicator")
_ROOM = 25
"""Per cent of the width that a moment's name may take."""


@dataclass(frozen=True, slots=True)
class Trended:
    """The drawing, or why there is none; ``marks`` are the page's moments on it, each with its place and its name."""

    by: str
    drawing: Trend | None
    marks: list[tuple[str, str]] = field(default_factory=list)
    failed: str = ""


async def trended(request: Request, who: Caller, figure: Figure, by: str, when: Moments) -> Trended:
    """By what was valid for one project, which is replayed at once; else by what was known, unless asked otherwise."""
    wanted = by or ("valid" if figure.scope.partition(":")[0] in _OWN else "known")
    scoring: Scoring = request.app.state.scoring
    try:
        told = await scoring.series(who.token, figure.metric, figure.scope, by=wanted)
    except UpstreamError as error:
        return Trended(wanted, None, failed=error.said)
    mirrored = is_mirrored(language())
    drawing = trend(told, mirrored=mirrored)
    marks = []
    for moment, name in ((when.than, when.than.short() if when.than else ""), (when.at, when.at.short())):
        if moment is None or moment.fault:
            continue
        text = moment.valid if wanted == "valid" else moment.until()
        at = datetime.fromisoformat(text) if text else drawing.last.at
        if (
            place := drawing.place(at if at.tzinfo else at.replace(tzinfo=drawing.last.at.tzinfo), mirrored)
        ) is not None:
            marks.append((place, name if moment.past else _("Now")))
    if len(marks) == 2 and abs(float(marks[0][0]) - float(marks[1][0])) < _ROOM:
        marks[0] = (marks[0][0], "")  # its date stands at the head of the page, and two names would overlap
    return Trended(wanted, drawing, marks)
