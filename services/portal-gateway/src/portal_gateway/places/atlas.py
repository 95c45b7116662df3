"""Outlines of countries and areas, and the States of the United Nations: what a map is drawn of.

``outlines/*.csv`` are written by ``python -m portal_gateway.web.outlines``; a sheet is a drawing around its own
meridian, a view the part of one that shows a region of M49.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from portal_gateway import places

SMALL: Final = 36
"""Square px of a drawing 1000 px wide; an outline with less is drawn as a dot with a ring as well."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A country or area on a sheet, in its units: where its middle is, how large it is, its outline as an SVG path.

    ``code`` is ISO 3166-1 alpha-2, empty for land that M49 has no code for; ``path`` is empty where nothing is left
    of the outline at the sheet's scale.
    """

    code: str
    x: int
    y: int
    area: int
    box: tuple[int, int, int, int]
    path: str


@dataclass(frozen=True, slots=True)
class View:
    """The part of a sheet that shows a region, and the outlines that reach into it."""

    region: str
    x: int
    y: int
    width: int
    height: int
    outlines: tuple[Outline, ...]

    @property
    def unit(self) -> float:
        """Units of the sheet in one px of a drawing 1000 px wide."""
        return self.width / 1000

    def small(self, outline: Outline) -> bool:
        """Whether an outline is too small here to be seen, or to be pointed at."""
        return outline.area < SMALL * self.unit**2

    def spot(self, outline: Outline) -> tuple[int, int]:
        """Where a country's dot stands: in its middle, or at the edge of the view where that lies beyond."""
        edge = round(12 * self.unit)
        return (
            min(max(outline.x, self.x + edge), self.x + self.width - edge),
            min(max(outline.y, self.y + edge), self.y + self.height - edge),
        )


@cache
def states() -> Mapping[str, str]:
    """The 193 Member States (``member``) and the non-member observer States (``observer``), by ISO 3166-1 alpha-2."""
    return {row["iso2"]: row["status"] for row in _rows("states.csv")}


@cache
def views() -> Mapping[str, View]:
    """Every view by the M49 code of its region, the world's first."""
    found: dict[str, View] = {}
    sheets: dict[str, tuple[Outline, ...]] = {}
    for row in _rows("outlines/views.csv"):
        sheet = row["sheet"]
        if sheet not in sheets:
            sheets[sheet] = tuple(_outline(line) for line in _rows(f"outlines/{sheet}.csv"))
        x, y, width, height = (int(row[name]) for name in ("x", "y", "width", "height"))
        inside = tuple(
            o
            for o in sheets[sheet]
            if (o.box[0] < x + width and o.box[2] > x and o.box[1] < y + height and o.box[3] > y)
            or (x <= o.x <= x + width and y <= o.y <= y + height)
        )
        found[row["region"]] = View(row["region"], x, y, width, height, inside)
    return found


@cache
def inside(region: str) -> tuple[str, ...]:
    """The regions directly inside a region, of those that have a view, by M49 code."""
    ways = {(places.WORLD, *places.regions_of(code)) for code in places.countries()}
    next_ = {way[way.index(region) + 1] for way in ways if region in way[:-1]}
    return tuple(sorted(next_ & views().keys()))


def _outline(row: Mapping[str, str]) -> Outline:
    left, top, right, bottom = (int(row[name]) for name in ("left", "top", "right", "bottom"))
    return Outline(row["code"], int(row["x"]), int(row["y"]), int(row["area"]), (left, top, right, bottom), row["path"])


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("portal_gateway.places") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
