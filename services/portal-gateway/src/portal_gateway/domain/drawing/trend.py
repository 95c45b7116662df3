"""A figure over time as a drawing: a band from worst to best, a line where a value was said, a gap where none was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal_gateway.domain.drawing.figure import MARKS
from portal_gateway.domain.speech.numbers import MICRO

HEIGHT: Final = 200
"""Pixels from 0 to 100 %."""

WIDTH: Final = 1000
"""Units of the drawing's own width, which is stretched to the page's."""


@dataclass(frozen=True, slots=True)
class Point:
    """One instant: where it stands, in per cent and pixels from the top, and what was said; ``y`` None is a gap."""

    at: datetime
    x: str
    y: str | None
    value: int | None
    lower: int | None
    upper: int | None
    known: int
    state: str
    look: str
    withheld: str | None


@dataclass(frozen=True, slots=True)
class Trend:
    """``lines`` and ``bands`` are paths in ``WIDTH`` by ``HEIGHT``; a gap parts them."""

    points: tuple[Point, ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    by: str
    step: str

    @property
    def drawn(self) -> bool:
        """Whether there is anything to draw: one point is no trend."""
        return len(self.points) > 1

    @property
    def first(self) -> Point:
        """The earliest."""
        return self.points[0]

    @property
    def last(self) -> Point:
        """The latest."""
        return self.points[-1]

    def place(self, at: datetime, mirrored: bool) -> str | None:
        """Where an instant stands, per cent; None outside the drawing."""
        begin, end = self.first.at, self.last.at
        return _x(at, begin, end, mirrored) if self.drawn and begin <= at <= end else None


def trend(told: Mapping[str, Any], *, mirrored: bool, ends: tuple[datetime, datetime] | None = None) -> Trend:
    """Read scoring's series; ``ends`` are those of the drawing, where it is wider than what is drawn."""
    items: Sequence[Mapping[str, Any]] = told["items"]
    times = [datetime.fromisoformat(item["at"]) for item in items]
    begin, end = ends or (times[0], times[-1])
    points = tuple(_point(item, at, _x(at, begin, end, mirrored)) for item, at in zip(items, times, strict=True))
    lines = [_line([(p.x, p.y or "") for p in run]) for run in _runs(points, lambda p: p.y is not None) if len(run) > 1]
    bands = []
    for run in _runs(points, lambda p: p.lower is not None and p.upper is not None):
        upper = [(p.x, _y(p.upper or 0)) for p in run]
        lower = [(p.x, _y(p.lower or 0)) for p in reversed(run)]
        if len(run) > 1:
            bands.append(_line([*upper, *lower]) + "z")
    return Trend(points, tuple(lines), tuple(bands), told["by"], told["step"])


def trends(told: Mapping[str, Any], *, mirrored: bool) -> dict[str, Trend]:
    """Read scoring's figures of several scopes over one time: drawings with the same axes, by scope."""
    at = [datetime.fromisoformat(text) for text in told["at"]]
    return {
        item["scope"]: trend({**told, "items": item["items"]}, mirrored=mirrored, ends=(at[0], at[-1]))
        for item in told["items"]
    }


def _point(item: Mapping[str, Any], at: datetime, x: str) -> Point:
    shown = item["value"] is not None and item["state"] in MARKS
    coverage = item["coverage"]
    return Point(
        at=at,
        x=x,
        y=_y(item["value"]) if shown else None,
        value=item["value"] if shown else None,
        lower=item["lower"],
        upper=item["upper"],
        known=coverage["observed"] * MICRO // coverage["expected"] if coverage["expected"] else 0,
        state=item["state"],
        look="is-ins" if not shown else "is-pub" if MARKS[item["state"]] == "filled" else "is-prov",
        withheld=item.get("withheld"),
    )


def _x(at: datetime, begin: datetime, end: datetime, mirrored: bool) -> str:
    share = (at - begin) / (end - begin) if end > begin else 1.0
    return f"{100 * (1 - share if mirrored else share):.2f}"


def _y(micro: int) -> str:
    return f"{HEIGHT - HEIGHT * min(max(micro, 0), MICRO) / MICRO:.1f}"


def _line(points: Sequence[tuple[str, str]]) -> str:
    return "M" + "L".join(f"{float(x) * WIDTH / 100:.1f} {y}" for x, y in points)


def _runs(points: Sequence[Point], holds: Any) -> list[list[Point]]:
    """Neighbours of which it holds, together."""
    found: list[list[Point]] = [[]]
    for point in points:
        if holds(point):
            found[-1].append(point)
        elif found[-1]:
            found.append([])
    return found
