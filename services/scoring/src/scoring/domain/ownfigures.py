"""The figures of one project and of its indicators; they carry the project's classification and owner."""

from __future__ import annotations

from datetime import date
from typing import Any

from scoring.domain.effectiveness import state_of
from scoring.domain.figures import Figure, as_parts, coverage, on_track
from scoring.domain.grading import LETTERS
from scoring.domain.numbers import half_even
from scoring.domain.pace import STATUSES
from scoring.domain.parameters import MICRO, Parameters
from scoring.domain.project import OTHER, SUSPENDED, UNEXPECTED, is_counted, status_of
from scoring.domain.readings import DEFAULT_PILLAR, PILLAR_INFERRED
from scoring.domain.state import Leaf, Part, ProjectState


def scope_of(project_id: str, indicator: str | None = None) -> str:
    """The scope of a project, or of one of its indicators."""
    return f"project:{project_id}" if indicator is None else f"indicator:{project_id}|{indicator}"


def indicator_figures(state: ProjectState, name: str, under: Parameters) -> tuple[Figure, Figure] | None:
    """M1 and M2 of one indicator; None where it has no figures (any more)."""
    indicator = state.indicators.get(name)
    if indicator is None or indicator.leaf is None or not is_counted(state):
        return None
    scope = scope_of(state.project_id, name)
    attained = _attainment(scope, indicator.leaf, under)
    paced = _pace(scope, indicator.leaf, under)
    return owned(state, attained), owned(state, paced)


def project_figures(state: ProjectState, under: Parameters) -> tuple[Figure, Figure, Figure] | None:
    """M1, M2 and M4 of a project; None where it has no figures (any more)."""
    if not is_counted(state) or state.contribution is None:
        return None
    scope = scope_of(state.project_id)
    attained = _attainments(scope, state, under)
    nothing = [0] * len(STATUSES)
    paced = on_track("M2", scope, state.number or nothing, state.weight or nothing, under)
    effective = _effectiveness(scope, state, under)
    return owned(state, attained), owned(state, paced), owned(state, effective)


def owned(state: ProjectState, figure: Figure) -> Figure:
    """The figure with the class and owner of its project."""
    about = state.about
    if about is None:
        return figure
    figure.projects = 1
    figure.classification, figure.owner = about.classification, about.entity
    figure.demonstration = about.demonstration
    if status_of(state) == SUSPENDED:
        figure.flags += ("SUSPENDED",)
    return figure


def flags_of(state: ProjectState) -> tuple[str, ...]:
    """What is said of a project itself: when it was taken in, and by its scores.

    Where its publisher's dialect says its pillars, intake's inference of all of them no longer holds.
    """
    said, found = state.about.flags if state.about is not None else (), state.outcome.flags
    if DEFAULT_PILLAR in found:
        said = tuple(flag for flag in said if flag != PILLAR_INFERRED)
    return (*said, *found)


def _attainment(scope: str, leaf: Leaf, under: Parameters) -> Figure:
    expected = leaf.state not in UNEXPECTED
    known = leaf.a is not None
    figure = Figure("M1", scope, leaf.a, state_of(int(known), int(expected), under), int(known), int(expected))
    if expected:
        figure.lower, figure.upper = (leaf.a, leaf.a) if known else (0, MICRO)
    figure.flags = leaf.flags
    figure.parts = as_parts(
        {
            "state": leaf.state,
            "raw": leaf.raw,
            "original": leaf.original,
            "actual": leaf.value,
            "target": leaf.target,
            "baseline": leaf.baseline,
            "kind": leaf.mode,
            "accumulation": leaf.accumulation,
            "result": leaf.result,
            "result_type": str(leaf.level),
            "weight": leaf.weight,
            "observed_on": _day(leaf.observed_on),
            "hints": list(leaf.hints),
            "grade": LETTERS.get(leaf.grade or 0),
        }
    )
    return figure


def _pace(scope: str, leaf: Leaf, under: Parameters) -> Figure:
    """R with its forecast interval; the status is what people read."""
    unknown = leaf.status == "NO_DATA"
    silent = leaf.status is None or leaf.status == "TOO_EARLY"
    known, expected = (0, 0) if silent else (int(not unknown), 1)
    value = leaf.pace if known else None
    figure = Figure("M2", scope, value, state_of(known, expected, under), known, expected, leaf.low, leaf.high)
    figure.flags = tuple(flag for flag in leaf.flags if flag in {"UNSTABLE_PACE", "STALE"})
    figure.parts = as_parts(
        {
            "status": leaf.status,
            "state": leaf.state,
            "elapsed": leaf.elapsed,
            "planned": leaf.planned,
            "attained": leaf.raw,
            "observed_on": _day(leaf.observed_on),
        }
    )
    return figure


def _attainments(scope: str, state: ProjectState, under: Parameters) -> Figure:
    """Each indicator's A, or its state, side by side: they have no sum. Alone it is the project's own."""
    figure = Figure("M1", scope, None, state_of(state.known, state.expected, under))
    figure.observed, figure.expected = coverage(state.known, state.expected)
    if state.expected == 1:
        (only,) = (r for r in state.results.values() if r.level != OTHER)
        figure.value = only.part.mean if only.part is not None else None
        figure.lower, figure.upper = (0, MICRO) if figure.value is None else (figure.value, figure.value)
    figure.parts = {
        "indicators": {"observed": state.known, "expected": state.expected},
        "attained": {name: state.attained[name] for name in sorted(state.attained)},
    }
    return figure


def _effectiveness(scope: str, state: ProjectState, under: Parameters) -> Figure:
    whole = state.outcome.whole
    figure = Figure("M4", scope)
    if whole is not None:
        figure.state = state_of(whole.observed, whole.expected, under)
        figure.observed, figure.expected = coverage(whole.observed, whole.expected)
        figure.lower, figure.upper = whole.lower, whole.upper
        if figure.state in {"PUBLISHED", "PROVISIONAL"}:
            figure.value = whole.mean
    figure.flags = flags_of(state)
    if state.money.budget <= 0:
        figure.flags += ("NO_BUDGET",)
    if state.money.other:
        figure.flags += ("FX_RATE_MISSING",)
    figure.flags = tuple(dict.fromkeys(figure.flags))
    figure.parts = as_parts(
        {
            "levels": {str(level): _part(part) for level, part in state.outcome.levels},
            "results": {
                r.result: {"type": str(r.level), **_part(r.part)}
                for _, r in sorted(state.results.items())
                if r.part is not None
            },
            "scenarios": _scenarios(state, figure),
            "budget_cents": state.money.budget,
            "expenditure_cents": state.money.spend,
            "other_currencies": [list(row) for row in state.money.other],
        }
    )
    return figure


def _scenarios(state: ProjectState, figure: Figure) -> dict[str, int]:
    """E under the methods of §0.7 that concern one project."""
    s2, s3, s4, s7 = state.outcome.scenarios
    found = {"S0": figure.value, "S2": s2, "S3": s3, "S4": s4, "S5": figure.lower, "S6": figure.upper, "S7": s7}
    return {name: value for name, value in found.items() if value is not None} if figure.value is not None else {}


def _part(part: Part) -> dict[str, Any]:
    observed = half_even(part.observed * MICRO, part.expected)
    return {"mean": part.mean, "lower": part.lower, "upper": part.upper, "coverage": observed}


def _day(ordinal: int | None) -> str | None:
    return date.fromordinal(ordinal).isoformat() if ordinal is not None else None
