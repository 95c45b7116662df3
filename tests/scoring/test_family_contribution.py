"""M3 and M6: grades by their table, contribution by the worked example and G6, scenarios by M4's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.scoring_facts import PROJECT, a_project, an_actual, an_indicator, apply_all, known, version

from scoring.domain.families import FAMILIES
from scoring.domain.grading import grade, grade_of, start_of, strength
from scoring.domain.judgements import EvidenceVerified, SharedClaim
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState

M3, M6 = FAMILIES["M3"], FAMILIES["M6"]


@pytest.mark.parametrize(
    ("source", "documents", "down", "up", "letter"),
    [
        ("INDEPENDENT_EVALUATION", 0, 0, 0, 4),
        ("VERIFIED_ADMIN", 0, 1, 0, 2),  # stale
        ("SELF", 1, 0, 1, 3),  # documented, triangulated
        ("SELF", 1, 1, 2, 2),  # and confirmed by the State, less indirectness: one step up at most
        ("SELF", 0, 2, 0, 1),
        ("OFFICIAL_STATISTIC", 0, 2, 0, 2),
        ("SELF", 1, 0, 5, 3),  # a self-report never becomes high
    ],
)
def test_the_worked_grades(source: str, documents: int, down: int, up: int, letter: int) -> None:
    assert grade(start_of(source, documents), down, up) == letter


def test_the_strength_of_a_b_c_and_missing() -> None:
    numerator, denominator = strength([(4, 1), (3, 1), (2, 1)], 1, FIRST)
    assert numerator * 1_000_000 // denominator == 612_500


def verified(**over: Any) -> EvidenceVerified:
    return EvidenceVerified(PROJECT, "doc", "XM-V", "CONFIRMED", **over)


def test_a_verification_changes_the_grade_and_the_strength_of_the_project() -> None:
    said = (a_project(), an_indicator(), an_actual("40", "2020", evidence=["doc"]))
    state = known(*said, closed="2020-12-31", recorded="2020-12-31")
    figure = M3.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["grades"]) == (600_000, {"C": 1})
    state = known(*said, verified(source_type="VERIFIED_ADMIN"), closed="2020-12-31", recorded="2020-12-31")
    figure = M3.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["grades"]) == (850_000, {"B": 1})


def test_what_is_missing_lowers_the_strength() -> None:
    state = known(a_project(), an_indicator(), an_indicator(id_="I2"), an_actual("40"), closed="2020-12-31")
    figure = M3.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert figure.parts["grades"] == {"D": 1, "missing": 1}
    assert (figure.observed, figure.expected) == (1, 2)


def test_no_words_about_a_value_are_a_self_report_without_a_document() -> None:
    assert grade_of("SELF", (), (), {}, stale=False) == 1
    assert grade_of("SELF", ("doc",), ("ACCUMULATION_ASSUMED",), {}, stale=False) == 1


def an_outcome(name: str, share: int, strength_: int, kind: str, a: str) -> tuple[ProjectState, int]:
    state = ProjectState(name)
    said = [
        a_project(project_id=name),
        an_indicator(result_type="2"),
        an_actual(a, "2020", source_type=kind),
        SharedClaim(name, "SR1", "", share, strength_),
    ]
    for fact in said:
        fact.project_id = name
    apply_all(state, [(fact, version("2020-12-31", n)) for n, fact in enumerate(said)], closed="2020-12-31")
    return state, state.scored_on


def test_the_worked_example_of_m6() -> None:
    """Pillar III × Mali: shares .60, 1.00 and .25 of the projects."""
    rows = [
        (600_000, *an_outcome("A", 500_000, 750_000, "VERIFIED_ADMIN", "80")),
        (1_000_000, *an_outcome("B", 500_000, 500_000, "SELF_DOCUMENTED", "50")),
        (250_000, *an_outcome("C", 1_000_000, 250_000, "OFFICIAL_STATISTIC", "20")),
    ]
    sums: dict[str, int] = {}
    for share, state, on in rows:
        terms = M6.terms(state, on, FIRST)
        assert terms is not None
        for values, factor in ((terms.once, 1), (terms.ppm, share), (terms.ppm2, share * share)):
            for name, value in values.items():
                sums[name] = sums.get(name, 0) + value * factor
    figure = M6.figure("pillar-country:P3|ML", sums, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["evidenced"], figure.parts["depth"]) == (514_286, 229_048, 2_739_100)


def test_g6_the_cells_of_a_shared_outcome() -> None:
    sums: dict[str, int] = {}
    for name, share, strength_, kind in (
        ("P1", 571_429, 750_000, "VERIFIED_ADMIN"), ("P2", 428_571, 500_000, "SELF_DOCUMENTED"),
    ):  # fmt: skip
        state, on = an_outcome(name, share, strength_, kind, "50")
        terms = M6.terms(state, on, FIRST)
        assert terms is not None
        for name_, value in {**terms.ppm, **terms.ppm2}.items():
            sums[name_] = sums.get(name_, 0) + value * (10**12 if name_ == "m2" else 10**6)
    assert sums["m"] == 10**12
    assert sums["mA"] == 500_000 * 10**12
    assert sums["mkA"] == 246_428_643_750_000_000_000_000
    assert sums["m2"] == 510_204_204_082 * 10**12
    figure = M6.figure("pillar-country:P3|ML", sums, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["evidenced"], figure.parts["depth"]) == (500_000, 246_429, 1_960_000)


def test_outputs_never_enter_and_unclaimed_is_not_evidenced() -> None:
    state = known(a_project(), an_indicator(), an_actual("40"))
    assert M6.terms(state, state.scored_on, FIRST) is None
    state = known(a_project(), an_indicator(result_type="2"), an_actual("40"))
    figure = M6.own(state, state.scored_on, FIRST)
    assert figure is not None
    assert (figure.value, figure.parts["evidenced"]) == (400_000, 0)


def test_the_scenarios_of_m4() -> None:
    """The worked project: outputs .875, outcomes .4; geometric .519249, equal levels .637500."""
    indicators = [an_indicator(id_=f"O{n}") for n in (1, 2, 3)]
    outcome = an_indicator(id_="X", result_id="R2", result_type="2")
    actuals = [an_actual("100", id_="O1"), an_actual("75", id_="O2"), an_actual("40", id_="X", evidence=["doc"])]
    state = known(a_project(), *indicators, outcome, *actuals, recorded="2020-12-31", closed="2020-12-31")
    s2, s3, s4, s7 = state.outcome.scenarios
    assert (s2, s7) == (519_249, 637_500)
    assert s3 == state.outcome.whole.mean  # type: ignore[union-attr]
    assert s4 == 400_000, "outputs of grade D leave"
