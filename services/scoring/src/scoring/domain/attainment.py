"""M1, indicator attainment: how far has the indicator moved from baseline to target (methodology M1, §2.5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from scoring.domain.numbers import ONE, ZERO, Ratio, decimal, div, less, micro, mul, same, sub
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.periods import effective
from scoring.domain.readings import BY_DIALECT, PLAIN, Effective, Readings, valid_from
from scoring.domain.state import Actual, Definition, TargetOf, ValueState


@dataclass(slots=True)
class Attainment:
    """One indicator's attainment on a day. ``raw`` is exact, before it is held within 0 and 1.

    ``previous`` is the attainment before the latest actual (day, raw); ``plan`` the planned attainment on the
    way (day, τ); ``due`` the day on which the first value is expected.
    """

    state: ValueState
    raw: Ratio | None = None
    mode: str = "REACH"
    value: Ratio | None = None
    target: Ratio | None = None
    baseline: Ratio | None = None
    accumulation: str | None = None
    observed_on: int | None = None
    source: str | None = None
    previous: tuple[int, Ratio] | None = None
    plan: list[tuple[int, Ratio]] = field(default_factory=list)
    final_end: int | None = None
    due: int | None = None
    flags: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    cap: int = MICRO

    @property
    def a(self) -> int | None:
        """A in µ, held within 0 and the cap: the first of the four rounding points (§0.3)."""
        return None if self.raw is None else min(max(micro(self.raw), 0), self.cap)


@dataclass(slots=True)
class _Ground:
    """What can be said before any actual: direction, baseline, and why it cannot be scored."""

    mode: str
    sign: int = 1
    baseline: Ratio | None = None
    fault: str | None = None


def attain(
    definition: Definition,
    actuals: Collection[Actual],
    day: int,
    under: Parameters,
    targets: Sequence[TargetOf] | None = None,
    readings: Readings = PLAIN,
) -> Attainment:
    """Score one indicator on what is known of it on a day; ``targets`` replace its own where given.

    ``readings`` are those of its publisher's dialect (§2.5).
    """
    found = effective(definition, actuals, day, targets, readings)
    mode = definition.kind or ("RUBRIC" if definition.measure == 5 else "REACH")
    result = Attainment(
        state="REPORTED",
        mode=mode,
        value=found.value,
        target=found.target,
        baseline=found.baseline,
        accumulation=found.accumulation,
        observed_on=found.observed_on,
        source=found.source,
        final_end=found.final_end,
        due=found.due,
        flags=[*definition.flags, *found.flags],
        hints=found.hints,
        cap=under.cap,
    )
    if definition.not_applicable:
        result.state = "NOT_APPLICABLE"
    elif definition.withheld:
        _without(result, "WITHHELD", "WITHHELD")
    elif definition.measure == 3:
        _without(result, "UNSCORABLE", "NOT_NUMERIC")
    elif mode == "RUBRIC":
        _rubric(actuals, found, day, result, under)
    else:
        _measured(definition, found, day, result, readings, under)
    return result


def _without(result: Attainment, state: ValueState, flag: str) -> None:
    result.state = state
    result.flags.append(flag)


def _rubric(actuals: Collection[Actual], found: Effective, day: int, result: Attainment, under: Parameters) -> None:
    """Measure 5: a named assessor's rating with evidence; anything less is missing, not nought."""
    known = [a for a in actuals if a.alive and valid_from(a) <= day]
    rated = [a for a in known if a.rubric is not None and a.assessed and not a.withheld]
    result.accumulation = result.value = result.target = result.baseline = None
    latest = max(rated, key=lambda a: (a.end, -a.start, a.version), default=None)
    hidden = max((a.end for a in known if a.withheld), default=None)
    if hidden is not None and (latest is None or hidden >= latest.end):
        _without(result, "WITHHELD", "WITHHELD")
    elif latest is None or latest.rubric is None:
        if found.due is not None and found.due > day:
            result.state = "NOT_DUE"
        else:
            _without(result, "MISSING", "QUALITATIVE_UNRATED")
    else:
        result.raw = under.rubric[latest.rubric]
        result.observed_on, result.source = valid_from(latest), latest.version.id
        result.flags.append("RUBRIC")


def _measured(
    definition: Definition,
    found: Effective,
    day: int,
    result: Attainment,
    readings: Readings,
    under: Parameters,
) -> None:
    ground = _ground(definition, found, result, readings)
    result.mode, result.baseline = ground.mode, ground.baseline
    if found.withheld:
        _without(result, "WITHHELD", "WITHHELD")
    elif found.value is None and found.due is not None:
        if found.due > day:
            result.state = "NOT_DUE"
        else:
            _without(result, "MISSING", "NO_ACTUAL")
    elif ground.fault is not None or found.value is None:
        result.state = "UNSCORABLE"
    else:
        _score(definition, found, ground, result, under)


def _ground(definition: Definition, found: Effective, result: Attainment, readings: Readings) -> _Ground:
    """Direction, baseline and kind, settled once (M1's table of situations)."""
    mode, flags = result.mode, result.flags
    if mode == "BAND":
        ground = _Ground(mode, baseline=found.baseline)
        if definition.band is None or less(decimal(definition.band[1]), decimal(definition.band[0])):
            ground.fault = "NO_BAND"
            flags.append(ground.fault)
        return ground
    target, baseline = found.target, found.baseline
    if target is None:
        flags.append("NO_TARGET")
        return _Ground(mode, baseline=baseline, fault="NO_TARGET")
    if found.accumulation == "PERIODIC_SUM" and mode == "REACH":
        if baseline is not None and baseline[0] != 0:
            flags.append("BASELINE_IGNORED")  # each period begins at nought
        baseline = ZERO
    if baseline is None and mode == "REACH":
        count = definition.result_type == 1 and definition.measure == 1
        if not (count and (definition.ascending or (definition.ascending is None and target[0] > 0))):
            flags.append("NO_BASELINE")
            return _Ground(mode, fault="NO_BASELINE")
        baseline = ZERO
        flags.append("BASELINE_IMPUTED_ZERO")
    if definition.measure == 4:
        flags.append("ORDINAL_INTERVAL")
    return _direction(definition, mode, target, baseline, flags, readings)


def _direction(
    definition: Definition,
    mode: str,
    target: Ratio,
    baseline: Ratio | None,
    flags: list[str],
    readings: Readings,
) -> _Ground:
    gap = sub(target, baseline)[0] if baseline is not None else 0
    level = baseline is not None and gap == 0
    ground = _Ground(mode, baseline=baseline)
    if definition.ascending is None:
        if gap == 0:
            # All nought and no direction: R1 again, for a zero-tolerance target says which way is worse.
            ground.fault = "TARGET_PLACEHOLDER" if level and target[0] == 0 else "DIRECTION_UNKNOWN"
            flags.append(ground.fault)
            return ground
        ground.sign = 1 if gap > 0 else -1
        flags.append("DIRECTION_INFERRED")
    else:
        ground.sign = 1 if definition.ascending else -1
    if level and target[0] == 0 and ground.sign > 0:
        flags.append("TARGET_PLACEHOLDER")  # R1: no target was set
        ground.fault = "TARGET_PLACEHOLDER"
    elif mode == "REACH" and level:
        flags.append("ZERO_RANGE")
        ground.mode = "MAINTAIN"
    elif mode == "REACH" and gap * ground.sign < 0 and readings.direction == "from-values":
        ground.sign = -ground.sign
        flags.append(f"{BY_DIALECT}direction")
    elif mode == "REACH" and gap * ground.sign < 0:
        flags.append("DIRECTION_CONFLICT")  # never turned round silently: a query to the owner
        ground.fault = "DIRECTION_CONFLICT"
    return ground


def _score(definition: Definition, found: Effective, ground: _Ground, result: Attainment, under: Parameters) -> None:
    value, target, baseline = found.value, found.target, ground.baseline
    if value is None:
        return
    if ground.mode == "BAND":
        _band(definition, value, baseline, result, under)
    elif ground.mode == "MAINTAIN" and target is not None:
        short = sub(value, target) if ground.sign > 0 else sub(target, value)
        result.raw = ONE if short[0] >= 0 else _less_tolerance((-short[0], short[1]), definition, target, under)
        if short[0] < 0:
            result.flags.append("THRESHOLD_BREACHED")
    elif target is not None and baseline is not None:
        span = sub(target, baseline)
        result.raw = div(sub(value, baseline), span)
        if found.path:
            day, before = found.path[-1]
            result.previous = day, div(sub(before, baseline), span)
        result.plan = [(end, div(sub(aim, baseline), span)) for end, aim in found.plan]
        if result.raw[0] < 0:
            result.flags.append("REGRESSED")
        elif less(under.over_achieved, result.raw):
            result.flags.append("OVER_ACHIEVED")


def _less_tolerance(short: Ratio, definition: Definition, target: Ratio, under: Parameters) -> Ratio:
    """1 − |s|/tol, with tol as stated or the method's share of |T|; without tolerance the answer is no."""
    if definition.tolerance is not None:
        tolerance = decimal(definition.tolerance)
    else:
        tolerance = mul((abs(target[0]), target[1]), under.maintain_tolerance)
    if tolerance[0] <= 0:
        return ZERO
    return sub(ONE, div(short, tolerance))


def _band(definition: Definition, value: Ratio, baseline: Ratio | None, result: Attainment, under: Parameters) -> None:
    if definition.band is None:
        return
    low, high = decimal(definition.band[0]), decimal(definition.band[1])
    distance = _outside(value, low, high)
    if distance[0] == 0:
        result.raw = ONE
        return
    start = _outside(baseline, low, high) if baseline is not None else None
    if start is not None and start[0] > 0:
        result.raw = sub(ONE, div(distance, start))
        if result.raw[0] < 0:
            result.flags.append("REGRESSED")
    elif start is None and definition.tolerance is None:
        _without(result, "UNSCORABLE", "NO_BASELINE")
    else:
        edge = low if less(value, low) else high
        result.raw = _less_tolerance(distance, definition, edge, under)
        result.flags.append("THRESHOLD_BREACHED")


def _outside(value: Ratio, low: Ratio, high: Ratio) -> Ratio:
    """The distance of a value to a corridor, nought inside."""
    if less(value, low):
        return sub(low, value)
    return sub(value, high) if less(high, value) else ZERO


def lowered(definition: Definition, first: Sequence[TargetOf], found: Attainment, original: Attainment) -> bool:
    """Whether the target as it stands is easier than the one first set."""
    if tuple(first) == definition.targets or found.target is None or original.target is None:
        return False
    if found.mode not in {"REACH", "MAINTAIN"} or same(found.target, original.target):
        return False
    if definition.ascending is not None:
        upward = definition.ascending
    elif found.baseline is not None:
        upward = less(found.baseline, found.target)
    else:
        return False
    return less(found.target, original.target) == upward
