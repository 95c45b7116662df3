"""One project scored: its indicators, its effectiveness, its money, and what it adds to the cells."""

from __future__ import annotations

from collections.abc import Collection

from scoring.domain.allocation import pillars_of, shares_of
from scoring.domain.attainment import Attainment, attain, lowered
from scoring.domain.balance import money_of
from scoring.domain.effectiveness import outcome, result_part, scenarios
from scoring.domain.grading import LETTERS, LOWEST, grade_of
from scoring.domain.judgements import EffortReported
from scoring.domain.numbers import half_even, shown, text
from scoring.domain.pace import STATUSES, Pace, pace
from scoring.domain.parameters import CAP, COVERAGE_UNIT, MICRO, PILLARS, Parameters
from scoring.domain.readings import PLAIN, Readings
from scoring.domain.register import Touched, day_of
from scoring.domain.state import (
    NO_MONEY,
    About,
    Actual,
    Contribution,
    Definition,
    IndicatorState,
    Leaf,
    Outcome,
    Part,
    ProjectState,
    ResultSum,
    Share,
)
from scoring.domain.world import NO_WORLD, World

CANCELLED, SUSPENDED, PIPELINE = 5, 6, 1
OTHER = 9
"""Result type that is shown and never scored."""

UNEXPECTED = frozenset({"NOT_DUE", "NOT_APPLICABLE"})
"""States that leave the denominator (§0.5)."""

_BIN = {status: position for position, status in enumerate(STATUSES)}
_STALE = _BIN["STALE"]
_NONE = (0,) * len(STATUSES)
_SILENT = tuple(int(status == "NO_DATA") for status in STATUSES)
"""A restricted project's pace in totals: one indicator of which nothing is known, however many it has."""
_GRADES = len(LETTERS) + 1  # A to D, and missing
_IMPACT = frozenset({2, 3})
_UNKNOWN = Part(None, 0, MICRO, 0, 1)
"""A project under way that set no results out: all is possible, nothing known (ADR 0033)."""


def status_of(state: ProjectState) -> int:
    """The project's IATI status, by whichever fact about it is the latest; 0 while it is unknown or withdrawn."""
    about, change = state.about, state.status
    if about is None or not about.alive:
        return 0
    return change.status if change is not None and change.version > about.version else about.status


def is_restricted(about: About) -> bool:
    """Whether not everybody may read the project: to totals it is one of which nothing is known (ADR 0091)."""
    return about.classification != "public"


def is_counted(state: ProjectState) -> bool:
    """Whether the project has figures at all: it is known, not withdrawn and not cancelled."""
    return status_of(state) not in {0, CANCELLED}


def day_for(state: ProjectState, closed: int) -> int:
    """The day this project is judged on: the last closed one, or the day of its newest fact if that is later.

    A suspended project stands still on the day it was, or will be, suspended (M4).
    """
    day, frozen = max(closed, state.newest), frozen_on(state)
    return day if frozen is None else min(day, frozen)


def frozen_on(state: ProjectState) -> int | None:
    """The day a suspended project stands still on; None for any other."""
    about, change = state.about, state.status
    if about is None or status_of(state) != SUSPENDED:
        return None
    if change is not None and change.version > about.version:
        return change.effective if change.effective is not None else day_of(change.version)
    return day_of(about.version)


def score(state: ProjectState, touched: Touched, closed: int, world: World = NO_WORLD) -> dict[str, str | None]:
    """Bring a project's scores and contribution up to date.

    ``closed`` is the last closed day. Only what was touched is computed, or all of it where a day that changes
    something has come. Returns the indicators scored again, with their status of pace before.
    """
    day = day_for(state, closed)
    due = state.transition is not None and state.transition <= day
    everything = touched.about or due or day < state.scored_on
    about = state.about if state.about is not None and state.about.alive else None
    readings = world.readings(about.entity) if about is not None else PLAIN
    under = world.method.parameters
    again: dict[str, str | None] = {}
    transitions: list[int] = []
    for name in list(state.indicators) if everything else touched.indicators:
        indicator = state.indicators[name]
        old, new = indicator.leaf, _leaf(state, indicator, about, day, readings, under)
        again[name] = old.status if old is not None else None
        if new is not None and new.transition is not None:
            transitions.append(new.transition)
        if new != old:
            _tally(state, name, old, new)
            indicator.leaf = new
    state.scored_on = day
    if again or touched.about or touched.reread:
        state.outcome = _outcome(state, world, readings)
        _await(state, transitions, fresh=everything)
    if touched.about or touched.money:
        state.money = money_of(state, world.rates)
    if touched.about or EffortReported in touched.judged:
        state.effort = _effort(state)
    fresh = touched.about or touched.money or touched.reread
    state.contribution = _contribution(state, world, readings, fresh=fresh)
    return again


def _await(state: ProjectState, transitions: list[int], *, fresh: bool) -> None:
    """Note the next day on which time alone changes something; beyond a suspension only a fact does."""
    frozen = frozen_on(state)
    known = [] if fresh or state.transition is None else [state.transition]
    days = known + [t for t in transitions if frozen is None or t <= frozen]
    state.transition = min(days, default=None)


def _tally(state: ProjectState, name: str, old: Leaf | None, new: Leaf | None) -> None:
    """Subtract an indicator's old score from the project's sums, and add the new one."""
    if not state.number:
        state.number, state.weight = [0] * len(STATUSES), [0] * len(STATUSES)
        state.grades_number, state.grades_weight = [0] * _GRADES, [0] * _GRADES
    if old is not None:
        _count(state, old, -1)
    if new is not None:
        _count(state, new, 1)
        state.attained[name] = new.state if new.a is None else new.a
    else:
        state.attained.pop(name, None)
    if new is not None and new.level in _IMPACT and new.state not in UNEXPECTED:
        state.impacts[name] = (new.result, new.a, new.grade or 0)
    else:
        state.impacts.pop(name, None)


def _count(state: ProjectState, leaf: Leaf, sign: int) -> None:
    level, weight = leaf.level, sign * leaf.weight
    if leaf.state not in UNEXPECTED:
        key = f"{level}|{leaf.result}"
        known = state.results.get(key)
        if known is None:
            known = ResultSum(leaf.result, level, 0, 0, 0)
        expected, observed, summed = known.expected + weight, known.observed, known.summed
        capped, trusted, trusted_sum = known.capped, known.trusted, known.trusted_sum
        if leaf.a is not None:
            observed += weight
            summed += weight * leaf.a
            capped += weight * min(max(leaf.raw or 0, 0), CAP)
            if leaf.grade != LOWEST:
                trusted += weight
                trusted_sum += weight * leaf.a
        if expected:
            part = result_part(expected, observed, summed)
            state.results[key] = ResultSum(
                leaf.result, level, expected, observed, summed, part, capped, trusted, trusted_sum
            )
        else:
            del state.results[key]
    if level == OTHER:
        return
    state.designed += sign
    if leaf.state not in UNEXPECTED:
        state.expected += sign
        state.known += sign if leaf.a is not None else 0
        position = len(LETTERS) - leaf.grade if leaf.grade is not None else len(LETTERS)
        state.grades_number[position] += sign
        state.grades_weight[position] += weight
    if leaf.status is not None:
        for position in (_BIN[leaf.status], _STALE) if leaf.stale else (_BIN[leaf.status],):
            state.number[position] += sign
            state.weight[position] += weight


def _leaf(
    state: ProjectState,
    indicator: IndicatorState,
    about: About | None,
    day: int,
    readings: Readings,
    under: Parameters,
) -> Leaf | None:
    definition = indicator.definition
    if definition is None or not definition.alive:
        return None
    actuals = indicator.actuals.values()
    found = attain(definition, actuals, day, under, readings=readings)
    start, end = (about.start, about.end) if about is not None else (None, None)
    if start is None and definition.targets:
        start = min(t.start for t in definition.targets)
    judged = pace(found, start, end, definition.result_type, day, under)
    original = None
    flags = found.flags
    if indicator.first is not None and indicator.first[1] != definition.targets:
        before = attain(definition, actuals, day, under, indicator.first[1], readings)
        begun = start is None or start <= day_of(definition.version)
        if begun and lowered(definition, indicator.first[1], found, before):
            flags, original = [*flags, "TARGET_REVISED"], before.a
    if judged.unstable:
        flags = [*flags, "UNSTABLE_PACE"]
    if judged.stale:
        flags = [*flags, "STALE"]
    told = tuple(dict.fromkeys(flags))
    return _packed(definition, found, judged, original, told, _grade(state, actuals, found, told, stale=judged.stale))


def _grade(
    state: ProjectState, actuals: Collection[Actual], found: Attainment, flags: tuple[str, ...], *, stale: bool
) -> int | None:
    """The confidence in an indicator's latest value (M3); None where there is no A."""
    if found.raw is None:
        return None
    last = next((actual for actual in actuals if actual.version.id == found.source), None)
    if last is None:
        return LOWEST
    verified = state.assessed.open().verified if last.evidence else {}
    return grade_of(last.kind, last.evidence, (*flags, *last.flags), verified, stale=stale)


def _packed(
    definition: Definition,
    found: Attainment,
    judged: Pace,
    original: int | None,
    flags: tuple[str, ...],
    grade: int | None,
) -> Leaf:
    return Leaf(
        found.state,
        definition.result_id,
        definition.result_type,
        definition.weight,
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
        grade,
    )


def _outcome(state: ProjectState, world: World, readings: Readings) -> Outcome:
    found = _effectiveness(state, world.method.parameters)
    if state.about is None or not readings.default_pillar:
        return found
    return found._replace(flags=(*found.flags, *pillars_of(state.about, world.method.crosswalk, readings).flags))


def _effectiveness(state: ProjectState, under: Parameters) -> Outcome:
    found = outcome(((r.level, r.part) for r in state.results.values() if r.part is not None), under)
    if found.whole is not None or state.designed or status_of(state) in {0, PIPELINE, CANCELLED}:
        return found._replace(scenarios=scenarios(found.levels, state.results.values(), under))
    return Outcome(_UNKNOWN, (), ("NO_RESULTS",))


def _contribution(state: ProjectState, world: World, readings: Readings, *, fresh: bool) -> Contribution | None:
    about = state.about
    if about is None or not is_counted(state):
        return None
    old = state.contribution
    if is_restricted(about):
        return _unknown(about, old.shares if old is not None and not fresh else _places(about, world, readings))
    shares = shares_of(about, state.money, world.method, readings) if fresh or old is None else old.shares
    whole, flags = state.outcome.whole, state.outcome.flags
    return Contribution(
        (
            1,
            int(about.demonstration),
            int(status_of(state) == SUSPENDED),
            0,
            0,
            int(bool(state.money.other)),
            int("OUTPUTS_WITHOUT_OUTCOMES" in flags),
            int("NO_RESULTS" in flags),
            int(whole is not None and whole.mean is not None),
        ),
        (*_weighted(whole), *_scenario_sums(state.outcome)),
        tuple(state.number) or _NONE,
        tuple(state.weight) or _NONE,
        shares,
        state.effort,
    )


def _unknown(about: About, shares: dict[str, Share]) -> Contribution:
    """What a restricted project adds: that it is there, and where; nothing that any of its values could move."""
    closed = about.classification not in {"member-states", "compact"}
    none = (0, 0, 0, 0)
    nothing_known = (*_weighted(_UNKNOWN), *_scenario_sums(Outcome(_UNKNOWN)))
    return Contribution(
        (1, int(about.demonstration), 0, 1, int(closed), *none), nothing_known, _SILENT, _SILENT, shares
    )


def _places(about: About, world: World, readings: Readings) -> dict[str, Share]:
    """The shares of a restricted project: without its money, nor what of its pillars was inferred."""
    found = shares_of(about, NO_MONEY, world.method, readings)
    return {scope: share._replace(inferred=False, said=0) for scope, share in found.items()}


def _effort(state: ProjectState) -> tuple[int, ...]:
    """Hundredths of person-days by pillar, then what serves none in particular; nothing where none was reported."""
    efforts = [e for e in state.assessed.open().efforts.values() if e.alive]
    if not efforts:
        return ()
    return tuple(sum(e.hundredths for e in efforts if e.pillar == pillar) for pillar in (*PILLARS, ""))


def _scenario_sums(found: Outcome) -> tuple[int, ...]:
    """S2, S3, S4 with the weight that has it, S7: where one knows E the others do, but for S4."""
    s2, s3, s4, s7 = found.scenarios
    return (s2 or 0, s3 or 0, int(s4 is not None), s4 or 0, s7 or 0)


def _weighted(whole: Part | None) -> tuple[int, ...]:
    if whole is None:
        return (0,) * 6
    covered = half_even(whole.observed * COVERAGE_UNIT, whole.expected)
    known = whole.mean is not None
    return (1, int(known), whole.mean or 0, whole.lower, whole.upper, covered)
