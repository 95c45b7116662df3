"""M4: the worked example of the methodology, its sensitivities, and fractions as the oracle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.scoring_facts import (
    a_project,
    an_actual,
    an_indicator,
    apply_all,
    day,
    facts,
    known,
    version,
)

from scoring.domain import effectiveness
from scoring.domain.cells import Cells
from scoring.domain.effectiveness import combine, result_part, sensitivity, state_of
from scoring.domain.figures import Figure, aggregate
from scoring.domain.parameters import FIRST
from scoring.domain.state import Outcome, Part, ProjectState


def outcome(rows: list[tuple[str, int, int, int | None]]) -> Outcome:
    """A project from rows of (result, type, weight, A)."""
    grouped: dict[tuple[int, str], list[tuple[int, int | None]]] = {}
    for name, level, weight, a in rows:
        grouped.setdefault((level, name), []).append((weight, a))
    return effectiveness.outcome(((level, part(*members)) for (level, _), members in grouped.items()), FIRST)


def part(*members: tuple[int, int | None]) -> Part:
    """A result of indicators (weight, A)."""
    known = [(weight, a) for weight, a in members if a is not None]
    observed = sum(weight for weight, _ in known)
    return result_part(sum(weight for weight, _ in members), observed, sum(weight * a for weight, a in known))


def test_the_worked_project() -> None:
    found = outcome([("O1", 1, 1, 1_000_000), ("O1", 1, 1, 750_000), ("O1", 1, 1, None), ("C1", 2, 1, 400_000)])
    assert dict(found.levels) == {
        1: Part(875_000, 583_333, 916_667, 2, 3),
        2: Part(400_000, 400_000, 400_000, 1, 1),
    }
    assert found.whole == Part(558_333, 461_111, 572_222, 8, 9)
    assert state_of(2, 3, FIRST) == "PUBLISHED"
    assert found.flags == ("OUTPUTS_WITHOUT_OUTCOMES",)
    assert sensitivity(found.levels, FIRST) == {"S2": 519_249, "S7": 637_500}


def test_results_are_weighted_and_not_their_indicators() -> None:
    found = outcome([("A", 1, 1, 1_000_000), ("A", 1, 1, 500_000), ("B", 1, 1, 250_000)])
    assert found.whole is not None
    assert found.whole.mean == 500_000


def test_coverage_of_exactly_two_thirds_is_published() -> None:
    both = combine([(1, part((1, 10))), (1, part((1, 10), (1, None), (1, None)))])
    assert both is not None
    assert (both.observed, both.expected) == (2, 3)
    assert state_of(both.observed, both.expected, FIRST) == "PUBLISHED"


@pytest.mark.parametrize(
    ("observed", "expected", "state"),
    [
        (2, 3, "PUBLISHED"),
        (666_666, 1_000_000, "PROVISIONAL"),
        (1, 2, "PROVISIONAL"),
        (499_999, 1_000_000, "INSUFFICIENT_DATA"),
        (0, 1, "INSUFFICIENT_DATA"),
        (0, 0, "NOT_APPLICABLE"),
    ],
)
def test_states_compare_the_exact_fraction(observed: int, expected: int, state: str) -> None:
    assert state_of(observed, expected, FIRST) == state


def test_other_results_are_shown_and_never_scored() -> None:
    found = outcome([("A", 1, 1, 600_000), ("X", 9, 1, 0)])
    assert found.whole == Part(600_000, 600_000, 600_000, 1, 1)
    state = known(a_project(), an_indicator(id_="X", result_type="9", result_id="RX"), an_actual("30", id_="X"))
    assert state.results["9|RX"].part == Part(300_000, 300_000, 300_000, 1, 1)
    assert state.outcome.flags == ("NO_RESULTS",)


@pytest.mark.parametrize(
    ("levels", "flagged"),
    [
        ([("A", 1, 1, 800_000)], True),
        ([("A", 1, 1, 799_999)], False),
        ([("A", 1, 1, 900_000), ("B", 2, 1, None)], True),
        ([("A", 1, 1, 900_000), ("B", 2, 1, 499_999)], True),
        ([("A", 1, 1, 900_000), ("B", 2, 1, 500_000)], False),
        ([("B", 2, 1, 100_000)], False),
    ],
)
def test_outputs_without_outcomes(levels: Any, flagged: bool) -> None:
    assert bool(outcome(levels).flags) is flagged


def _project(name: str, budget: str | None, output: str, cells: Cells, **over: Any) -> ProjectState:
    state = ProjectState(name)
    said = [
        a_project(project_id=name, budget=budget, countries={"ML": 1_000_000}, pillars={"P1": 1_000_000}, **over),
        an_indicator(),
        an_actual(output),
    ]
    apply_all(state, [(fact, version("2030-01-01", n)) for n, fact in enumerate(said)], cells=cells)
    return state


def _m4(cells: Cells, scope: str = "global") -> Figure:
    figure = aggregate("M4", scope, cells[scope], FIRST)
    assert figure is not None
    return figure


def test_the_worked_portfolio_rounds_half_to_even_and_has_a_budget_twin() -> None:
    cells: Cells = {}
    _project("P1", "9", "55.8333", cells)
    _project("P2", "1", "90", cells)
    figure = _m4(cells)
    assert (figure.value, figure.parts["by_budget"]) == (729_166, 592_500)
    assert (figure.state, figure.observed, figure.expected, figure.projects) == ("PUBLISHED", 1, 1, 2)
    assert _m4(cells, "pillar-country:P1|ML").value == 729_166


def test_a_cancelled_project_contributes_nothing() -> None:
    cells: Cells = {}
    _project("P1", "9", "50", cells)
    state = _project("P2", "1", "90", cells)
    apply_all(state, [(facts.StatusChanged("P2", "5"), version("2030-02-01", 9))], cells=cells)
    assert (_m4(cells).value, _m4(cells).projects) == (500_000, 1)
    apply_all(state, [(facts.StatusChanged("P2", "2"), version("2030-02-02", 10))], cells=cells)
    assert (_m4(cells).value, _m4(cells).projects) == (700_000, 2)


def test_a_suspended_project_stands_still_and_is_flagged() -> None:
    cells: Cells = {}
    state = known(
        a_project(),
        an_indicator(when="2020"),
        an_actual("40", "2019"),
        recorded="2020-03-01",
        closed="2020-03-01",
        cells=cells,
    )
    before = state.outcome
    apply_all(
        state,
        [
            (facts.StatusChanged("XM-DEMO-1-P", "6", day("2020-03-02")), version("2020-03-05", 8)),
            (an_actual("90", "2020"), version("2021-01-10", 9)),
        ],
        "2021-02-01",
        cells,
    )
    assert state.outcome == before
    assert state.transition is None
    assert "INCLUDES_SUSPENDED" in _m4(cells).flags
    apply_all(state, [(facts.StatusChanged("XM-DEMO-1-P", "2"), version("2021-02-02", 10))], "2021-02-01", cells)
    assert state.outcome.whole is not None
    assert state.outcome.whole.mean == 900_000


def test_a_project_under_way_without_results_is_missing_and_not_ignored() -> None:
    cells: Cells = {}
    _project("P1", None, "50", cells)
    state = ProjectState("P2")
    apply_all(state, [(a_project(project_id="P2"), version())], cells=cells)
    figure = _m4(cells)
    assert (figure.observed, figure.expected, figure.state) == (1, 2, "PROVISIONAL")
    assert (figure.value, figure.lower, figure.upper) == (500_000, 250_000, 750_000)
    assert figure.parts["no_results"] == 1
    apply_all(state, [(a_project(project_id="P2", status="1"), version("2026-01-02"))], cells=cells)
    assert (_m4(cells).observed, _m4(cells).expected) == (1, 1)


values = st.one_of(st.none(), st.integers(0, 1_000_000))
indicators = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from([1, 2, 3, 9]), st.integers(1, 5), values), max_size=20
).map(lambda rows: [(f"{name}{level}", level, weight, a) for name, level, weight, a in rows])


def _mean(rows: list[tuple[int, Fraction]]) -> Fraction:
    return sum((w * x for w, x in rows), Fraction(0)) / sum(w for w, _ in rows)


@given(indicators)
def test_the_oracle_of_fractions_agrees(rows: list[tuple[str, int, int, int | None]]) -> None:
    levels: dict[int, tuple[list[Fraction], list[Fraction], list[Fraction], list[Fraction]]] = {}
    for result in sorted({row[0] for row in rows}):
        mine = [(level, w, a) for name, level, w, a in rows if name == result]
        level = mine[0][0]
        if level == 9:
            continue
        means, lows, highs, covers = levels.setdefault(level, ([], [], [], []))
        seen = [(w, Fraction(a)) for _, w, a in mine if a is not None]
        if seen:
            means.append(Fraction(round(_mean(seen))))
        lows.append(Fraction(round(_mean([(w, Fraction(a or 0)) for _, w, a in mine]))))
        highs.append(Fraction(round(_mean([(w, Fraction(1_000_000 if a is None else a)) for _, w, a in mine]))))
        covers.append(Fraction(sum(w for w, _ in seen), sum(w for _, w, _ in mine)))
    weights = {1: 1, 2: 2, 3: 1}
    plain = {k: [[(1, x) for x in series] for series in v] for k, v in levels.items()}
    whole = outcome(rows).whole
    if not levels:
        assert whole is None
        return
    assert whole is not None
    known_levels = [(weights[k], Fraction(round(_mean(v[0])))) for k, v in plain.items() if v[0]]
    assert whole.mean == (round(_mean(known_levels)) if known_levels else None)
    assert whole.lower == round(_mean([(weights[k], Fraction(round(_mean(v[1])))) for k, v in plain.items()]))
    assert whole.upper == round(_mean([(weights[k], Fraction(round(_mean(v[2])))) for k, v in plain.items()]))
    covered = _mean([(weights[k], _mean(v[3])) for k, v in plain.items()])
    assert Fraction(whole.observed, whole.expected) == covered
