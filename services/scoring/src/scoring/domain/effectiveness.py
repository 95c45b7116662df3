"""M4, effectiveness of results, levels and projects (methodology M4): means of what is known, with bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from math import gcd, lcm

from scoring.domain import parameters
from scoring.domain.numbers import half_even
from scoring.domain.parameters import LEVEL_WEIGHTS, MICRO
from scoring.domain.state import Outcome, Part, ResultSum

_LONG = 10**15


def state_of(observed: int, expected: int) -> str:
    """What may be said at this coverage, compared as an exact fraction (§0.5)."""
    if expected <= 0:
        return "NOT_APPLICABLE"
    if observed * parameters.PUBLISHED[1] >= expected * parameters.PUBLISHED[0]:
        return "PUBLISHED"
    if observed * parameters.PROVISIONAL[1] >= expected * parameters.PROVISIONAL[0]:
        return "PROVISIONAL"
    return "INSUFFICIENT_DATA"


def result_part(expected: int, observed: int, summed: int) -> Part:
    """A result from its sums: weights expected (at least one), weights observed, weights times A."""
    divisor = gcd(observed, expected)
    return Part(
        half_even(summed, observed) if observed else None,
        half_even(summed, expected),
        half_even(summed + (expected - observed) * MICRO, expected),
        observed // divisor,
        expected // divisor,
    )


def combine(parts: Sequence[tuple[int, Part]]) -> Part | None:
    """The weighted mean of parts: known ones for the mean, all for the bounds and the coverage."""
    if len(parts) == 1:
        return parts[0][1]
    if not parts:
        return None
    weights = known = mean = lower = upper = 0
    common = lcm(*(part.expected for _, part in parts))
    covered = 0
    for weight, part in parts:
        weights += weight
        lower += weight * part.lower
        upper += weight * part.upper
        covered += weight * part.observed * (common // part.expected)
        if part.mean is not None:
            known += weight
            mean += weight * part.mean
    observed, expected = _fraction(covered, weights * common)
    return Part(
        half_even(mean, known) if known else None,
        half_even(lower, weights),
        half_even(upper, weights),
        observed,
        expected,
    )


def _fraction(observed: int, expected: int) -> tuple[int, int]:
    """A coverage in lowest terms; where unlike weights make it too long to store, in 3.6·10¹² parts (ADR 0030)."""
    divisor = gcd(observed, expected)
    observed, expected = observed // divisor, expected // divisor
    if expected > _LONG:
        unit = parameters.COVERAGE_UNIT * MICRO
        return half_even(observed * unit, expected), unit
    return observed, expected


def outcome(results: Iterable[tuple[int, Part]]) -> Outcome:
    """A project from its results as (result type, part): results are weighted, not indicators; levels by λ.

    Results of type 9 are shown and never scored.
    """
    grouped: dict[int, list[tuple[int, Part]]] = {}
    for level, part in results:
        grouped.setdefault(level, []).append((1, part))
    levels = [(level, found) for level in LEVEL_WEIGHTS if (found := combine(grouped.get(level, ()))) is not None]
    whole = combine([(LEVEL_WEIGHTS[level], part) for level, part in levels])
    flags = ("OUTPUTS_WITHOUT_OUTCOMES",) if _without_outcomes(dict(levels)) else ()
    return Outcome(whole, tuple(levels), flags)


def scenarios(levels: Sequence[tuple[int, Part]], results: Iterable[ResultSum]) -> tuple[int | None, ...]:
    """E under S2, S3, S4 and S7, in µ; None where nothing is known under it (§0.7)."""
    others = sensitivity(levels)
    capped: dict[int, list[tuple[int, int]]] = {}
    trusted: dict[int, list[tuple[int, int]]] = {}
    for r in results:
        if r.observed:
            capped.setdefault(r.level, []).append((r.capped, r.observed))
        if r.trusted:
            trusted.setdefault(r.level, []).append((r.trusted_sum, r.trusted))
    return (others.get("S2"), _means(capped), _means(trusted), others.get("S7"))


def _means(by_level: dict[int, list[tuple[int, int]]]) -> int | None:
    """Results to levels to the project, rounded where E is."""
    means = [
        (LEVEL_WEIGHTS[level], half_even(sum(half_even(s, w) for s, w in found), len(found)))
        for level, found in by_level.items()
        if level in LEVEL_WEIGHTS
    ]
    weights = sum(weight for weight, _ in means)
    return half_even(sum(weight * mean for weight, mean in means), weights) if weights else None


def _without_outcomes(levels: dict[int, Part]) -> bool:
    outputs, outcomes = levels.get(1), levels.get(2)
    if outputs is None or outputs.mean is None or outputs.mean < parameters.OUTPUTS_HIGH:
        return False
    return outcomes is None or outcomes.mean is None or outcomes.mean < parameters.OUTCOMES_LOW


def sensitivity(levels: Sequence[tuple[int, Part]]) -> dict[str, int]:
    """How far E depends on the method: S2 geometric across levels, S7 equal level weights (§0.7), in µ.

    The logarithm is a float, rounded to µ once a project: cells sum the integers.
    """
    known = [(LEVEL_WEIGHTS[level], part.mean) for level, part in levels if part.mean is not None]
    if not known:
        return {}
    weights = sum(weight for weight, _ in known)
    logs = sum(weight * math.log(max(mean, MICRO // 100) / MICRO) for weight, mean in known)
    return {
        "S2": round(math.exp(logs / weights) * MICRO),
        "S7": half_even(sum(mean for _, mean in known), len(known)),
    }
