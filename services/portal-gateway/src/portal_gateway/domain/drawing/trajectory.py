"""The drawing of one indicator over time: baseline dashed, target solid, actual heavy, the plumb line as-of.

Horizontal positions are per cent of the drawing, vertical ones px, so that text keeps its size on every
screen. A due, unreported period is a hatched slot, never a zero; words climb a ladder, not a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

HEIGHT: Final = 124
"""px; the plot stands between TOP and BOTTOM, the years below."""
TOP: Final = 14
BOTTOM: Final = 102
PLOT: Final = 77
"""Per cent of the width; the labels stand beside it."""

LADDER: Final = ("NOT", "PARTIAL", "MOSTLY", "FULL")
_LABEL: Final = 14
_Across = Callable[[date], str]


@dataclass(frozen=True, slots=True)
class Point:
    """A value known for the day its period ended; ``withheld`` has no value and is a gap."""

    end: date
    value: Decimal | None
    withheld: bool = False
    replaced: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Aim:
    """What a period is meant to reach."""

    start: date
    end: date
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the drawing with its text."""

    x: str
    y: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight piece; ``kind`` is its class: bas, tgt, plan or act."""

    x1: str
    y1: str
    x2: str
    y2: str
    kind: Literal["bas", "tgt", "plan", "act"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A period that is due and not reported, or withheld."""

    x: str
    width: str
    withheld: bool


@dataclass(frozen=True, slots=True)
class Trajectory:
    """Everything the template needs; ``labels`` stand at the plot's end, ``years`` under it."""

    lines: tuple[Line, ...]
    points: tuple[Mark, ...]
    crosses: tuple[Mark, ...]
    slots: tuple[Slot, ...]
    years: tuple[Mark, ...]
    ticks: tuple[str, ...]
    labels: tuple[Mark, ...]
    as_of: str | None
    last: Mark | None
    edge: str
    far: str


def draw(
    *,
    baseline: Decimal | None,
    baseline_on: date | None,
    aims: Sequence[Aim],
    points: Sequence[Point],
    as_of: date,
    ladder: bool = False,
    names: tuple[str, str] = ("baseline", "target"),
    mirrored: bool = False,
) -> Trajectory | None:
    """Lay out an indicator, or None where there is neither a period nor a value to draw.

    ``names`` are the words for baseline and target in the page's language.
    """
    days = [a.start for a in aims] + [a.end for a in aims] + [p.end for p in points]
    if not days:
        return None
    first, last_day = min([*days, *([baseline_on] if baseline_on else [])]), max(days)
    last_day = max(last_day, first + timedelta(days=1))
    values = [v for v in (baseline, *(a.value for a in aims), *(p.value for p in points)) if v is not None]
    values += [v for p in points for v in p.replaced]
    if ladder:
        values = [Decimal(0), Decimal(len(LADDER) - 1)]
    if not values:
        return None
    low, high = min(values), max(values)

    def x(when: date) -> str:
        share = Decimal((when - first).days) / (last_day - first).days * PLOT
        return _number(100 - share if mirrored else share)

    def y(value: Decimal) -> str:
        span = high - low
        return _number(BOTTOM - 4 - ((value - low) / span if span else Decimal("0.5")) * (BOTTOM - TOP - 8))

    start, end = x(first), x(last_day)
    known = sorted((p for p in points if p.value is not None), key=lambda p: p.end)
    # Of two periods that end together the longer one holds the target (R2).
    final = max((a for a in aims if a.value is not None), key=lambda a: (a.end, -a.start.toordinal()), default=None)
    lines: list[Line] = []
    labels: list[tuple[Decimal, str]] = []
    if baseline is not None and not ladder:
        lines.append(Line(start, y(baseline), end, y(baseline), "bas"))
        labels.append((baseline, f"{names[0]} {_said(baseline)}"))
    if final is not None and final.value is not None and not ladder:
        lines.append(Line(start, y(final.value), end, y(final.value), "tgt"))
        labels.append((final.value, f"{names[1]} {_said(final.value)}"))
        lines += _plan(baseline, baseline_on or first, aims, x, y)
    for before, after in pairwise(known):
        if before.value is None or after.value is None:
            continue
        if ladder:
            lines.append(Line(x(before.end), y(before.value), x(after.end), y(before.value), "act"))
            lines.append(Line(x(after.end), y(before.value), x(after.end), y(after.value), "act"))
        else:
            lines.append(Line(x(before.end), y(before.value), x(after.end), y(after.value), "act"))
    said = known[-1] if known else None
    return Trajectory(
        lines=tuple(lines),
        points=tuple(Mark(x(p.end), y(p.value)) for p in known if p.value is not None),
        crosses=tuple(Mark(x(p.end), y(v), _said(v)) for p in points for v in p.replaced),
        slots=tuple(_slots(aims, points, as_of, x)),
        years=tuple(_years(first, last_day, x)),
        ticks=tuple(x(date(year, 1, 1)) for year in range(first.year + 1, last_day.year + 1)),
        labels=tuple(_apart([(y(v), text) for v, text in labels], end)),
        as_of=x(as_of) if first <= as_of <= last_day else None,
        last=Mark(x(said.end), y(said.value), _said(said.value)) if said and said.value is not None else None,
        edge=start,
        far=end,
    )


def rung(word: str) -> Decimal | None:
    """The height of a word on the ladder NOT, PARTIAL, MOSTLY, FULL."""
    return Decimal(LADDER.index(word)) if word in LADDER else None


def _plan(
    baseline: Decimal | None, begin: date, aims: Sequence[Aim], x: _Across, y: Callable[[Decimal], str]
) -> list[Line]:
    """From the baseline through every period's target, dotted."""
    steps = [(begin, baseline)] if baseline is not None else []
    # A period that holds others is their sum or their last: its target stands at its end, as theirs do.
    targets = {a.end: a.value for a in sorted(aims, key=lambda a: (a.end, -a.start.toordinal())) if a.value is not None}
    steps += sorted(targets.items())
    return [Line(x(one[0]), y(one[1]), x(two[0]), y(two[1]), "plan") for one, two in pairwise(steps)]


def _slots(aims: Sequence[Aim], points: Sequence[Point], as_of: date, x: _Across) -> Iterator[Slot]:
    reported = {p.end for p in points if p.value is not None}
    withheld = {p.end for p in points if p.withheld}
    for aim in aims:
        encloses = any(a != aim and aim.start <= a.start and a.end <= aim.end for a in aims)
        if aim.end < as_of and aim.end not in reported and not encloses:
            one, two = Decimal(x(aim.start)), Decimal(x(aim.end))
            yield Slot(_number(min(one, two)), _number(abs(two - one)), aim.end in withheld)


def _years(first: date, last: date, x: _Across) -> Iterator[Mark]:
    for year in range(first.year, last.year + 1):
        begin, end = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        if (end - begin).days * 6 >= (last - first).days or (end - begin).days > 300:
            yield Mark(x(begin + (end - begin) / 2), str(BOTTOM + 15), str(year))


def _apart(labels: list[tuple[str, str]], at: str) -> list[Mark]:
    """Labels at the plot's end, moved down where two would overlap."""
    placed: list[Mark] = []
    height = Decimal("-Infinity")
    for where, text in sorted(labels, key=lambda label: Decimal(label[0])):
        height = max(Decimal(where) + 4, height + _LABEL)
        placed.append(Mark(at, _number(height), text))
    return placed


def _said(value: Decimal) -> str:
    return f"{value:,f}".replace("-", "\N{MINUS SIGN}")


def _number(value: Decimal) -> str:
    return f"{value:.2f}"
