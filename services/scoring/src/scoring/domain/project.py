"""One project scored: its indicators, its effectiveness, its money, and what it adds to the cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.domain import parameters
from scoring.domain.allocation import shares_of
from scoring.domain.attainment import Attainment, attain, lowered
from scoring.domain.balance import money_of
from scoring.domain.effectiveness import outcome
from scoring.domain.numbers import half_even, shown, text
from scoring.domain.pace import STATUSES, Pace, pace
from scoring.domain.parameters import MICRO
from scoring.domain.register import Touched, day_of
from scoring.domain.state import (
    About,
    Contribution,
    IndicatorState,
    Leaf,
    Outcome,
    Part,
    ProjectState,
)

CANCELLED, SUSPENDED, PIPELINE = 5, 6, 1
OTHER = 9
"""Result type that is shown and never scored."""

UNEXPECTED = frozenset({"NOT_DUE", "NOT_APPLICABLE"})
"""States that leave the denominator (§0.5)."""

_BIN = {status: position for position, status in enumerate(STATUSES)}
_STALE = _BIN["STALE"]
_UNKNOWN = Part(None, 0, MICRO, 0, 1)
"""A project under way that set no results out: all is possible, nothing known (ADR 0033)."""


def status_of(state: ProjectState) -> int:
    """The project's IATI status, by whichever fact about it is the latest; 0 while it is unknown or withdrawn."""
    about, change = state.about, state.status
    if about is None or not about.alive:
        return 0
    return change.status if change is not None and change.version > about.version else about.status


def is_counted(state: ProjectState) -> bool:
    """Whether the project has figures at all: it is known, not withdrawn and not cancelled."""
    return status_of(state) not in {0, CANCELLED}


def day_for(state: ProjectState, closed: int) -> int:
    """The day this project is judged on: the last closed one, or the day of its newest fact if that is later.

    A suspended project stands still on the day it was, or will be, suspended (M4).
    """
    day, frozen = max(closed, state.newest), _frozen_on(state)
    return day if frozen is None else min(day, frozen)


def _frozen_on(state: ProjectState) -> int | None:
    about, change = state.about, state.status
    if about is None or status_of(state) != SUSPENDED:
        return None
    if change is not None and change.version > about.version:
        return change.effective if change.effective is not None else day_of(change.version)
    return day_of(about.version)


def score(state: ProjectState, touched: Touched, closed: int) -> dict[str, str | None]:
    """Bring a project's scores and contribution up to date; returns the indicators scored again, with their
    status of pace before.

    ``closed`` is the last closed day. Only what was touched is computed, or all of it where a day that
    changes something has come.
    """
    day = day_for(state, closed)
    due = state.transition is not None and state.transition <= day
    names: Iterable[str] = touched.indicators
    if touched.about or due or day < state.scored_on:
        names = state.indicators
    about = state.about if state.about is not None and state.about.alive else None
    if about is not None:
        state.last_entity, state.last_classification = about.entity, about.classification
    again: dict[str, str | None] = {}
    for name in names:
        indicator = state.indicators[name]
        again[name] = indicator.leaf.status if indicator.leaf is not None else None
        indicator.leaf = _leaf(indicator, about, day)
    state.scored_on = day
    if again or touched.about:
        sums = _sums(state)
        state.outcome = _outcome(state, sums)
        state.statuses = (tuple(sums.number), tuple(sums.weight))
        frozen = _frozen_on(state)
        beyond = frozen is not None and sums.transition is not None and sums.transition > frozen
        state.transition = None if beyond else sums.transition  # beyond that day only a fact moves it
    if touched.about or touched.money:
        state.money = money_of(state)
    state.contribution = _contribution(state, fresh=touched.about or touched.money)
    return again


def _leaf(indicator: IndicatorState, about: About | None, day: int) -> Leaf | None:
    definition = indicator.definition
    if definition is None or not definition.alive:
        return None
    actuals = indicator.actuals.values()
    found = attain(definition, actuals, day)
    start, end = (about.start, about.end) if about is not None else (None, None)
    if start is None and definition.targets:
        start = min(t.start for t in definition.targets)
    judged = pace(found, start, end, definition.result_type, day)
    original = None
    flags = found.flags
    if indicator.first is not None and indicator.first[1] != definition.targets:
        before = attain(definition, actuals, day, indicator.first[1])
        begun = start is None or start <= day_of(definition.version)
        if begun and lowered(definition, indicator.first[1], found, before):
            flags, original = [*flags, "TARGET_REVISED"], before.a
    if judged.unstable:
        flags = [*flags, "UNSTABLE_PACE"]
    if judged.stale:
        flags = [*flags, "STALE"]
    return _packed(found, judged, original, tuple(dict.fromkeys(flags)))


def _packed(found: Attainment, judged: Pace, original: int | None, flags: tuple[str, ...]) -> Leaf:
    return Leaf(
        found.state,
        found.a,
        None if found.raw is None else shown(found.raw),
        original,
        text(found.value),
        text(found.target),
        text(found.baseline),
        found.mode,
        found.accumulation,
        flags,
        tuple(found.hints),
        found.observed_on,
        found.source,
        judged.status,
        None if judged.ratio is None else shown(judged.ratio),
        None if judged.elapsed is None else shown(judged.elapsed),
        None if judged.planned is None else shown(judged.planned),
        None if judged.low is None else shown(judged.low),
        None if judged.high is None else shown(judged.high),
        judged.stale,
        judged.transition,
    )


@dataclass(slots=True)
class _Sums:
    """One walk over a project's indicators: what its results, its histogram and its calendar are made of."""

    results: dict[tuple[int, str], list[tuple[int, int | None]]]
    number: list[int]
    weight: list[int]
    transition: int | None = None
    designed: bool = False


def _sums(state: ProjectState) -> _Sums:
    sums = _Sums({}, [0] * len(STATUSES), [0] * len(STATUSES))
    for indicator in state.indicators.values():
        leaf, definition = indicator.leaf, indicator.definition
        if leaf is None or definition is None:
            continue
        if leaf.transition is not None and (sums.transition is None or leaf.transition < sums.transition):
            sums.transition = leaf.transition
        result_type, weight = definition.result_type, definition.weight
        if leaf.state not in UNEXPECTED:
            member = (weight, leaf.a)
            key = (result_type, definition.result_id)
            if key in sums.results:
                sums.results[key].append(member)
            else:
                sums.results[key] = [member]
        if result_type == OTHER:
            continue
        sums.designed = True
        if leaf.status is not None:
            position = _BIN[leaf.status]
            sums.number[position] += 1
            sums.weight[position] += weight
            if leaf.stale:
                sums.number[_STALE] += 1
                sums.weight[_STALE] += weight
    return sums


def _outcome(state: ProjectState, sums: _Sums) -> Outcome:
    found = outcome(sums.results)
    if found.whole is not None or sums.designed or status_of(state) in {0, PIPELINE, CANCELLED}:
        return found
    return Outcome(_UNKNOWN, (), found.results, ("NO_RESULTS",))


def _contribution(state: ProjectState, *, fresh: bool) -> Contribution | None:
    about = state.about
    if about is None or not is_counted(state):
        return None
    old = state.contribution
    shares = shares_of(about, state.money) if fresh or old is None else old.shares
    whole, flags = state.outcome.whole, state.outcome.flags
    restricted = about.classification != "public"
    return Contribution(
        (
            1,
            int(about.demonstration),
            int(status_of(state) == SUSPENDED),
            int(restricted),
            int(restricted and about.classification not in {"member-states", "compact"}),
            int(bool(state.money.other)),
            int("OUTPUTS_WITHOUT_OUTCOMES" in flags),
            int("NO_RESULTS" in flags),
            int(whole is not None and whole.mean is not None),
        ),
        _weighted(whole),
        *state.statuses,
        shares,
    )


def _weighted(whole: Part | None) -> tuple[int, ...]:
    if whole is None:
        return (0,) * 6
    covered = half_even(whole.observed * parameters.COVERAGE_UNIT, whole.expected)
    known = whole.mean is not None
    return (1, int(known), whole.mean or 0, whole.lower, whole.upper, covered)
