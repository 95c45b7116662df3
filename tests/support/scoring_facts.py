"""Facts for the tests of scoring: name only what the test is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from scoring.domain import facts
from scoring.domain.attainment import Attainment, attain
from scoring.domain.cells import Cells
from scoring.domain.facts import Fact, Version
from scoring.domain.figures import Figure
from scoring.domain.ledger import Change, apply, own_figures
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState

PROJECT = "XM-DEMO-1-P"


def day(text: str) -> date:
    return date.fromisoformat(text)


def ordinal(text: str) -> int:
    return day(text).toordinal()


def version(recorded: str = "2026-01-01", sequence: int = 1, id_: str | None = None) -> Version:
    """A version by the day (or instant) it was recorded."""
    instant = datetime.fromisoformat(recorded)
    micros = int(instant.replace(tzinfo=UTC).timestamp()) * 1_000_000
    return Version(micros, f"{sequence:010d}", id_ or f"event-{recorded}-{sequence}")


def period(text: str) -> facts.Period:
    """A period written as ``2021`` (the year), or ``2021-01-01/2021-06-30``."""
    start, _, end = text.partition("/")
    if not end:
        start, end = f"{start}-01-01", f"{start}-12-31"
    return facts.Period(day(start), day(end))


def target(when: str, value: str | None, location: str | None = None) -> facts.Target:
    span = period(when)
    return facts.Target(span.start, span.end, value, facts.Place(location))


def an_indicator(
    *,
    id_: str = "I1",
    baseline: str | None = "0",
    target_: str | None = "100",
    targets: list[facts.Target] | None = None,
    when: str = "2020",
    **over: Any,
) -> facts.Indicator:
    aims = targets if targets is not None else [target(when, target_)]
    base = [facts.Baseline(baseline)] if baseline is not None else []
    known: dict[str, Any] = {"result_id": "R1", "result_type": "1", "measure": "1", "ascending": True}
    return facts.Indicator(
        project_id=PROJECT, indicator_id=id_, **{"baselines": base, "targets": aims, **known, **over}
    )


def an_actual(value: str | None, when: str = "2020", *, id_: str = "I1", **over: Any) -> facts.Observation:
    return facts.Observation(project_id=PROJECT, indicator_id=id_, period=period(when), value=value, **over)


def a_rating(rubric: Any, when: str = "2020", *, id_: str = "I1", **over: Any) -> facts.Observation:
    return an_actual(None, when, id_=id_, **{"rubric": rubric, "assessor": "A. Reviewer", "evidence": ["doc"], **over})


def retraction(when: str = "2020", *, id_: str = "I1") -> facts.ObservationRetracted:
    return facts.ObservationRetracted(project_id=PROJECT, indicator_id=id_, period=period(when))


def a_project(
    *,
    project_id: str = PROJECT,
    entity: str = "XM-DEMO-1",
    status: Any = "2",
    start: str = "2018-01-01",
    end: str = "2020-12-31",
    countries: dict[str, int] | None = None,
    regions: dict[str, int] | None = None,
    pillars: dict[str, int] | None = None,
    themes: dict[str, int] | None = None,
    budget: str | None = None,
    **over: Any,
) -> facts.Project:
    shares = {"COUNTRY": countries, "REGION": regions, "PILLAR": pillars, "THEME": themes}
    allocations = [
        facts.Allocation(dim, code, ppm)  # type: ignore[arg-type]
        for dim, found in shares.items()
        for code, ppm in (found or {}).items()
    ]
    budgets = [facts.Budget(day("2018-01-01"), day("2018-12-31"), budget, "USD")] if budget else []
    return facts.Project(
        project_id=project_id,
        entity=entity,
        status=status,
        dates=facts.Dates(planned_start=day(start), planned_end=day(end)),
        **{"title": {"en": f"Project {project_id}"}, "allocations": allocations, "budgets": budgets, **over},
    )


def scored(
    indicator: facts.Indicator, *actuals: facts.Observation | facts.ObservationRetracted, on: str = "2030-12-31"
) -> Attainment:
    """An indicator's attainment on a day, its facts recorded long after all of its periods."""
    state = known(indicator, *actuals)
    found = state.indicators[indicator.indicator_id]
    assert found.definition is not None
    return attain(found.definition, found.actuals.values(), ordinal(on), FIRST)


def known(
    *said: Fact, recorded: str = "2030-01-01", closed: str = "2030-12-31", cells: Cells | None = None
) -> ProjectState:
    """A project that knows these facts, said in this order, and nothing else."""
    state = ProjectState(PROJECT)
    batch = [(fact, version(recorded, n)) for n, fact in enumerate(said, 1)]
    apply_all(state, batch, closed, cells)
    return state


def apply_all(
    state: ProjectState, batch: Sequence[tuple[Fact, Version]], closed: str = "2030-12-31", cells: Cells | None = None
) -> Change:
    return apply(state, batch, ordinal(closed), cells if cells is not None else {})


def figures_of(state: ProjectState, change: Change) -> dict[str, Figure]:
    """A project's figures that may have changed: its own by metric, an indicator's as ``M1|I1``."""
    found = {}
    for own in own_figures(state, change, FIRST):
        scope = own.figure.scope
        suffix = "|" + scope.rpartition("|")[2] if scope.startswith("indicator:") else ""
        found[own.figure.metric + suffix] = own.figure
    return found
