"""Why a figure was revised: one of M16's kinds for the fact that moved it (ADR 0071).

Decided from the fact and from what the register knew of its key just before: never from when it was applied, so that
a replay names the same reasons.
"""

from __future__ import annotations

from typing import Final

from scoring.domain import facts, judgements
from scoring.domain.facts import Fact, Version
from scoring.domain.parameters import Parameters
from scoring.domain.register import actual_key, day_of
from scoring.domain.state import About, ProjectState

NEW_DATA: Final = "NEW_DATA"
LATE_DATA: Final = "LATE_DATA"
CORRECTION: Final = "CORRECTION"
RETRACTION: Final = "RETRACTION"
CLASSIFICATION_CHANGE: Final = "CLASSIFICATION_CHANGE"
METHOD_CHANGE: Final = "METHOD_CHANGE"
TIME: Final = "TIME"
KINDS: Final = (NEW_DATA, LATE_DATA, CORRECTION, RETRACTION, CLASSIFICATION_CHANGE, METHOD_CHANGE, TIME)
"""M16's five, and two of ours: data in time is no revision of anything, and time passes without any fact."""

_WITHOUT_FACT: Final = {
    "clock.day.closed.v1": TIME,
    "method.released.v1": METHOD_CHANGE,
    "dialect.adopted.v1": METHOD_CHANGE,
    "dialect.withdrawn.v1": METHOD_CHANGE,
    "codelist.published.v1": CLASSIFICATION_CHANGE,
}
_WITHDRAWALS: Final = (
    facts.ProjectWithdrawn,
    facts.IndicatorWithdrawn,
    facts.ObservationRetracted,
    facts.TransactionReversed,
)


def kind_of(fact: Fact | None, type_: str, version: Version, state: ProjectState, under: Parameters) -> str:
    """The kind of cause a fact is, given the state before it; ``type_`` is the event's type without its prefix."""
    if fact is None:
        return _WITHOUT_FACT.get(type_, NEW_DATA)
    if isinstance(fact, _WITHDRAWALS) or getattr(fact, "withdrawn", False):
        return RETRACTION
    match fact:
        case facts.Project():
            about = state.about
            return NEW_DATA if about is None else _amended(about, fact)
        case facts.Observation():
            indicator = state.indicators.get(fact.indicator_id)
            if "corrected" in type_ or (indicator is not None and actual_key(fact) in indicator.actuals):
                return CORRECTION
            return _in_time(fact.period.end.toordinal(), version, under)
        case facts.Indicator():
            known = state.indicators.get(fact.indicator_id)
            return CORRECTION if known is not None and known.definition is not None else NEW_DATA
        case facts.Transaction():
            if fact.transaction_id in state.transactions:
                return CORRECTION
            return _in_time(fact.value_date.toordinal(), version, under)
        case judgements.MarkerAssigned():
            markers = state.assessed.open().markers
            return CLASSIFICATION_CHANGE if f"{fact.scheme}|{fact.stage}" in markers else NEW_DATA
        case judgements.EvaluationPublished():
            if fact.evaluation_id in state.assessed.open().evaluations:
                return CORRECTION
            return _in_time(fact.completed_on.toordinal(), version, under)
        case judgements.EffortReported():
            return _in_time(fact.period.end.toordinal(), version, under)
        case _:
            return NEW_DATA


def _in_time(day: int, version: Version, under: Parameters) -> str:
    """Later than the days of grace after its period a report is late: the method's own measure of lateness (M15)."""
    return LATE_DATA if day_of(version) - day > under.grace_days else NEW_DATA


def _amended(before: About, now: facts.Project) -> str:
    """An amendment reclassifies where what it is counted under changed: its shares, its markers, its readers."""
    if not before.alive:
        return NEW_DATA
    shares = tuple((a.dim, a.code, a.vocabulary or "", a.ppm) for a in now.allocations)
    same = (before.allocations, before.classification, before.entity) == (shares, now.classification, now.entity)
    return CORRECTION if same else CLASSIFICATION_CHANGE
