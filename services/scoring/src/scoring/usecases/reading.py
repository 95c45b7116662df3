"""One figure, read as the caller may."""

from __future__ import annotations

from typing import Any

from contracts.envelope import rfc3339
from runtime.db import Tx
from scoring import store
from scoring.codec import instant
from scoring.domain.assessing import family_figure, own_family_figure
from scoring.domain.families import FAMILIES
from scoring.domain.figures import Figure, aggregate, metrics_of, vacated
from scoring.domain.method import Method
from scoring.domain.ownfigures import indicator_figures, project_figures
from scoring.domain.parameters import Parameters
from scoring.domain.scorecard import METRIC as SCORECARD
from scoring.domain.scorecard import PARTS, SCOPE, scorecard
from scoring.domain.state import ProjectState, Published
from scoring.scopes import Own, own_scope
from scoring.usecases.method import in_force
from scoring.usecases.publishing import payload

_OF_PROJECT = ("M1", "M2", "M4")
_OF_INDICATOR = ("M1", "M2")


async def figure(tx: Tx, metric: str, scope: str) -> dict[str, Any] | None:
    """The figure as it was last published; None where there is none, or none for this caller."""
    own, method = own_scope(scope), await in_force(tx)
    if own is not None:
        state = await project(tx, own)
        return None if state is None else await _own(tx, metric, scope, state, own, method)
    found, known = await _total(tx, metric, scope, method.parameters)
    if found is None or known is None:
        return None
    return payload(found, known, method) | {
        "updated_at": rfc3339(instant(known.updated)),
        "cause": {"event_id": known.cause},
    }


async def _total(tx: Tx, metric: str, scope: str, under: Parameters) -> tuple[Figure | None, Published | None]:
    if (metric, scope) == (SCORECARD, SCOPE):
        return await whole_scorecard(tx, under)
    family = FAMILIES.get(metric)
    if family is not None:
        row = await store.family_cell(tx.conn, scope, metric) if family.published_for(scope) else None
        if row is None:
            return None, None
        found = family_figure(family, scope, row.sums, under, row.withheld)
        return found or vacated(metric, scope), row.published.get(metric)
    cell = await store.cell(tx.conn, scope) if metric in metrics_of(scope) else None
    if cell is None:
        return None, None
    found = aggregate(metric, scope, cell.sums, under, cell.withheld)
    return found or vacated(metric, scope), cell.published.get(metric)


async def whole_scorecard(tx: Tx, under: Parameters) -> tuple[Figure | None, Published | None]:
    """M17 from the four pillars' cells, where the caller may read each of them."""
    cells = await store.cells_of(tx.conn, [SCOPE, *sorted(PARTS)])
    if len(cells) <= len(PARTS):
        return None, None
    found = scorecard(
        {scope: aggregate("M4", scope, cells[scope].sums, under, cells[scope].withheld) for scope in PARTS}
    )
    return found or vacated(SCORECARD, SCOPE), cells[SCOPE].published.get(SCORECARD)


async def project(tx: Tx, own: Own) -> ProjectState | None:
    """The state of the project that a scope names, as far as the caller may read it."""
    return (await store.project_states(tx.conn, [own.project])).get(own.project)


def own_figure(metric: str, state: ProjectState, own: Own, under: Parameters) -> tuple[Figure | None, Published | None]:
    """A figure of a project or an indicator, and what was last published of it."""
    if own.indicator is None:
        if metric in FAMILIES:
            return own_family_figure(metric, state, under), state.assessed.open().published.get(metric)
        if metric not in _OF_PROJECT:
            return None, None
        of_project = project_figures(state, under)
        return (of_project[_OF_PROJECT.index(metric)] if of_project else None), state.published.get(metric)
    if metric not in _OF_INDICATOR:
        return None, None
    of_indicator = indicator_figures(state, own.indicator, under)
    indicator = state.indicators.get(own.indicator)
    known = indicator.published.get(metric) if indicator is not None else None
    return (of_indicator[_OF_INDICATOR.index(metric)] if of_indicator else None), known


async def _own(tx: Tx, metric: str, scope: str, state: ProjectState, own: Own, method: Method) -> dict[str, Any] | None:
    found, known = own_figure(metric, state, own, method.parameters)
    if known is None:
        return None
    if found is None:
        found = vacated(metric, scope, state.last_classification, state.last_entity)
    cause: dict[str, Any] = {"event_id": known.cause}
    facts = await store.facts_by_id(tx.conn, [(own.project, known.cause or "")])
    for fact in facts.values():
        cause |= {"type": fact.type, "project_id": own.project, "entity": found.owner}
    return payload(found, known, method) | {"updated_at": rfc3339(instant(known.updated)), "cause": cause}
