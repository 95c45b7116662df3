"""M9 and M11: the 15 per cent and the funding gap, by their tables, G7 and G11; money at the rate of its day."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import PROJECT, a_project, apply_all, day, known, ordinal, version

from scoring.domain import facts
from scoring.domain.balance import money_of
from scoring.domain.families import FAMILIES
from scoring.domain.families.wps import judged
from scoring.domain.figures import aggregate
from scoring.domain.judgements import EffortReported, MarkerAssigned, Period
from scoring.domain.ledger import apply
from scoring.domain.numbers import decimal
from scoring.domain.parameters import FIRST
from scoring.domain.rates import MAX_AGE_DAYS, Rate, Rates, rates_of
from scoring.domain.state import ProjectState
from scoring.domain.world import World

M9, M11 = FAMILIES["M9"], FAMILIES["M11"]
MILLION = 100_000_000  # cents


@pytest.mark.parametrize(
    ("amounts", "strict", "broad", "coded", "status"),
    [
        ((4, 10, 6, 2, 3), (160_000, 280_000), 560_000, 880_000, "MET"),
        ((3, 10, 6, 3, 3), (120_000, 240_000), 520_000, 880_000, "INDETERMINATE"),
        ((2, 10, 9, 3, 1), (80_000, 120_000), 480_000, 960_000, "NOT_MET"),
    ],
)
def test_the_worked_table_of_m9(
    amounts: tuple[int, ...], strict: tuple[int, int], broad: int, coded: int, status: str
) -> None:
    found = judged(dict(zip(("3", "2", "1", "0", "null"), (n * MILLION for n in amounts), strict=True)))
    assert (found["strict"]["lower"], found["strict"]["upper"]) == strict
    assert found["broad"]["lower"] == broad
    assert (found["coded"], found["status"]) == (coded, status)


def spent(
    project: str, amount: str, type_: str = "4", receiver: str | None = None, id_: str = "t"
) -> facts.Transaction:
    return facts.Transaction(
        project, f"{id_}{amount}", type_, amount, "USD", day("2020-05-05"), receiver_activity_id=receiver
    )


def marked(project: str, scheme: Any, digit: int) -> MarkerAssigned:
    return MarkerAssigned(project, scheme, "DESIGN", digit)


def test_g7_markers_and_the_fifteen_per_cent() -> None:
    """B's disbursement to C is C's to report; DAC's 2 is GEM's 3; a refund counts with its sign."""
    portfolio: dict[str, list[facts.Fact]] = {
        "A": [marked("A", "GEM", 3), spent("A", "4000000")],
        "B": [marked("B", "DAC", 2), spent("B", "500000"), spent("B", "1000000", "3", "C")],
        "C": [marked("C", "GEM", 2), spent("C", "1000000")],
        "D": [marked("D", "DAC", 1), spent("D", "6000000"), spent("D", "-500000")],
        "E": [spent("E", "2000000")],
        "F": [marked("F", "GEM", 0), spent("F", "13500000")],
    }
    sums: dict[str, int] = {}
    naive: dict[str, int] = {}
    for name, said in portfolio.items():
        for within, into in ((True, sums), (False, naive)):
            state = ProjectState(name)
            state.inside = ["C"] if within and name == "B" else []
            batch = [(fact, version(sequence=n)) for n, fact in enumerate([a_project(project_id=name), *said])]
            for key, value in apply_all(state, batch).moved["global", "M9"].items():
                into[key] = into.get(key, 0) + value
    by_code = {code: sums.get(f"2020|{code}", 0) // 1_000_000 for code in ("3", "2", "1", "0", "null")}
    assert by_code == {"3": 450_000_000, "2": 650_000_000, "1": 0, "0": 1_350_000_000, "null": 200_000_000}
    figure = M9.figure("global", sums, FIRST)
    assert figure is not None
    assert (figure.lower, figure.upper) == (169_811, 245_283)
    year = figure.parts["years"]["2020"]
    assert (year["broad"]["lower"], year["coded"], year["status"]) == (415_094, 924_528, "MET")
    other = M9.figure("global", naive, FIRST)
    assert other is not None
    assert other.lower != figure.lower, "counted twice, a disbursement within the platform changes the answer"


def a_fund(type_: str, amount: str, agreement: str | None, n: int) -> facts.Transaction:
    when = day("2020-01-31")
    return facts.Transaction(PROJECT, f"f{n}", type_, amount, "USD", when, agreement_ref=agreement)


def test_g11_commitments_and_receipts_of_one_agreement_are_the_same_money() -> None:
    budgets = [
        facts.Budget(day("2020-01-01"), day("2020-12-31"), "10000000", "USD", "1"),
        facts.Budget(day("2020-01-01"), day("2020-12-31"), "12000000", "USD", "2"),
    ]
    said = (
        a_fund("11", "5000000", "G1", 1), a_fund("1", "3000000", "G1", 2), a_fund("1", "1200000", "G2", 3),
        a_fund("13", "4000000", None, 4),
    )  # fmt: skip
    state = known(a_project(budgets=budgets), *said)
    figure = M11.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert figure.value == 516_667
    amounts = {name: figure.parts[name] for name in ("required", "available", "gap", "surplus", "pledged")}
    assert amounts == {
        "required": 1_200_000_000, "available": 620_000_000, "gap": 580_000_000, "surplus": 0, "pledged": 400_000_000,
    }  # fmt: skip


def test_gaps_are_not_netted() -> None:
    sums: dict[str, int] = {}
    for name, required, available in (("A", 10, 12), ("B", 20, 5)):
        state = ProjectState(name)
        fund = facts.Transaction(name, "f", "11", str(available), "USD", day("2020-01-31"))
        batch = [(a_project(project_id=name, budget=str(required)), version()), (fund, version(sequence=2))]
        for key, value in apply_all(state, batch).moved["global", "M11"].items():
            sums[key] = sums.get(key, 0) + value
    figure = M11.figure("global", sums, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["gap"], figure.parts["surplus"]) == (500_000, 1_500, 200)


def test_a_project_without_a_budget_is_said_and_not_scored() -> None:
    state = known(a_project())
    figure = M11.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert (figure.value, figure.state) == (None, "NOT_APPLICABLE")


# Rates -----------------------------------------------------------------------------------------------------

JANUARY = ordinal("2020-01-01")


def euros(*rows: tuple[int, str]) -> Rates:
    return rates_of(("EUR", Rate(day_, units, "T1")) for day_, units in rows)


def test_an_amount_is_converted_at_the_rate_of_its_value_date() -> None:
    rates = euros((JANUARY, "0.8"), (JANUARY + 31, "0.5"))
    assert rates.cents(decimal("100"), "EUR", JANUARY + 30) == 12_500
    assert rates.cents(decimal("100"), "EUR", JANUARY + 31) == 20_000
    assert rates.cents(decimal("100"), "USD", 1) == 10_000


def test_no_rate_no_figure() -> None:
    rates = euros((JANUARY, "0.8"))
    assert rates.cents(decimal("100"), "EUR", JANUARY - 1) is None, "a later rate is not carried back"
    assert rates.cents(decimal("100"), "EUR", JANUARY + MAX_AGE_DAYS + 1) is None, "an old one is no rate of the day"
    assert rates.cents(decimal("100"), "CHF", JANUARY) is None
    with pytest.raises(ValueError, match="a rate of 0 is none"):
        euros((JANUARY, "0"))


def test_money_says_by_which_table_it_was_converted_and_what_was_not() -> None:
    budgets = [
        facts.Budget(day("2020-01-01"), day("2020-12-31"), "80", "EUR", "1", day("2020-01-10")),
        facts.Budget(day("2021-01-01"), day("2021-12-31"), "7", "CHF", "1", day("2020-01-10")),
    ]
    state = ProjectState(PROJECT)
    apply(state, [(a_project(budgets=budgets), version())], ordinal("2030-12-31"), {}, World(euros((JANUARY, "0.8"))))
    assert (state.money.budget, state.money.tables) == (10_000, ("T1",))
    assert state.money.other == (("budget", "CHF", "7"),)
    assert money_of(state).other == (("budget", "CHF", "7"), ("budget", "EUR", "80"))


# Effort ----------------------------------------------------------------------------------------------------


def test_effort_stands_beside_money_in_the_balance() -> None:
    span = Period(day("2020-01-01"), day("2020-12-31"))
    state = ProjectState(PROJECT)
    cells: dict[str, list[int]] = {}
    efforts = [
        EffortReported(PROJECT, span, days, pillar)
        for days, pillar in (("400", "P1"), ("500", "P2"), ("600", "P3"), ("500", "P4"), ("12.5", None))
    ]
    said = [a_project(countries={"ML": 1_000_000}), *efforts]
    apply_all(state, [(fact, version(sequence=n)) for n, fact in enumerate(said)], cells=cells)
    figure = aggregate("M7", "country:ML", cells["country:ML"], FIRST)
    assert figure is not None
    assert figure.parts["effort"] == {"P1": 40_000, "P2": 50_000, "P3": 60_000, "P4": 50_000, "unallocated": 1_250}
    assert figure.parts["effort_indices"]["J"] == 992_700
    assert aggregate("M7", "entity:XM-DEMO-1", cells["entity:XM-DEMO-1"], FIRST).parts["effort"]["P1"] == 0  # type: ignore[union-attr]
    gone = EffortReported(PROJECT, span, "1", "P1", withdrawn=True)
    apply_all(state, [(gone, version(sequence=9))], cells=cells)
    after = aggregate("M7", "country:ML", cells["country:ML"], FIRST)
    assert after is not None
    assert after.parts["effort"]["P1"] == 0
