"""Projects over time: one bar each from start to end, the years above, the plumb line at today.

Positions are per cent of the drawing, so that one drawing serves every screen; read from the right it is mirrored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

_TICKS: Final = 8
_OLDEST = date(1990, 1, 1)
_LATEST = date(2060, 12, 31)


@dataclass(frozen=True, slots=True)
class Span:
    """When a project is, or is planned to be, active. Without an end it is open, without a start unknown."""

    start: date | None
    end: date | None
    start_planned: bool
    end_planned: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A project's piece of the axis; ``done`` is the part before today, ``open`` says that no end is known."""

    at: str
    width: str
    done_at: str
    done: str
    open: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """``years`` are (place, year), ``today`` is the place of the plumb line, ``bars`` in the order given."""

    years: tuple[tuple[str, str], ...]
    today: str
    bars: tuple[Bar | None, ...]


def span(dates: Mapping[str, str | None]) -> Span:
    """Actual dates, planned ones where those are not known."""

    def day(which: str) -> tuple[date | None, bool]:
        actual, planned = dates.get(f"actual_{which}"), dates.get(f"planned_{which}")
        text = actual or planned
        return (date.fromisoformat(text) if text else None), not actual

    (start, start_planned), (end, end_planned) = day("start"), day("end")
    return Span(start, end, start_planned, end_planned)


def draw(spans: Sequence[Span], today: date, *, mirrored: bool = False) -> Timeline:
    """Lay the projects over the years that they and today need."""
    days = [d for s in spans for d in (s.start, s.end) if d is not None] + [today]
    first = date(max(_OLDEST, min(days)).year, 1, 1)
    last = date(min(_LATEST, max(days)).year, 12, 31)
    whole = (last - first).days + 1

    def part(day: date) -> int:
        return max(0, min(10_000, ((day - first).days * 10_000) // whole))

    def place(hundredths: int) -> str:
        return _text(10_000 - hundredths if mirrored else hundredths)

    def bar(s: Span) -> Bar | None:
        if s.start is None and s.end is None:
            return None
        begin = part(s.start or s.end or today)
        end = part(s.end) if s.end is not None else max(begin, part(max(today, s.start or today)))
        begin, end = min(begin, end), max(begin, end)
        width = max(end - begin, 30)
        done = max(0, min(width, part(today) - begin))
        return Bar(
            at=_text(10_000 - begin - width if mirrored else begin),
            width=_text(width),
            done_at=_text(10_000 - begin - done if mirrored else begin),
            done=_text(done),
            open=s.end is None,
        )

    step = max(1, -(-(last.year - first.year + 1) // _TICKS))
    years = tuple((place(part(date(y, 1, 1))), str(y)) for y in range(first.year, last.year + 1, step))
    return Timeline(years, place(part(today)), tuple(bar(s) for s in spans))


def _text(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
