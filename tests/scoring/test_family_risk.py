"""M10: the worked example, G9, and what a register that is missing means."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import PROJECT, a_project, apply_all, day, known, version

from scoring.domain import facts
from scoring.domain.assessing import Moved, added, family_figure
from scoring.domain.assessment import Assessment, enter
from scoring.domain.facts import Fact
from scoring.domain.families import FAMILIES
from scoring.domain.families.risk import band, decide
from scoring.domain.judgements import HrddpDecided, RiskAssessed, RiskClosed
from scoring.domain.parameters import FIRST, MICRO
from scoring.domain.state import ProjectState

M10 = FAMILIES["M10"]


def a_risk(id_: str, inherent: str, residual: str, mitigation: Any, owner: str | None = "A. Owner") -> RiskAssessed:
    likelihood, impact = (int(n) for n in inherent.split("x"))
    after = [int(n) for n in residual.split("x")]
    return RiskAssessed(PROJECT, id_, "human_rights", likelihood, impact, *after, mitigation, owner, day("2020-01-01"))


def hrddp(status: Any) -> HrddpDecided:
    return HrddpDecided(PROJECT, "H1", status)


R1 = a_risk("R1", "4x4", "2x4", "IMPLEMENTED")
R2 = a_risk("R2", "3x5", "2x3", "PLANNED")
R3 = a_risk("R3", "2x2", "2x2", "NONE")


@pytest.mark.parametrize(
    ("said", "gate", "reasons"),
    [
        ([R1, R2, R3], "GO_WITH_CONDITIONS", ()),
        ([R1, R2, R3, hrddp("NOT_STARTED")], "NO_GO", ("HRDDP_INCOMPLETE",)),
        ([R1, R2, R3, hrddp("CLEARED_WITH_MITIGATION")], "GO_WITH_CONDITIONS", ()),
        ([], "HOLD", ("NO_REGISTER",)),
    ],
)
def test_the_worked_example(said: list[Fact], gate: str, reasons: tuple[str, ...]) -> None:
    decided = decide(known(a_project(), *said), 0, FIRST)
    assert (decided.gate, decided.reasons) == (gate, reasons)
    assert (decided.inherent, decided.residual) == ((16, 15) if said else (None, None))


def test_g9_the_gate_with_a_highest_value_under_deletion() -> None:
    steps: list[tuple[list[Fact], int, int, str | None, str, tuple[str, ...]]] = [
        ([a_risk("R1", "5x4", "2x3", "PLANNED")], 20, 20, "VERY_HIGH", "ESCALATE", ("RESIDUAL_VERY_HIGH",)),
        (
            [a_risk("R1", "5x4", "2x3", "IMPLEMENTED"), a_risk("R2", "3x4", "2x4", "PLANNED", None)],
            20, 12, "HIGH", "HOLD", ("UNTREATED_HIGH",),
        ),
        ([a_risk("R2", "3x4", "2x4", "IMPLEMENTED")], 20, 8, "MEDIUM", "GO", ()),
        ([a_project(supports_security_forces=True)], 20, 8, "MEDIUM", "NO_GO", ("HRDDP_INCOMPLETE",)),
        ([hrddp("CLEARED_WITH_MITIGATION")], 20, 8, "MEDIUM", "GO_WITH_CONDITIONS", ()),
        ([RiskClosed(PROJECT, "R1")], 12, 8, "MEDIUM", "GO_WITH_CONDITIONS", ()),
        ([hrddp("REFUSED")], 12, 8, "MEDIUM", "NO_GO", ("HRDDP_REAL_RISK",)),
    ]  # fmt: skip
    state = ProjectState(PROJECT)
    sums: Moved = {}
    said: list[Fact] = [a_project()]
    apply_all(state, [(said[0], version(sequence=0))])
    n = 0
    moved: dict[str, int] = {}
    for facts_, inherent, residual, band_, gate, reasons in steps:
        for fact in facts_:
            n += 1
            change = apply_all(state, [(fact, version(sequence=n))])
            moved = added(moved, change.moved.get(("global", "M10"), {}))
        decided = decide(state, state.scored_on, FIRST)
        assert (decided.inherent, decided.residual, decided.band) == (inherent, residual, band_)
        assert (decided.gate, decided.reasons) == (gate, reasons)
        heat = {name: count for name, count in moved.items() if name.startswith("residual|")}
        highest = max(int(name.split("|")[1]) * int(name.split("|")[2]) for name in heat)
        assert highest == residual, "the cell's highest bin survives a deletion"
    assert not sums


def test_bands_begin_where_the_parameters_say() -> None:
    assert [band(n, FIRST) for n in (1, 4, 5, 9, 10, 15, 16, 25)] == [
        "LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "VERY_HIGH", "VERY_HIGH",
    ]  # fmt: skip


def test_a_cell_tells_the_highest_and_how_many_keep_a_register() -> None:
    sums = {"#projects": 2, "residual|3|5": 1, "inherent|3|5": 1, "band|HIGH": 1, "band|NO_REGISTER": 1, "gate|HOLD": 2}
    figure = family_figure(M10, "pillar:P2", sums, FIRST)
    assert figure is not None
    assert (figure.value, figure.observed, figure.expected) == (15 * MICRO // 25, 1, 2)
    assert figure.parts["heat"] == {"3x5": 1}
    assert figure.parts["gates"] == {"HOLD": 2}
    assert M10.headline(sums, FIRST) == (1, 1)


@pytest.mark.parametrize("levels", [("6x1", "1x1"), ("2x2", "3x2"), ("0x1", "1x1")])
def test_what_cannot_be_meant_is_refused(levels: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"1 to 5|higher than inherent"):
        enter(Assessment(), a_risk("R", *levels, "NONE"), version())


def test_a_clearance_that_ran_out_closes_the_gate_on_its_day() -> None:
    until = HrddpDecided(PROJECT, "H1", "CLEARED", expires_on=day("2031-06-30"))
    state = known(a_project(), R3, until)
    assert decide(state, day("2031-06-30").toordinal(), FIRST).gate == "GO"
    assert decide(state, day("2031-07-01").toordinal(), FIRST).reasons == ("HRDDP_INCOMPLETE",)
    assert M10.transition(state, state.scored_on) == day("2031-07-01").toordinal()
    assert facts.TYPES["risk.assessed.v1"] is RiskAssessed
