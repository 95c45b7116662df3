"""The drawing of a figure: an interval, the mark of its value, an axis (the look's grammar of a figure).

Only positions are decided here, as per cent of the drawing's width, so that one drawing serves a telephone
and a wide screen; the templates put them into SVG. No figure is a point alone: the bar says what is true
whatever the missing values turn out to be, the mark is what can be said about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from portal_gateway.domain.speech.numbers import MICRO, percent

Mark = Literal["filled", "open", "none"]
Shape = Literal["circle", "square", "diamond", "triangle", "dot"]

MARKS: Final[dict[str, Mark]] = {"PUBLISHED": "filled", "PROVISIONAL": "open"}
"""State to mark; every other state has none, because its value is withheld."""

_SHAPES: Final[dict[str, Shape]] = {"P1": "circle", "P2": "square", "P3": "diamond", "P4": "triangle"}
_REACHES: Final = ((40, 10), (60, 20), (80, 20), (100, 25))
_ROOM: Final = 140_000
"""µ of the axis that a bound with its words needs; live.js has the same number."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the axis; ``text`` is printed under it, on narrow screens only where ``always``."""

    at: str
    text: str
    always: bool
    first: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Where the parts of one figure stand, each a number for an SVG attribute in per cent.

    ``left`` and ``right`` are the ends as drawn, ``left_text`` and ``right_text`` what is printed beside them; in
    a page read from the right the lower bound stands at the right. Near an end of the axis there is no room
    beside the bar, so the text stands above it (``left_above``, ``right_above``). ``value`` is None where
    nothing is marked.
    """

    start: str
    width: str
    left: str
    right: str
    left_text: str
    right_text: str
    left_above: bool
    right_above: bool
    mark: Mark
    shape: Shape
    value: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """One piece of a bar that is divided into shares."""

    code: str
    at: str
    width: str
    micro: int


def shape_of(pillar: str | None) -> Shape:
    """The pillar's shape, the same in every drawing; a plain dot where there is no pillar."""
    return _SHAPES.get(pillar or "", "dot")


def bar(
    *,
    lower: int | None,
    upper: int | None,
    value: int | None,
    state: str,
    pillar: str | None = None,
    previous: int | None = None,
    mirrored: bool = False,
) -> Bar:
    """Place a figure between 0 and 100 %; all in µ.

    Unknown bounds of an unknown value are the whole axis: nothing is known to exclude anything. A known value
    without bounds stands alone. One outside the axis, of an indicator that fell below its baseline, is drawn at the
    axis' end; the printed number keeps it.
    """
    if lower is None and upper is None and value is not None and state in MARKS:
        lower = upper = value
    low, high = _clamp(0 if lower is None else lower), _clamp(MICRO if upper is None else upper)
    low, high = min(low, high), max(low, high)
    mark = MARKS.get(state, "none") if value is not None else "none"
    low_at, high_at = _at(low, mirrored), _at(high, mirrored)
    texts = percent(low), percent(high)
    left, right = (high_at, low_at) if mirrored else (low_at, high_at)
    left_text, right_text = reversed(texts) if mirrored else texts
    return Bar(
        start=left,
        width=_text(high - low),
        left=left,
        right=right,
        left_text=left_text,
        right_text=right_text,
        left_above=(MICRO - high if mirrored else low) < _ROOM,
        right_above=(low if mirrored else MICRO - high) < _ROOM,
        mark=mark,
        shape=shape_of(pillar),
        value=_at(_clamp(value), mirrored) if value is not None and mark != "none" else None,
        previous=_at(_clamp(previous), mirrored) if previous is not None else None,
    )


def axis(*, mirrored: bool = False, start: int = 0, end: int = 100, every: int = 25) -> tuple[Tick, ...]:
    """The axis of every share: 0, 25, 50, 75 and 100 %, or the steps between two others; its ends carry the sign."""
    return tuple(
        Tick(
            at=_at((step - start) * MICRO // (end - start), mirrored),
            text=f"{step}%" if step in {start, end} else str(step),
            always=step in {start, end} or step * 2 == start + end,
            first=step == 0,
        )
        for step in range(start, end + 1, every)
    )


def reach(shares: Iterable[int]) -> tuple[int, int]:
    """Where an axis from 0 may end so that it holds these shares, and its steps, both in per cent; shares in µ."""
    most = max(shares, default=0)
    return next(((end, every) for end, every in _REACHES if most <= end * 10_000), _REACHES[-1])


def window(shares: Sequence[int]) -> tuple[int, int, int]:
    """Where an axis of marks alone, no bars, may start and end, and its steps, in per cent; shares in µ."""
    for every in (10, 20, 25):
        step = every * 10_000
        start, end = _clamp(min(shares)) // step * every, -(-_clamp(max(shares)) // step) * every
        if end - start <= 4 * every:
            break
    return (start, end, every) if start < end else (max(start - every, 0), min(end + every, 100), every)


def shares(parts: dict[str, int], *, mirrored: bool = False) -> tuple[Share, ...]:
    """Pieces of one bar, laid end to end from its start, in the order given; the sum is the whole width."""
    total = sum(parts.values())
    placed: list[Share] = []
    before = 0
    for code, part in parts.items():
        if total <= 0 or part < 0:
            break
        start = before if not mirrored else total - before - part
        placed.append(Share(code, _text(start * MICRO // total), _text(part * MICRO // total), part * MICRO // total))
        before += part
    return tuple(placed)


def _clamp(micro: int) -> int:
    return min(max(micro, 0), MICRO)


def _at(micro: int, mirrored: bool) -> str:
    return _text(MICRO - micro if mirrored else micro)


def _text(micro: int) -> str:
    """µ as per cent with two decimals, cut: the drawing is a hundredth of a per cent fine."""
    hundredths = micro * 10_000 // MICRO
    return f"{hundredths // 100}.{hundredths % 100:02d}"
