"""Which baseline, target and actual of an indicator count: periods and accumulation (M1, rules R2 to R4).

Everything before the division.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from scoring.domain.numbers import ZERO, Ratio, add, decimal, less, same, total
from scoring.domain.readings import (
    BY_DIALECT,
    PLAIN,
    Effective,
    Period,
    Reading,
    Readings,
    aims_of,
    baseline_of,
    flag,
    latest_withheld,
    percent,
    readings_of,
    valid_from,
)
from scoring.domain.rereading import reread
from scoring.domain.state import Actual, Definition, TargetOf


def effective(
    definition: Definition,
    actuals: Iterable[Actual],
    day: int,
    targets: Sequence[TargetOf] | None = None,
    readings: Readings = PLAIN,
) -> Effective:
    """Read an indicator as it is known on a day; ``targets`` stand in for the definition's own where given."""
    found = Effective()
    goals = definition.targets if targets is None else targets
    known = [a for a in actuals if a.alive and valid_from(a) <= day]
    if readings.zero_means_missing:
        known = _without_noughts(known, found)
    definition, goals, known = reread(definition, goals, known, readings, found)
    if readings.accumulation is not None and definition.accumulation is None:
        definition = definition._replace(accumulation=readings.accumulation)
        if len({(a.start, a.end) for a in known} | {(t.start, t.end) for t in goals}) > 1:
            flag(found, f"{BY_DIALECT}accumulation")
    by_period = readings_of(definition, known, found, readings)
    aims = aims_of(goals, known, found, readings)
    found.baseline = baseline_of(definition, found, readings)
    ends = [t.end for t in goals]
    found.final_end = max(ends, default=None)
    found.due = min([*ends, *(a.end for a in known)], default=None)
    found.withheld = latest_withheld(known, by_period)
    periods = by_period.keys() | aims.keys()
    outer = _enclosing(periods)
    if outer is None:
        _side_by_side(definition, by_period, aims, len(periods), found)
    else:
        _nested(definition, by_period, aims, outer, found)
    found.path.sort(key=lambda point: point[0])
    if f"{BY_DIALECT}period_basis" in found.flags and "PERIODS_PAIRED" in found.flags:
        found.flags.remove("PERIODS_PAIRED")  # the owner has said how they pair
    return found


def _without_noughts(known: list[Actual], found: Effective) -> list[Actual]:
    """Actuals without those that say 0, where a publisher's system writes it for what nobody reported."""
    kept = [a for a in known if a.value is None or decimal(a.value)[0] != 0]
    if len(kept) < len(known):
        flag(found, f"{BY_DIALECT}zero_means_missing")
    return kept


def _enclosing(periods: Iterable[Period]) -> Period | None:
    """R2: the one period that contains all others, if there are others."""
    periods = list(periods)
    if len(periods) < 2:
        return None
    outer = (min(start for start, _ in periods), max(end for _, end in periods))
    return outer if outer in periods else None


def _outermost(periods: Iterable[Period]) -> list[Period]:
    """The periods that lie in no other one, by their end: what may be added without counting twice."""
    kept: list[Period] = []
    for start, end in sorted(periods, key=lambda p: (p[0], -p[1])):
        if not kept or end > kept[-1][1]:
            kept.append((start, end))
    return kept


def _last(periods: Iterable[Period]) -> Period:
    return max(periods, key=lambda p: (p[1], -p[0]))


def _side_by_side(
    definition: Definition, readings: dict[Period, Reading], aims: dict[Period, Ratio], count: int, found: Effective
) -> None:
    declared = definition.accumulation
    if declared is None and count > 1:
        flag(found, "ACCUMULATION_ASSUMED")
        found.hints += _fits(readings, aims)
    found.accumulation = declared or "POINT_IN_TIME"
    _collect(readings, found)
    if readings and aims and any(p not in aims for p in _headline(readings, found.accumulation)):
        flag(found, "PERIODS_PAIRED")
    _plan(aims, found)


def _nested(
    definition: Definition,
    readings: dict[Period, Reading],
    aims: dict[Period, Ratio],
    outer: Period,
    found: Effective,
) -> None:
    """R2: the enclosing period is the headline, the inner ones are the way to it."""
    inner = {p: r for p, r in readings.items() if p != outer}
    steps = {p: t for p, t in aims.items() if p != outer}
    whole, aim = readings.get(outer), aims.get(outer)
    found.accumulation = definition.accumulation or "POINT_IN_TIME"
    agreed = True
    if whole is not None and len(_outermost(inner)) > 1:
        agreed = _accord(definition, _values(inner), whole.value, found)
    elif whole is None and inner and definition.accumulation is None and not _adopt_aims(steps, aim, found):
        flag(found, "ACCUMULATION_ASSUMED")
        found.hints += _fits(inner, steps)
    _collect(inner, found)
    point = found.accumulation in {"POINT_IN_TIME", "CUMULATIVE"}
    if whole is None and inner and aims and point and _last(inner) not in aims:
        flag(found, "PERIODS_PAIRED")
    if whole is not None:
        if found.observed_on is not None and found.value is not None and agreed:
            found.path.append((found.observed_on, found.value))
        if not agreed:
            found.path.clear()
        found.path = [point for point in found.path if point[0] < whole.day]
        found.value, found.observed_on, found.source = whole.value, whole.day, whole.source
    _plan(steps if agreed else {}, found)
    if aim is not None:
        found.target = aim
        found.plan = [point for point in found.plan if point[0] < outer[1]] + [(outer[1], aim)]
    elif not agreed:
        found.target = aims[_last(aims)] if aims else None
        found.plan = [(_last(aims)[1], found.target)] if found.target is not None else []


def _accord(definition: Definition, values: list[Ratio], whole: Ratio, found: Effective) -> bool:
    """Whether the inner actuals explain the enclosing one, as declared or, undeclared, in either way."""
    match definition.accumulation:
        case None:
            if _adopt(values, whole, found):
                return True
        case "PERIODIC_SUM":
            if same(total(values), whole):
                return True
        case "RATIO":
            return True  # a ratio of sums is no sum of ratios: nothing to compare
        case _:
            if same(values[-1], whole):
                return True
    flag(found, "PERIODS_DISAGREE")
    return False


def _adopt_aims(steps: dict[Period, Ratio], aim: Ratio | None, found: Effective) -> bool:
    """While the enclosing actual is still to come, its target says how the inner ones add up."""
    return aim is not None and bool(steps) and _adopt([steps[p] for p in _outermost(steps)], aim, found)


def _adopt(values: list[Ratio], whole: Ratio, found: Effective) -> bool:
    for accumulation, candidate in (("PERIODIC_SUM", total(values)), ("CUMULATIVE", values[-1])):
        if same(candidate, whole):
            found.accumulation = accumulation
            flag(found, accumulation)
            return True
    return False


def _headline(readings: dict[Period, Reading], accumulation: str) -> list[Period]:
    return [_last(readings)] if accumulation in {"POINT_IN_TIME", "CUMULATIVE"} else _outermost(readings)


def _collect(readings: dict[Period, Reading], found: Effective) -> None:
    """The effective actual by accumulation, and the values that led to it."""
    if not readings:
        return
    match found.accumulation:
        case "PERIODIC_SUM":
            _walk(readings, lambda run, r: add(run, r.value), found)
        case "RATIO" if any(r.parts for r in readings.values()):
            _ratio({p: r for p, r in readings.items() if r.parts}, found)
        case accumulation:
            if accumulation == "RATIO":
                flag(found, "RATIO_WITHOUT_PARTS")
            last = _last(readings)
            reading = readings[last]
            found.value, found.observed_on, found.source = reading.value, reading.day, reading.source
            found.path += [(r.day, r.value) for p, r in readings.items() if p != last and r.day < reading.day]


def _walk(readings: dict[Period, Reading], step: Callable[[Ratio, Reading], Ratio], found: Effective) -> None:
    run = ZERO
    for period in sorted(_outermost(readings), key=lambda p: p[1]):
        if found.observed_on is not None and found.value is not None:
            found.path.append((found.observed_on, found.value))
        reading = readings[period]
        run = step(run, reading)
        found.value, found.source = run, reading.source
        found.observed_on = max(found.observed_on or 0, reading.day)


def _ratio(readings: dict[Period, Reading], found: Effective) -> None:
    """Numerators and denominators are added, percentages never (M1)."""
    above, below = ZERO, ZERO
    for period in sorted(_outermost(readings), key=lambda p: p[1]):
        reading = readings[period]
        parts = reading.parts or (ZERO, ZERO)
        above, below = add(above, parts[0]), add(below, parts[1])
        if below[0] == 0:
            continue
        if found.observed_on is not None and found.value is not None:
            found.path.append((found.observed_on, found.value))
        found.value, found.source = percent(above, below), reading.source
        found.observed_on = max(found.observed_on or 0, reading.day)


def _plan(aims: dict[Period, Ratio], found: Effective) -> None:
    """The target, and the targets on the way to it."""
    if not aims:
        return
    if found.accumulation == "PERIODIC_SUM":
        run = ZERO
        for period in sorted(_outermost(aims), key=lambda p: p[1]):
            run = add(run, aims[period])
            found.plan.append((period[1], run))
        found.target = run
        return
    found.plan = sorted((period[1], aim) for period, aim in aims.items())
    last = _last(aims)
    found.target = aims[last]
    found.plan = [point for point in found.plan if point[0] < last[1]] + [(last[1], found.target)]


def _fits(readings: dict[Period, Reading], aims: dict[Period, Ratio]) -> list[str]:
    """R3: what the figures themselves suggest, said to the owner and applied by nobody."""
    hints = []
    for values in ([aims[p] for p in _outermost(aims)], _values(readings)):
        if len(values) < 2:
            continue
        pairs = list(pairwise(values))
        if all(same(a, b) for a, b in pairs):
            hints.append("PERIODIC_SUM_MAY_FIT")
        elif not any(less(b, a) for a, b in pairs):
            hints.append("CUMULATIVE_FITS")
    return sorted(set(hints))


def _values(readings: dict[Period, Reading]) -> list[Ratio]:
    return [readings[p].value for p in _outermost(readings)]
