"""M4, effectiveness of results, levels and projects (methodology M4): means of what is known, with bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from math import gcd, lcm

from scoring.domain.numbers import half_even
from scoring.domain.parameters import COVERAGE_UNIT, MICRO, OUTCOMES_LOW, OUTPUTS_HIGH, Parameters
from scoring.domain.state import Outcome, Part, ResultSum

_LONG = 10**15


def state_of(observed: int, expected: int, under: Parameters) -> str:
    """What may be said at this coverage, compared as an exact fraction (§0.5)."""
    if expected <= 0:
        return "NOT_APPLICABLE"
    if observed * under.published[1] >= expected * under.published[0]:
        return "PUBLISHED"
    if observed * under.provisional[1] >= expected * under.provisional[0]:
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
        unit = COVERAGE_UNIT * MICRO
        return half_even(observed * unit, expected), unit
    return observed, expected


def outcome(results: Iterable[tuple[int, Part]], under: Parameters) -> Outcome:
    """A project from its results as (result type, part): results are weighted, not indicators; levels by λ.

    Results of type 9 are shown and never scored.
    """
    grouped: dict[int, list[tuple[int, Part]]] = {}
    for level, part in results:
        grouped.setdefault(level, []).append((1, part))
    weights = under.level_weights
    levels = [(level, found) for level in weights if (found := combine(grouped.get(level, ()))) is not None]
    whole = combine([(weights[level], part) for level, part in levels])
    flags = ("OUTPUTS_WITHOUT_OUTCOMES",) if _without_outcomes(dict(levels)) else ()
    return Outcome(whole, tuple(levels), flags)


def scenarios(
    levels: Sequence[tuple[int, Part]], results: Iterable[ResultSum], under: Parameters
) -> tuple[int | None, ...]:
    """E under S2, S3, S4 and S7, in µ; None where nothing is known under it (§0.7)."""
    others = sensitivity(levels, under)
    capped: dict[int, list[tuple[int, int]]] = {}
    trusted: dict[int, list[tuple[int, int]]] = {}
    for r in results:
        if r.observed:
            capped.setdefault(r.level, []).append((r.capped, r.observed))
        if r.trusted:
            trusted.setdefault(r.level, []).append((r.trusted_sum, r.trusted))
    return (others.get("S2"), _means(capped, under), _means(trusted, under), others.get("S7"))


def _means(by_level: dict[int, list[tuple[int, int]]], under: Parameters) -> int | None:
    """Results to levels to the project, rounded where E is."""
    means = [
        (under.level_weights[level], half_even(sum(half_even(s, w) for s, w in found), len(found)))
        for level, found in by_level.items()
        if level in under.level_weights
    ]
    weights = sum(weight for weight, _ in means)
    return half_even(sum(weight * mean for weight, mean in means), weights) if weights else None


def _without_outcomes(levels: dict[int, Part]) -> bool:
    outputs, outcomes = levels.get(1), levels.get(2)
    if outputs is None or outputs.mean is None or outputs.mean < OUTPUTS_HIGH:
        return False
    return outcomes is None or outcomes.mean is None or outcomes.mean < OUTCOMES_LOW


def sensitivity(levels: Sequence[tuple[int, Part]], under: Parameters) -> dict[str, int]:
    """How far E depends on the method: S2 geometric across levels, S7 equal level weights (§0.7), in µ.

    The logarithm is a float, rounded to µ once a project: cells sum the integers.
    """
    known = [(under.level_weights[level], part.mean) for level, part in levels if part.mean is not None]
    if not known:
        return {}
    weights = sum(weight for weight, _ in known)
    logs = sum(weight * math.log(max(mean, MICRO // 100) / MICRO) for weight, mean in known)
    return {
        "S2": round(math.exp(logs / weights) * MICRO),
        "S7": half_even(sum(mean for _, mean in known), len(known)),
    }
