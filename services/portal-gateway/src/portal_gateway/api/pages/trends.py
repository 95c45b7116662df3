"""Figures over time, asked of scoring: one for its own page, many for a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request

from portal_gateway.api.caller import Caller
from portal_gateway.clients.services import Scoring
from portal_gateway.clients.upstream import UpstreamError
from portal_gateway.domain.drawing.trend import Point, Trend, trend, trends
from portal_gateway.domain.moments import Moments
from portal_gateway.domain.speech import numbers
from portal_gateway.domain.speech.language import _, language
from portal_gateway.domain.view import Figure
from portal_gateway.web.render import is_mirrored

_OWN = ("project", "indicator")
_SHORT = frozenset({"minute", "ten-minutes", "hour"})
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


@dataclass(frozen=True, slots=True)
class Row:
    """The trend of one figure in a list: the drawing, and in words what it comes to."""

    drawing: Trend
    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    """The trends of a list by scope, on one axis from ``begin`` to ``end``, or why there are none."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    begin: str = ""
    end: str = ""
    failed: str = ""


async def listed(request: Request, who: Caller, metric: str, figures: Sequence[Figure]) -> Listed:
    """How the figures of a list came to be what they are, as it was known at the time: one question for all."""
    scoring: Scoring = request.app.state.scoring
    scopes = [f.scope for f in figures if not f.kept_back]
    if not scopes:
        return Listed()
    try:
        told = await scoring.trends(who.token, metric, scopes)
    except UpstreamError as error:
        return Listed(failed=error.said)
    drawings = trends(told, mirrored=is_mirrored(language()))
    if len(told["at"]) < 2:
        return Listed()
    begin, end = (datetime.fromisoformat(told["at"][n]) for n in (0, -1))
    return Listed(
        {scope: Row(drawing, came_to(drawing, begin)) for scope, drawing in drawings.items()},
        _when(begin, told["step"]),
        _when(end, told["step"]),
    )


def came_to(drawing: Trend, begin: datetime) -> str:
    """The way from the first value to the last, since when where that is later than the axis begins."""
    valued = [point for point in drawing.points if point.value is not None]
    if not valued:
        return _("no value")
    at = valued[0].at
    moment = _("%(time)s UTC", time=f"{at:%H:%M}") if drawing.step in _SHORT else numbers.day(at)
    since = moment if at > begin else ""
    if drawing.last.value is None:
        return _("was %(value)s%%", value=numbers.percent(valued[-1].value or 0))
    if len(valued) == 1:
        return _("since %(moment)s", moment=since) if since else ""
    change = _change(valued)
    return _("%(change)s since %(moment)s", change=change, moment=since) if since else change


def _change(valued: Sequence[Point]) -> str:
    change = numbers.points((valued[-1].value or 0) - (valued[0].value or 0))
    return _("unchanged") if change == numbers.points(0) else _("%(points)s points", points=change)


def _when(at: datetime, step: str) -> str:
    """A moment as exactly as the steps are apart."""
    return numbers.instant(at) if step in _SHORT else numbers.day(at)
