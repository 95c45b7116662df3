"""M5, evaluations by the criteria of OECD-DAC (methodology M5): one evaluation a project feeds the headline.

Scales of 4, 5 and 6 points are never mixed: shares compare "positive, yes or no", histograms stand by scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from scoring.domain.assessment import Assessment, Evaluation, Terms
from scoring.domain.effectiveness import state_of
from scoring.domain.families.family import Family, Line, nonzero
from scoring.domain.figures import Figure, as_parts, mean_figure
from scoring.domain.judgements import EvaluationPublished, EvaluationQualityRated, RecommendationStatusChanged
from scoring.domain.numbers import half_even
from scoring.domain.ownfigures import scope_of
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.project import status_of
from scoring.domain.saying import coded, say
from scoring.domain.state import ProjectState

CRITERIA: Final = ("relevance", "coherence", "effectiveness", "efficiency", "impact", "sustainability")
_EFFECTIVENESS: Final = CRITERIA.index("effectiveness")
_ENOUGH: Final = 4  # rated criteria, effectiveness among them, of a whole evaluation
_POSITIVE: Final = {6: 4, 5: 4, 4: 3}
"""Least overall rating that is positive, by scale: moderately satisfactory of six."""

_INDEPENDENCE: Final = {"SELF": 0, "EXTERNAL": 1, "INDEPENDENT": 2}
_STAGE: Final = {"MIDTERM": 0, "FINAL": 1, "EXPOST": 2}
_ENDED: Final = frozenset({3, 4})  # finalisation and closed: a project an evaluation is expected of
_Z: Final = 1.959964  # two-sided 95 per cent of the normal distribution


class Judged(NamedTuple):
    """What one evaluation says; ``mean`` in µ over its rated criteria, None where it rated none."""

    rated: int
    mean: int | None
    whole: bool
    overall: int | None
    derived: bool
    positive: bool


def judge(evaluation: Evaluation) -> Judged:
    """An evaluation's own figures: 0 is unable to assess, and leaves the mean (M5)."""
    rated = [r for r in evaluation.ratings if r]
    effectiveness = evaluation.ratings[_EFFECTIVENESS]
    mean = half_even(sum(r - 1 for r in rated) * MICRO, len(rated) * (evaluation.scale - 1)) if rated else None
    overall = evaluation.overall
    if overall is None and effectiveness:
        overall = min(effectiveness, sorted(rated)[(len(rated) - 1) // 2])
    return Judged(
        len(rated),
        mean,
        len(rated) >= _ENOUGH and bool(effectiveness),
        overall,
        evaluation.overall is None and overall is not None,
        overall is not None and overall >= _POSITIVE[evaluation.scale],
    )


def selected(found: Assessment, under: Parameters) -> tuple[str, Evaluation] | None:
    """The evaluation that feeds the headline: whole and of quality; then by independence, stage, day, id."""
    fit = [
        (_INDEPENDENCE[e.independence], _STAGE[e.stage], e.completed, name)
        for name, e in found.evaluations.items()
        if e.alive
        and (quality := found.qualities.get(name)) is not None
        and quality.rating >= under.evaluation_quality
        and judge(e).whole
    ]
    if not fit:
        return None
    name = max(fit)[-1]
    return name, found.evaluations[name]


def terms(state: ProjectState, day: int, under: Parameters) -> Terms | None:
    """A project's part: nothing while nobody expects an evaluation of it and nobody made one."""
    found = state.assessed.open()
    chosen = selected(found, under)
    accepted, done = follow_up(found, day)
    expected = chosen is not None or status_of(state) in _ENDED
    if not (expected or accepted or any(e.alive for e in found.evaluations.values())):
        return None
    once = {"expected": int(expected), "accepted": accepted, "implemented": done}
    cents = {"budget|due": int(expected)}
    if chosen is not None:
        evaluation = chosen[1]
        judged = judge(evaluation)
        once |= {"evaluated": 1, "positive": int(judged.positive), "mean": judged.mean or 0}
        cents["budget|evaluated"] = 1
        for criterion, rating in zip(CRITERIA, evaluation.ratings, strict=True):
            if rating:
                once[f"{criterion}|{evaluation.scale}|{rating}"] = 1
        once[f"overall|{evaluation.scale}|{judged.overall}"] = 1
    return Terms(nonzero(once), {}, nonzero(cents), {})


def follow_up(found: Assessment, day: int) -> tuple[int, int]:
    """Accepted recommendations that are due or done by this day, and of these the ones done."""
    accepted = done = 0
    for r in found.recommendations.values():
        if not r.alive or r.response not in {"ACCEPTED", "PARTIALLY_ACCEPTED"}:
            continue
        implemented = r.implemented is not None and r.implemented <= day
        if implemented or (r.due is not None and r.due <= day):
            accepted += 1
            done += int(implemented)
    return accepted, done


def headline(sums: Mapping[str, int], _under: Parameters) -> tuple[int, int]:
    """Projects evaluated positively, of those evaluated."""
    return sums.get("positive", 0), sums.get("evaluated", 0)


def figure(scope: str, sums: Mapping[str, int], under: Parameters) -> Figure | None:
    """The share of positive evaluations with its Wilson interval, and the histograms it rests on."""
    positive, evaluated = headline(sums, under)
    expected, accepted, due = (sums.get(name, 0) for name in ("expected", "accepted", "budget|due"))
    if not (expected or accepted):
        return None
    found = mean_figure("M5", scope, (positive * MICRO, evaluated), None, (evaluated, expected), under)
    if evaluated:
        found.lower, found.upper = wilson(positive, evaluated)
    found.parts = as_parts(
        {
            "evaluated": evaluated,
            "positive": positive,
            "interval": "WILSON_95" if evaluated else None,
            "mean_u": half_even(sums.get("mean", 0), evaluated) if evaluated else None,
            "histogram": _histogram(sums, "overall"),
            "criteria": {criterion: bins for criterion in CRITERIA if (bins := _histogram(sums, criterion))},
            "evaluated_by_budget": half_even(sums.get("budget|evaluated", 0) * MICRO, due) if due > 0 else None,
            "recommendations": accepted,
            "follow_up": half_even(sums.get("implemented", 0) * MICRO, accepted) if accepted else None,
        }
    )
    return found


def _histogram(sums: Mapping[str, int], what: str) -> dict[str, dict[str, int]]:
    """Ratings by scale and point, the bins that are not empty."""
    found: dict[str, dict[str, int]] = {}
    for scale in _POSITIVE:
        bins = {str(r): n for r in range(1, scale + 1) if (n := sums.get(f"{what}|{scale}|{r}"))}
        if bins:
            found[str(scale)] = bins
    return found


def wilson(positive: int, whole: int) -> tuple[int, int]:
    """The Wilson 95 % interval of a share, in µ to four decimals; evaluated when published, never summed (§0.3)."""
    p, z2 = positive / whole, _Z * _Z
    middle = p + z2 / (2 * whole)
    half = _Z * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    factor = 1 + z2 / whole
    lower, upper = (middle - half) / factor, (middle + half) / factor
    return max(0, round(lower * 10_000) * 100), min(MICRO, round(upper * 10_000) * 100)


def own(state: ProjectState, day: int, under: Parameters) -> Figure | None:
    """The project's headline evaluation: its value is the mean over the rated criteria; all others stand beside."""
    if terms(state, day, under) is None:
        return None
    found = state.assessed.open()
    chosen = selected(found, under)
    known = int(chosen is not None)
    expected = int(known or status_of(state) in _ENDED)
    figure_ = Figure("M5", scope_of(state.project_id), None, state_of(known, expected, under), known, expected)
    parts: dict[str, Any] = {}
    if chosen is not None:
        judged = judge(chosen[1])
        figure_.value = judged.mean
        parts = {"headline": chosen[0], **_said(chosen[1], found.qualities.get(chosen[0]))}
    accepted, done = follow_up(found, day)
    parts["evaluations"] = {
        name: _said(e, found.qualities.get(name)) for name, e in sorted(found.evaluations.items()) if e.alive
    }
    parts["recommendations"] = accepted or None
    parts["follow_up"] = half_even(done * MICRO, accepted) if accepted else None
    figure_.parts = as_parts(parts)
    if chosen is not None and judge(chosen[1]).derived:
        figure_.flags += ("OVERALL_DERIVED",)
    return figure_


def _said(evaluation: Evaluation, quality: Any) -> dict[str, Any]:
    judged = judge(evaluation)
    return as_parts(
        {
            "stage": evaluation.stage,
            "independence": evaluation.independence,
            "completed_on": date.fromordinal(evaluation.completed).isoformat(),
            "scale": evaluation.scale,
            "ratings": {c: r for c, r in zip(CRITERIA, evaluation.ratings, strict=True) if r is not None},
            "quality": quality.rating if quality is not None else None,
            "state": "PUBLISHED" if judged.whole else "PARTIAL",
            "mean_u": judged.mean,
            "overall": judged.overall,
            "derived": judged.derived,
            "positive": judged.positive,
        }
    )


def lines(state: ProjectState) -> Iterable[Line]:
    """Evaluations, what the quality panel thought of them, and their recommendations."""
    found = state.assessed.open()
    for name, e in sorted(found.evaluations.items()):
        if not e.alive:
            continue
        judged = judge(e)
        said = say("no overall rating")
        if judged.overall is not None:
            said = say("overall %(rating)s of %(scale)s", rating=judged.overall, scale=e.scale)
        label = say("Evaluation %(id)s, %(stage)s, %(by)s", id=name, stage=coded(e.stage), by=coded(e.independence))
        yield Line(label, said, e.version.id)
        if (quality := found.qualities.get(name)) is not None:
            rating = say("%(rating)s of %(scale)s", rating=quality.rating, scale=6)
            yield Line(say("Quality of %(id)s", id=name), rating, quality.version.id)
    for name, r in sorted(found.recommendations.items()):
        if r.alive:
            response: str = coded(r.response)
            if r.implemented is not None:
                response = say("%(response)s, implemented", response=response)
            yield Line(say("Recommendation %(id)s", id=name.partition("|")[2]), response, r.version.id)


def transition(state: ProjectState, day: int) -> int | None:
    """The day an accepted recommendation falls due, or the future day its implementation was dated to."""
    days = [d for r in state.assessed.open().recommendations.values() for d in (r.due, r.implemented) if r.alive and d]
    return min((d for d in days if d > day), default=None)


FAMILY: Final = Family(
    metric="M5",
    facts=frozenset({EvaluationPublished, EvaluationQualityRated, RecommendationStatusChanged}),
    terms=terms,
    unknown=Terms({"expected": 1}, {}, {}, {}),
    headline=headline,
    figure=figure,
    own=own,
    lines=lines,
    transition=transition,
)
