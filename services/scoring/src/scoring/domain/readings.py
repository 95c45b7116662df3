"""Which values of an indicator stand for a period's total: places, partitions, withheld values (M1, rule R5).

A value is valid from its period's end, or from the day it was recorded where the owner reported before the
period was over (ADR 0031).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from scoring.domain.numbers import Ratio, decimal, div, same, total
from scoring.domain.register import day_of
from scoring.domain.state import Actual, Definition, TargetOf


@dataclass(frozen=True, slots=True)
class Readings:
    """How a publisher's figures are read where not as they stand: the readings of its dialect (§2.5)."""

    direction: str | None = None
    accumulation: str | None = None
    location_is_total: bool | None = None
    zero_means_missing: bool | None = None
    period_basis: str | None = None
    percent_as: str | None = None
    default_pillar: dict[str, str] = field(default_factory=dict)  # pillar by purpose


PLAIN: Final = Readings()

Period = tuple[int, int]
"""First and last day, both inclusive."""


BY_DIALECT: Final = "BY_DIALECT:"
"""The beginning of the flag on whatever a dialect made readable."""

DEFAULT_PILLAR: Final = f"{BY_DIALECT}default_pillar"
PILLAR_INFERRED: Final = "PILLAR_INFERRED"
"""What a project's pillars may rest on where it declares none: its publisher's word, or the crosswalk of §2.2."""


@dataclass(slots=True)
class Reading:
    """One period's actual, ready to count with."""

    day: int
    value: Ratio
    source: str
    parts: tuple[Ratio, Ratio] | None = None  # numerator and denominator of a RATIO


@dataclass(slots=True)
class Effective:
    """What the formula of M1 works on, and what M2 needs beside it.

    ``path`` are the earlier values (day, value) that lead to the present one, ``plan`` the targets on the
    way (day, value), the last one included.
    """

    value: Ratio | None = None
    target: Ratio | None = None
    baseline: Ratio | None = None
    accumulation: str = "POINT_IN_TIME"
    observed_on: int | None = None
    source: str | None = None
    path: list[tuple[int, Ratio]] = field(default_factory=list)
    plan: list[tuple[int, Ratio]] = field(default_factory=list)
    final_end: int | None = None
    due: int | None = None
    withheld: bool = False
    flags: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def percent(above: Ratio, below: Ratio) -> Ratio:
    share = div(above, below)
    return share[0] * 100, share[1]


def flag(found: Effective, flag: str) -> None:
    if flag not in found.flags:
        found.flags.append(flag)


def valid_from(actual: Actual) -> int:
    """The day from which an actual counts."""
    return min(actual.end, day_of(actual.version))


def readings_of(
    definition: Definition, known: list[Actual], found: Effective, readings_: Readings = PLAIN
) -> dict[Period, Reading]:
    chosen = _totals(known, definition, found, readings_)
    readings: dict[Period, Reading] = {}
    for period, entries in chosen.items():
        values = [reading for a in entries if (reading := _reading(a)) is not None]
        if not values:
            continue
        if len(values) == 1:
            readings[period] = values[0]
        elif entries[0].place:  # a complete partition: its parts add up
            readings[period] = Reading(max(v.day for v in values), total([v.value for v in values]), values[-1].source)
        elif all(same(v.value, values[0].value) for v in values):
            readings[period] = values[0]
        else:
            flag(found, "SEVERAL_VALUES")
    return readings


def _totals(
    known: list[Actual], definition: Definition, found: Effective, readings_: Readings
) -> dict[Period, list[Actual]]:
    """The actuals that stand for their period's total: unplaced, or by R5, or by a declared partition."""
    by_period: dict[Period, list[Actual]] = {}
    placed: dict[Period, list[Actual]] = {}
    for actual in known:
        (placed if actual.place else by_period).setdefault((actual.start, actual.end), []).append(actual)
    if not placed:
        return by_period
    if "PARTITION_COMPLETE" in definition.flags and definition.measure == 1:
        return {**placed, **by_period}
    if not by_period:
        # R5: one and the same location on every value that names a place, and once in each period.
        places = {a.place for a in known}
        places.update(t.place for t in definition.targets if t.place)
        places.update(place for _, place in definition.baselines if place)
        if len(places) == 1 and next(iter(places)).startswith("L:") and all(len(v) == 1 for v in placed.values()):
            flag(found, "LOCATION_IS_TOTAL")
            return placed
        if readings_.location_is_total and all(len(v) == 1 and v[0].place.startswith("L:") for v in placed.values()):
            flag(found, f"{BY_DIALECT}location_is_total")
            return placed
    if any(period not in by_period for period in placed):
        flag(found, "DISAGGREGATED_ONLY")
    return by_period


def _reading(actual: Actual) -> Reading | None:
    parts = None
    if actual.numerator is not None and actual.denominator is not None:
        parts = decimal(actual.numerator), decimal(actual.denominator)
        if parts[1][0] == 0:
            parts = None
    if actual.withheld:
        return None
    if actual.value is not None:
        value = decimal(actual.value)
    elif parts is not None:
        value = percent(*parts)
    else:
        return None
    return Reading(valid_from(actual), value, actual.version.id, parts)


def aims_of(
    goals: Sequence[TargetOf], known: list[Actual], found: Effective, readings_: Readings = PLAIN
) -> dict[Period, Ratio]:
    usable = [t for t in goals if not t.place]
    if not usable and goals:
        places = {t.place for t in goals} | {a.place for a in known if a.place}
        if len(places) == 1 and next(iter(places)).startswith("L:"):
            usable = list(goals)
            flag(found, "LOCATION_IS_TOTAL")
        elif readings_.location_is_total and all(t.place.startswith("L:") for t in goals):
            periods = [(t.start, t.end) for t in goals]
            usable = list(goals) if len(periods) == len(set(periods)) else []
            if usable:
                flag(found, f"{BY_DIALECT}location_is_total")
    aims: dict[Period, Ratio] = {}
    unclear: set[Period] = set()
    for target in usable:
        if target.value is None:
            continue
        period, value = (target.start, target.end), decimal(target.value)
        if period in aims and not same(aims[period], value):
            unclear.add(period)
        aims[period] = value
    for period in unclear:
        del aims[period]
        flag(found, "SEVERAL_TARGETS")
    return aims


def baseline_of(definition: Definition, found: Effective, readings_: Readings = PLAIN) -> Ratio | None:
    values = [decimal(value) for value, place in definition.baselines if value is not None and not place]
    if not values:
        located = {place for _, place in definition.baselines}
        values = [decimal(value) for value, _ in definition.baselines if value is not None]
        if not all(place.startswith("L:") for place in located):
            return None
        if len(located) != 1 and not readings_.location_is_total:
            return None
    if any(not same(value, values[0]) for value in values):
        flag(found, "SEVERAL_BASELINES")
        return None
    return values[0] if values else None


def latest_withheld(known: list[Actual], readings: dict[Period, Reading]) -> bool:
    hidden = max((a.end for a in known if a.withheld), default=None)
    return hidden is not None and hidden >= max((end for _, end in readings), default=hidden)
