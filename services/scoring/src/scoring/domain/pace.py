"""M2, pace: is it enough to reach the target on time (methodology M2). Judged at the observation's date."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.domain.attainment import Attainment
from scoring.domain.numbers import ONE, ZERO, Ratio, add, div, less, mul, sub
from scoring.domain.parameters import UNSTABLE_WIDTH, Parameters

STATUSES = (
    "ACHIEVED",
    "ON_TRACK",
    "ACCELERATE",
    "LIMITED",
    "REGRESSING",
    "TOO_EARLY",
    "NO_DATA",
    "NOT_ACHIEVED",
    "MAINTAINED",
    "BREACHED",
    "STALE",
)
"""The eleven bins of the histogram; STALE lies over one of the others."""

GOOD = frozenset({"ACHIEVED", "ON_TRACK", "MAINTAINED"})
NOT_ASSESSED = frozenset({"TOO_EARLY", "NO_DATA", "STALE"})
OFF_TRACK = frozenset({"LIMITED", "REGRESSING", "NOT_ACHIEVED", "BREACHED"})


@dataclass(slots=True)
class Pace:
    """One indicator's pace. ``status`` is None where nothing is expected yet or ever."""

    status: str | None = None
    ratio: Ratio | None = None
    elapsed: Ratio | None = None
    planned: Ratio | None = None
    low: Ratio | None = None
    high: Ratio | None = None
    stale: bool = False
    unstable: bool = False
    transition: int | None = None


def pace(found: Attainment, start: int | None, end: int | None, result_type: int, day: int, under: Parameters) -> Pace:
    """Judge the pace of an attainment on a day.

    ``start`` and ``end`` are the project's days, the end inclusive; elapsed time is counted in the half-open
    span from the start to the day after the end (§0.3).
    """
    if found.state in {"NOT_APPLICABLE", "NOT_DUE"}:
        return Pace(transition=found.due if found.state == "NOT_DUE" else None)
    if found.raw is None or found.observed_on is None:
        return Pace("NO_DATA")
    over_on = found.final_end if found.final_end is not None else end
    result = Pace()
    _measure(found, start, end, result)
    over = over_on is not None and day >= over_on
    result.status = _status(found, result, result_type, over, under)
    if result.status == "TOO_EARLY":
        result.ratio = result.low = result.high = None
        result.unstable = False
    if not over and over_on is not None:
        result.transition = over_on
    stale_on = found.observed_on + under.max_lag + 1
    if over_on is None or found.observed_on < over_on:
        result.stale = day >= stale_on
        if not result.stale and (result.transition is None or stale_on < result.transition):
            result.transition = stale_on
    return result


def _measure(found: Attainment, start: int | None, end: int | None, result: Pace) -> None:
    """Elapsed share, planned attainment, R and the forecast interval."""
    last = max((d for d in (end, found.final_end) if d is not None), default=None)
    if start is None or last is None or last < start or found.raw is None or found.observed_on is None:
        return
    length = last + 1 - start
    done = min(max(found.observed_on + 1 - start, 0), length)
    result.elapsed = (done, length)
    curve = _curve(found.plan, start, length)
    result.planned = _planned(curve, done)
    if found.mode in {"MAINTAIN", "BAND"} or result.planned[0] <= 0:
        return
    result.ratio = div(found.raw, result.planned)
    if found.previous is None:
        return
    before = min(max(found.previous[0] + 1 - start, 0), length)
    gained = sub(result.planned, _planned(curve, before))
    if gained[0] <= 0:
        return
    speed = div(sub(found.raw, found.previous[1]), gained)
    forecast = add(found.raw, mul(sub(ONE, result.planned), speed))
    result.low, result.high = sorted((result.ratio, forecast), key=_Order)
    result.unstable = less(UNSTABLE_WIDTH, sub(result.high, result.low))


class _Order:
    """Sorts ratios by value."""

    def __init__(self, value: Ratio) -> None:
        self.value = value

    def __lt__(self, other: _Order) -> bool:
        return less(self.value, other.value)


def _curve(plan: list[tuple[int, Ratio]], start: int, length: int) -> list[tuple[int, Ratio]]:
    """The plan as points (days done, τ), never falling; a straight line where no milestone is set."""
    points = [(0, ZERO)]
    for day, planned in plan:
        done = min(max(day + 1 - start, 0), length)
        height = ZERO if planned[0] < 0 else ONE if less(ONE, planned) else planned
        if less(height, points[-1][1]):
            height = points[-1][1]
        if done > points[-1][0]:
            points.append((done, height))
    if points[-1][0] < length:
        points.append((length, ONE))
    return points


def _planned(curve: list[tuple[int, Ratio]], done: int) -> Ratio:
    """τ: the plan between two of its points, by straight line."""
    x0, y0 = curve[0]
    for x1, y1 in curve[1:]:
        if done <= x1:
            return add(y0, mul(sub(y1, y0), (done - x0, x1 - x0)))
        x0, y0 = x1, y1
    return y0


def _status(found: Attainment, result: Pace, result_type: int, over: bool, under: Parameters) -> str:
    raw = found.raw or ZERO
    reached = not less(raw, ONE)
    if over:
        return "ACHIEVED" if reached else "NOT_ACHIEVED"
    if found.mode in {"MAINTAIN", "BAND"}:
        return "MAINTAINED" if reached else "BREACHED"
    if reached:
        return "ACHIEVED"
    if result.elapsed is None or result.planned is None:
        return "NO_DATA"  # without dates there is no pace
    guard = under.early_outcome if result_type in {2, 3} else under.early_output
    if result.ratio is None or less(result.elapsed, guard):
        return "TOO_EARLY"
    if less(result.ratio, under.limited):
        return "REGRESSING"
    if less(result.ratio, under.accelerate):
        return "LIMITED"
    return "ACCELERATE" if less(result.ratio, under.on_track) else "ON_TRACK"
