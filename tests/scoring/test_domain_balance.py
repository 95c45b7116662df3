"""M7, the money half: the worked table, G10, and money that cannot be counted yet."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.scoring_facts import a_project, apply_all, day, version

from scoring.domain import facts
from scoring.domain.balance import align, balance
from scoring.domain.cells import Cells, state_hash
from scoring.domain.figures import aggregate
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState


@pytest.mark.parametrize(
    ("x", "j", "hhi", "b_hhi", "equal", "least"),
    [
        ((20, 50, 25, 5), 840_200, 355_000, 860_000, 750_000, 50_000),
        ((400, 500, 600, 500), 992_700, 255_000, 993_333, 950_000, 200_000),
        ((0, 0, 10, 0), 0, 1_000_000, 0, 250_000, 0),
    ],
)
def test_worked_rows(x: tuple[int, ...], j: int, hhi: int, b_hhi: int, equal: int, least: int) -> None:
    found = balance(x, 0)
    assert found.indices == {"J": j, "HHI": hhi, "B_HHI": b_hhi, "align_equal": equal}
    assert found.least == least


def test_worked_alignment_with_agreed_shares() -> None:
    assert align((20, 50, 25, 5), (250_000, 300_000, 250_000, 200_000)) == 800_000


def test_the_bounds_give_the_unallocated_to_the_largest_and_to_the_smallest() -> None:
    found = balance((20, 50, 25, 5), 20)
    assert (found.least, found.lower, found.upper) == (50_000, 41_667, 166_667)
    assert found.indices
    assert not balance((20, 50, 25, 5), 26).indices  # more than a fifth without a pillar


def test_a_negative_total_says_nothing() -> None:
    found = balance((20, -1, 25, 5), 0)
    assert (found.least, found.shares, found.indices, found.negative) == (None, (), {}, True)


@given(st.lists(st.integers(0, 10**15), min_size=4, max_size=4), st.integers(0, 10**15))
def test_indices_stay_within_nought_and_one(x: list[int], unallocated: int) -> None:
    found = balance(x, unallocated)
    for value in (*found.shares, *found.indices.values(), found.least or 0):
        assert 0 <= value <= 1_000_000
    if found.least is not None and found.lower is not None and found.upper is not None:
        assert found.lower <= found.least
        assert found.lower <= found.upper


def _say(state: ProjectState, cells: Cells, sequence: int, fact: Any) -> None:
    apply_all(state, [(fact, version("2030-01-01", sequence))], cells=cells)


def _pillars(name: str, budget: str, shares: dict[str, int], **over: Any) -> facts.Project:
    return a_project(project_id=name, pillars=shares, budget=budget, countries={"ML": 1_000_000}, **over)


def test_g10_reclassify_cancel_reinstate_and_revert_end_where_they_began() -> None:
    cells: Cells = {}
    said = {
        "A": ("20000000", {"P1": 1_000_000}),
        "B": ("50000000", {"P2": 1_000_000}),
        "C": ("25000000", {"P3": 1_000_000}),
        "D": ("5000000", {"P4": 1_000_000}),
    }
    projects = {name: ProjectState(name) for name in said}
    for name, (budget, shares) in said.items():
        _say(projects[name], cells, 1, _pillars(name, budget, shares))

    def seen() -> tuple[list[int], int, str]:
        figure = aggregate("M7", "global", cells["global"], FIRST)
        assert figure is not None
        return [figure.parts["budget"][f"P{k}"] for k in (1, 2, 3, 4)], figure.parts["indices"]["J"], state_hash(cells)

    first = seen()
    assert first[:2] == ([2_000_000_000, 5_000_000_000, 2_500_000_000, 500_000_000], 840_200)
    _say(projects["B"], cells, 2, _pillars("B", "50000000", {"P2": 700_000, "P4": 300_000}))
    assert seen()[:2] == ([2_000_000_000, 3_500_000_000, 2_500_000_000, 2_000_000_000], 979_400)
    _say(projects["A"], cells, 2, facts.StatusChanged("A", "5"))
    assert seen()[:2] == ([0, 3_500_000_000, 2_500_000_000, 2_000_000_000], 773_100)
    _say(projects["A"], cells, 3, facts.StatusChanged("A", "2"))
    _say(projects["B"], cells, 3, _pillars("B", "50000000", {"P2": 1_000_000}))
    assert seen() == first


def test_expenditure_is_what_was_disbursed_and_spent_net_of_refunds() -> None:
    cells: Cells = {}
    state = ProjectState("A")
    _say(state, cells, 1, _pillars("A", "10", {"P1": 1_000_000}))
    posted = [("t1", "3", "60"), ("t2", "4", "50.005"), ("t3", "4", "-10"), ("t4", "2", "999"), ("t5", "4", "7")]
    for n, (id_, kind, amount) in enumerate(posted, 2):
        _say(state, cells, n, facts.Transaction("A", id_, kind, amount, "USD", day("2020-01-31")))
    _say(state, cells, 9, facts.TransactionReversed("A", "t5"))
    figure = aggregate("M7", "country:ML", cells["country:ML"], FIRST)
    assert figure is not None
    assert figure.parts["expenditure"]["P1"] == 10_000  # 50.005 is 5000 cents, half to even
    assert figure.parts["budget"]["P1"] == 1_000


def test_money_without_a_rate_is_kept_flagged_and_not_counted() -> None:
    cells: Cells = {}
    state = ProjectState("A")
    line = facts.Budget(day("2020-01-01"), day("2020-12-31"), "100", "EUR")
    _say(state, cells, 1, _pillars("A", "10", {"P1": 1_000_000}, budgets=[line]))
    assert state.money.budget == 0
    assert state.money.other == (("budget", "EUR", "100"),)
    figure = aggregate("M7", "global", cells["global"], FIRST)
    assert figure is not None
    assert "FX_RATE_MISSING" in figure.flags
    assert figure.state == "NOT_APPLICABLE"


def test_a_revised_budget_supersedes_the_original_of_its_period_only() -> None:
    state = ProjectState("A")
    cells: Cells = {}
    year, next_year = (day("2020-01-01"), day("2020-12-31")), (day("2021-01-01"), day("2021-12-31"))
    lines = [facts.Budget(*year, "100", "USD"), facts.Budget(*next_year, "40", "USD")]
    _say(state, cells, 1, a_project(project_id="A", budgets=lines))
    _say(state, cells, 2, facts.BudgetRevised("A", facts.Budget(*year, "120", "USD", "2")))
    assert state.money.budget == 16_000
    _say(state, cells, 3, facts.BudgetRevised("A", facts.Budget(*year, "130", "USD", "2")))
    assert state.money.budget == 17_000
    # A later edition that lists its budgets lists all of them.
    _say(state, cells, 4, a_project(project_id="A", budgets=lines))
    assert state.money.budget == 14_000


def test_an_implausible_amount_cannot_overflow_the_sums() -> None:
    state = ProjectState("A")
    _say(state, {}, 1, a_project(project_id="A", budget="9" * 24))
    assert state.money.budget == 0
    assert state.money.other[0][:2] == ("budget", "USD")


def test_what_rests_on_inferred_pillars_is_said() -> None:
    cells: Cells = {}
    for name, inferred in (("A", True), ("B", False)):
        _say(ProjectState(name), cells, 1, _pillars(name, "50", {"P1": 1_000_000}, pillar_inferred=inferred))
    for metric, scope in (("M7", "global"), ("M4", "pillar:P1"), ("M2", "pillar-country:P1|ML")):
        figure = aggregate(metric, scope, cells[scope], FIRST)
        assert figure is not None
        assert figure.inferred_ppm == 500_000, (metric, scope)
