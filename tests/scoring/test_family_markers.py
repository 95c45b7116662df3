"""M8: codes, the crosswalk from DAC, what null means, and the shares over three bases."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import PROJECT, a_project, apply_all, day, known, ordinal, version

from scoring.domain import facts
from scoring.domain.assessing import Moved, family_figure, merge
from scoring.domain.assessment import Assessment, enter
from scoring.domain.facts import Fact
from scoring.domain.families import FAMILIES
from scoring.domain.families.markers import code_of, due_diligence, headline
from scoring.domain.figures import Figure
from scoring.domain.judgements import HrddpDecided, MarkerAssigned
from scoring.domain.ledger import apply
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState

M8 = FAMILIES["M8"]


def a_marker(significance: int | None, scheme: Any = "GEM", stage: Any = "DESIGN") -> MarkerAssigned:
    return MarkerAssigned(PROJECT, scheme, stage, significance)


def cleared(status: Any, *, required: bool = True, until: str | None = None) -> HrddpDecided:
    return HrddpDecided(PROJECT, "H1", status, required, day(until) if until else None)


def own(*said: Fact) -> Figure:
    state = known(a_project(), *said)
    figure = M8.own(state, state.scored_on, FIRST)
    assert figure is not None
    return figure


@pytest.mark.parametrize(("dac", "gem"), [(2, "3"), (1, "2"), (0, "unresolved"), (None, "null")])
def test_the_digits_of_dac_are_brought_to_gems(dac: int | None, gem: str) -> None:
    assert code_of(known(a_project(), a_marker(dac, "DAC")), "gender", "DESIGN") == gem


def test_gems_own_digit_is_preferred_and_a_marker_taken_back_is_not_nought() -> None:
    assert code_of(known(a_project(), a_marker(2, "DAC"), a_marker(1)), "gender", "DESIGN") == "1"
    assert code_of(known(a_project(), a_marker(2), a_marker(None)), "gender", "DESIGN") == "null"
    assert own(a_marker(0)).value == 0
    assert own(a_marker(None)).value is None
    assert own(a_marker(None)).state == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(("scheme", "significance"), [("DAC", 3), ("DAC", 4), ("GEM", 4), ("HRM", 4), ("GEM", -1)])
def test_a_digit_its_scheme_does_not_have_is_refused(scheme: Any, significance: int) -> None:
    with pytest.raises(ValueError, match=f"{scheme} has no significance {significance}"):
        enter(Assessment(), a_marker(significance, scheme), version())


def test_a_projects_own_list_was_coded_at_design_and_the_later_word_counts() -> None:
    def listed(*markers: facts.Marker) -> facts.Project:
        return a_project(markers=list(markers))

    gem = facts.Marker("GEM", "GEM", 1)
    assert code_of(known(listed(gem)), "gender", "DESIGN") == "1"
    assert code_of(known(listed(gem)), "gender", "COMPLETION") == "null"
    assert code_of(known(listed(gem), a_marker(3)), "gender", "DESIGN") == "3"
    assert code_of(known(a_marker(3), listed(gem)), "gender", "DESIGN") == "1"
    assert code_of(known(a_marker(3), listed()), "gender", "DESIGN") == "3"  # a list without one leaves it alone
    other = facts.Marker("DAC", "2", 2)  # aid to environment, not to gender equality
    assert code_of(known(listed(other)), "gender", "DESIGN") == "null"


@pytest.mark.parametrize(
    ("said", "mainstreamed"),
    [
        ([], True),
        ([cleared("IN_PROGRESS")], False),
        ([cleared("IN_PROGRESS", required=False)], True),
        ([cleared("REFUSED")], False),
        ([cleared("CLEARED")], True),
        ([cleared("CLEARED_WITH_MITIGATION")], True),
        ([cleared("CLEARED", until="2030-12-31")], True),
        ([cleared("CLEARED", until="2030-12-30")], False),
    ],
)
def test_human_rights_are_mainstreamed_where_due_diligence_is_in_order(said: list[Fact], mainstreamed: bool) -> None:
    assert own(a_marker(2, "HRM"), *said).parts["design"]["hr_mainstreamed"] is mainstreamed
    assert own(a_marker(1, "HRM"), *said).parts["design"]["hr_mainstreamed"] is False
    assert own(*said).parts["design"]["hr_mainstreamed"] is None


def test_support_to_security_forces_requires_due_diligence_though_none_was_begun() -> None:
    assert due_diligence(known(a_project(supports_security_forces=True)), 1) == "OPEN"
    assert due_diligence(known(a_project(supports_security_forces=False)), 1) == "NOT_REQUIRED"


def test_a_clearance_ends_with_its_last_day_and_time_alone_says_so() -> None:
    state = ProjectState(PROJECT)
    said: list[Fact] = [a_project(), a_marker(2, "HRM"), cleared("CLEARED", until="2031-03-31")]
    apply_all(state, [(fact, version("2030-01-01", n)) for n, fact in enumerate(said)])
    assert M8.transition(state, state.scored_on) == ordinal("2031-04-01")
    assert not [key for key in apply(state, [], ordinal("2031-03-31"), {}).moved if key[1] == "M8"]
    change = apply(state, [], ordinal("2031-04-01"), {})
    assert change.moved["global", "M8"]["DESIGN|rights|count|mainstreamed"] == -1
    assert M8.transition(state, state.scored_on) is None


def _portfolio(codes: dict[int | None, str], **over: Any) -> dict[str, int]:
    """Projects of one country, one a code, each with what it spent in millions."""
    sums: Moved = {}
    for code, spent in codes.items():
        state = ProjectState(f"P{code}")
        said: list[Fact] = [
            a_project(project_id=f"P{code}", countries={"ML": 1_000_000}, budget=spent, **over),
            facts.Transaction(f"P{code}", "t", "4", spent, "USD", day("2020-01-31")),
            MarkerAssigned(f"P{code}", "GEM", "DESIGN", code),
        ]
        merge(sums, apply_all(state, [(fact, version("2030-01-01", n)) for n, fact in enumerate(said)]).moved)
    return sums["country:ML", "M8"]


WORKED: dict[int | None, str] = {3: "4000000", 2: "10000000", 1: "6000000", 0: "2000000", None: "3000000"}


def test_the_worked_example() -> None:
    """4/10/6/2 and 3 uncoded: 14 of 22, coverage 22 of 25; dividing by all 25 would give .56."""
    sums = _portfolio(WORKED)
    figure = family_figure(M8, "country:ML", sums, FIRST)
    assert figure is not None
    for basis in ("budget", "expenditure"):
        found = figure.parts["design"]["gender"][basis]
        assert (found["share"], found["coverage"], found["all"]) == (636_364, 880_000, 2_500_000_000)
        assert found["by_code"]["null"] == 300_000_000
    assert figure.parts["design"]["gender"]["count"]["by_code"] == {"3": 1, "2": 1, "1": 1, "0": 1, "null": 1}
    assert (figure.value, figure.observed, figure.expected, figure.state) == (500_000, 4, 5, "PUBLISHED")
    assert (figure.lower, figure.upper) == (400_000, 600_000)
    assert headline(sums, FIRST) == (2, 4)
    assert "completion" not in figure.parts


def test_completion_is_expected_of_what_is_closed() -> None:
    figure = family_figure(M8, "country:ML", _portfolio(WORKED, status="4"), FIRST)
    assert figure is not None
    assert figure.parts["completion"]["gender"]["count"] == {"by_code": {"null": 5}, "coverage": 0, "all": 5}


def test_refunds_that_outweigh_what_was_spent_make_no_share() -> None:
    figure = family_figure(M8, "country:ML", _portfolio({3: "-5", 1: "10"}), FIRST)
    assert figure is not None
    assert figure.parts["design"]["gender"]["expenditure"] == {"by_code": {"3": -500, "1": 1000}, "all": 500}


def test_the_share_of_a_place_is_the_projects_share_of_it() -> None:
    state = ProjectState(PROJECT)
    said: list[Fact] = [
        a_project(countries={"ML": 250_000, "NE": 750_000}, budget="100"),
        facts.Transaction(PROJECT, "t", "3", "40", "USD", day("2020-01-31")),
        a_marker(2),
    ]
    moved = apply_all(state, [(fact, version("2030-01-01", n)) for n, fact in enumerate(said)]).moved
    for scope, part in (("country:ML", 25), ("country:NE", 75), ("region:011", 100)):
        sums = moved[scope, "M8"]
        assert sums["DESIGN|gender|count|2"] == 1
        assert sums["DESIGN|gender|budget|2"] == 100 * part
        assert sums["DESIGN|gender|expenditure|2"] == 40 * part * 1_000_000
