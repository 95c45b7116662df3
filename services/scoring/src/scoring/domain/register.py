"""The register of facts: last writer wins by version, not by arrival (methodology §0.4)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date

from scoring.domain import facts
from scoring.domain.assessment import enter
from scoring.domain.duplicates.identity import identity
from scoring.domain.facts import Fact, Version
from scoring.domain.judgements import EvidenceVerified, Judgement, SharedClaim
from scoring.domain.months import note
from scoring.domain.numbers import decimal
from scoring.domain.state import (
    About,
    Actual,
    BudgetLine,
    Definition,
    Posting,
    ProjectState,
    RevisedBudget,
    StatusChange,
    TargetOf,
)

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_MICROS = 86_400_000_000
_GENDER = "1"  # IATI PolicyMarker


@dataclass(slots=True)
class Touched:
    """What a batch of facts changed in one project, and so what must be scored again."""

    about: bool = False
    money: bool = False
    indicators: set[str] = field(default_factory=set)
    judged: set[type[Judgement]] = field(default_factory=set)
    reread: bool = False  # its publisher's dialect, not a fact of its own
    presence: bool = False  # the first fact of a month, or of a later period, came (M15)

    def __bool__(self) -> bool:
        return self.about or self.money or self.reread or bool(self.indicators) or bool(self.judged)


def day_of(version: Version) -> int:
    """The UTC day on which a fact was recorded."""
    return _EPOCH_DAY + version.recorded // _DAY_MICROS


def record(state: ProjectState, fact: Fact, version: Version, touched: Touched) -> bool:
    """Enter one fact; whether it won over what was known.

    Raises ValueError where a figure is no decimal: nothing is changed then.
    """
    won = _enter(state, fact, version, touched)
    if isinstance(fact, SharedClaim):
        # Nobody reported on the project, and of claims only those that stand are kept: like a rate, one moves no day.
        return won
    day = day_of(version)
    state.newest = max(state.newest, day)
    if note(state, day, fact):
        touched.presence = True
    return won


def _enter(state: ProjectState, fact: Fact, version: Version, touched: Touched) -> bool:
    match fact:
        case facts.Observation() | facts.ObservationRetracted():
            return _actual(state, fact, version, touched)
        case facts.Indicator() | facts.IndicatorWithdrawn():
            return _definition(state, fact, version, touched)
        case facts.Transaction() | facts.TransactionReversed():
            known = state.transactions.get(fact.transaction_id)
            if known is not None and known.version >= version:
                return False
            if isinstance(fact, facts.Transaction):
                decimal(fact.amount)
                entry = Posting(
                    version,
                    True,
                    fact.type,
                    fact.amount,
                    fact.currency,
                    fact.value_date.toordinal(),
                    fact.agreement_ref or fact.provider or "",
                    fact.receiver_activity_id or "",
                )
            else:
                entry = Posting(version, False)
            state.transactions[fact.transaction_id] = entry
            touched.money = True
            return True
        case facts.BudgetRevised():
            line = _line(fact.budget)
            key = f"{line.start}|{line.end}|{line.type}"
            revised = state.budgets.get(key)
            if revised is not None and revised.version >= version:
                return False
            state.budgets[key] = RevisedBudget(version, line)
            touched.money = True
            return True
        case facts.StatusChanged():
            if state.status is not None and state.status.version >= version:
                return False
            state.status = StatusChange(version, int(fact.to), _ordinal(fact.effective_on))
            touched.about = True
            return True
        case facts.Project() | facts.ProjectWithdrawn():
            about = _about(fact, version) if isinstance(fact, facts.Project) else About(version, False)
            if isinstance(fact, facts.Project) and (state.described is None or state.described < version):
                # Whose it is and who may read it outlive a withdrawal, whichever of the two came first.
                state.described = version
                state.last_entity, state.last_classification = fact.entity, fact.classification
            if state.about is not None and state.about.version >= version:
                return False
            state.about = about
            touched.about = True
            return True
        case _:
            won = enter(state.assessed.open(), fact, version)
            if won:
                touched.judged.add(type(fact))
                if isinstance(fact, EvidenceVerified):
                    touched.indicators.update(state.indicators)  # any of them may rest on it
            return won


def actual_key(fact: facts.Observation | facts.ObservationRetracted) -> str:
    """The key by which an actual and its corrections are one: period, ordinal and place."""
    return f"{fact.period.start.toordinal()}|{fact.period.end.toordinal()}|{fact.ordinal}|{_place(fact.place)}"


def _actual(
    state: ProjectState,
    fact: facts.Observation | facts.ObservationRetracted,
    version: Version,
    touched: Touched,
) -> bool:
    start, end, place = fact.period.start.toordinal(), fact.period.end.toordinal(), _place(fact.place)
    if isinstance(fact, facts.Observation):
        for value in (fact.value, fact.numerator, fact.denominator):
            if value is not None:
                decimal(value)
        entry = Actual(
            version,
            True,
            start,
            end,
            place,
            fact.value,
            fact.numerator,
            fact.denominator,
            fact.rubric,
            bool(fact.assessor and fact.evidence),
            fact.withheld,
            tuple(fact.flags),
            fact.source_type,
            tuple(fact.evidence),
        )
    else:
        entry = Actual(version, False, start, end, place)
    indicator = state.indicators.open(fact.indicator_id)
    key = actual_key(fact)
    known = indicator.actuals.get(key)
    if known is not None and known.version >= version:
        return False
    indicator.actuals[key] = entry
    touched.indicators.add(fact.indicator_id)
    return True


def _definition(
    state: ProjectState,
    fact: facts.Indicator | facts.IndicatorWithdrawn,
    version: Version,
    touched: Touched,
) -> bool:
    entry = _defined(fact, version) if isinstance(fact, facts.Indicator) else Definition(version, False)
    indicator = state.indicators.open(fact.indicator_id)
    if entry.alive and (indicator.first is None or version < indicator.first[0]):
        # The targets as first set are kept by the lowest version, so that they too do not depend on arrival.
        indicator.first = (version, entry.targets)
        touched.indicators.add(fact.indicator_id)
    if indicator.definition is not None and indicator.definition.version >= version:
        return False
    indicator.definition = entry
    touched.indicators.add(fact.indicator_id)
    return True


def _defined(fact: facts.Indicator, version: Version) -> Definition:
    values = [baseline.value for baseline in fact.baselines] + [target.value for target in fact.targets]
    band = (fact.band.low, fact.band.high) if fact.band is not None else None
    for value in (*values, fact.tol_abs, *(band or ())):
        if value is not None:
            decimal(value)
    return Definition(
        version,
        True,
        fact.result_id,
        int(fact.result_type),
        int(fact.measure),
        fact.ascending,
        fact.kind,
        fact.accumulation,
        tuple((b.value, _place(b.place)) for b in fact.baselines),
        tuple(
            TargetOf(t.period_start.toordinal(), t.period_end.toordinal(), t.value, _place(t.place))
            for t in fact.targets
        ),
        fact.tol_abs,
        band,
        fact.weight,
        fact.not_applicable,
        fact.withheld,
        tuple(fact.flags),
    )


def _about(fact: facts.Project, version: Version) -> About:
    dates = fact.dates
    return About(
        version,
        True,
        fact.entity,
        int(fact.status),
        _ordinal(dates.actual_start or dates.planned_start),
        # Pace asks whether the target is reached on time, so the end as planned; the actual end where none was.
        _ordinal(dates.planned_end or dates.actual_end),
        tuple((a.dim, a.code, a.vocabulary or "", a.ppm) for a in fact.allocations),
        fact.pillar_inferred,
        tuple(_line(budget) for budget in fact.budgets),
        fact.classification,
        tuple(fact.flags),
        fact.demonstration,
        tuple((m.scheme, m.significance) for m in fact.markers if _is_read(m)),
        bool(fact.supports_security_forces),
        fact.supports_security_forces is not None,
        identity(fact),
    )


def _is_read(marker: facts.Marker) -> bool:
    """Whether M8 reads a marker: GEM and HRM up to 3, of DAC's the one on gender equality up to 2."""
    limit = 2 if marker.scheme == "DAC" else 3
    return (marker.scheme != "DAC" or marker.code == _GENDER) and 0 <= marker.significance <= limit


def _line(budget: facts.Budget) -> BudgetLine:
    decimal(budget.amount)
    return BudgetLine(
        budget.period_start.toordinal(),
        budget.period_end.toordinal(),
        budget.type,
        budget.amount,
        budget.currency,
        (budget.value_date or budget.period_start).toordinal(),
    )


def _ordinal(day: date | None) -> int | None:
    return day.toordinal() if day is not None else None


def _place(place: facts.Place) -> str:
    if place.dimensions:
        return f"D:{place.location or ''}|{json.dumps(place.dimensions, sort_keys=True, ensure_ascii=False)}"
    return f"L:{place.location}" if place.location else ""


def register_hash(state: ProjectState) -> str:
    """A digest of the register alone, in canonical order: equal for equal sets of facts."""
    content = [
        state.project_id,
        state.newest,
        state.about,
        state.status,
        [(k, i.definition, i.first, sorted(i.actuals.items())) for k, i in state.indicators.items()],
        sorted(state.budgets.items()),
        sorted(state.transactions.items()),
        state.assessed.open().register(),
    ]
    return hashlib.sha256(repr(content).encode()).hexdigest()
