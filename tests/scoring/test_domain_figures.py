"""Figures: what is published from a cell and from a project, and when a reader would see a difference."""

from __future__ import annotations

from typing import Any

from tests.support.scoring_facts import (
    PROJECT,
    a_project,
    an_actual,
    an_indicator,
    apply_all,
    figures_of,
    known,
    version,
)

from scoring.domain import facts
from scoring.domain.cells import SIZE, At, Cells
from scoring.domain.families import FAMILIES
from scoring.domain.figures import Figure, aggregate, coverage, metrics_of
from scoring.domain.ledger import alerts, next_published
from scoring.domain.parameters import FIRST
from scoring.domain.state import ProjectState, Published


def _figures(
    state: ProjectState, *said: Any, recorded: str = "2030-01-02", cells: Cells | None = None
) -> dict[str, Figure]:
    batch = [(fact, version(recorded, n)) for n, fact in enumerate(said, 1)]
    return figures_of(state, apply_all(state, batch, cells=cells))


def test_which_scopes_publish_what() -> None:
    assert metrics_of("global") == metrics_of("country:ML") == metrics_of("region:011") == ("M2", "M4", "M7")
    assert metrics_of("theme:T1") == ("M2", "M4", "M7")
    assert metrics_of("entity:XM-1") == metrics_of("pillar:P1") == metrics_of("pillar-country:P1|ML") == ("M2", "M4")
    assert metrics_of("unallocated") == metrics_of("region-direct:011") == ()


def test_one_expected_indicator_is_the_projects_attainment_and_two_are_not() -> None:
    state = ProjectState(PROJECT)
    alone = _figures(state, a_project(), an_indicator(), an_actual("30"))["M1"]
    assert (alone.value, alone.state, alone.observed, alone.expected) == (300_000, "PUBLISHED", 1, 1)
    both = _figures(state, an_indicator(id_="I2"))["M1"]
    assert (both.value, both.state, both.observed, both.expected) == (None, "PROVISIONAL", 1, 2)
    assert both.parts["attained"] == {"I1": 300_000, "I2": "MISSING"}


def test_figures_of_a_project_carry_its_class_and_owner() -> None:
    found = _figures(ProjectState(PROJECT), a_project(classification="compact"), an_indicator(), an_actual("30"))
    assert set(found) == {"M1", "M2", "M3", "M4", "M8", "M10", "M11", "M1|I1", "M2|I1"}
    assert {(f.classification, f.owner) for f in found.values()} == {("compact", "XM-DEMO-1")}
    assert found["M1|I1"].scope == f"indicator:{PROJECT}|I1"
    assert found["M4"].scope == f"project:{PROJECT}"


def test_facts_before_their_project_are_kept_and_published_with_it() -> None:
    state = ProjectState(PROJECT)
    assert _figures(state, an_indicator(), an_actual("30")) == {}
    assert state.contribution is None
    assert _figures(state, a_project())["M4"].value == 300_000


def _publish(state: ProjectState, found: dict[str, Figure]) -> dict[str, Published]:
    said = {}
    for key, figure in found.items():
        metric, _, indicator = key.partition("|")
        own = state.assessed.open().published if metric in FAMILIES else state.published
        kept = state.indicators[indicator].published if indicator else own
        record = next_published(kept.get(metric), figure, valid=1, recorded=2, now=3, cause="e")
        if record is not None:
            kept[metric] = said[key] = record
    return said


def test_only_what_a_reader_would_see_is_said_again() -> None:
    state = ProjectState(PROJECT)
    first = _publish(state, _figures(state, a_project(), an_indicator(), an_actual("30")))
    assert {record.revision for record in first.values()} == {1}
    assert _publish(state, _figures(state, an_actual("30.0"), recorded="2030-01-03")) == {}
    moved = _publish(state, _figures(state, an_actual("40"), recorded="2030-01-04"))
    assert set(moved) == {"M1", "M1|I1", "M2|I1", "M4"}  # the status, and so the histogram, stayed
    assert (moved["M4"].previous, moved["M4"].value, moved["M4"].revision) == (300_000, 400_000, 2)


def test_a_withdrawn_project_takes_its_figures_with_it_and_they_stay_closed() -> None:
    state, cells = ProjectState(PROJECT), Cells()
    _publish(state, _figures(state, a_project(classification="owner"), an_indicator(), an_actual("30"), cells=cells))
    gone = _figures(state, facts.ProjectWithdrawn(PROJECT), recorded="2030-01-03", cells=cells)
    assert {figure.state for figure in gone.values()} == {"NOT_APPLICABLE"}
    assert {(figure.classification, figure.owner) for figure in gone.values()} == {("owner", "XM-DEMO-1")}
    assert _publish(state, gone).keys() == {"M1", "M2", "M3", "M4", "M8", "M10", "M11", "M1|I1", "M2|I1"}
    assert aggregate("M4", "global", cells["global"], FIRST) is None


def test_a_change_of_class_is_told() -> None:
    state = ProjectState(PROJECT)
    _publish(state, _figures(state, a_project(), an_indicator(), an_actual("30")))
    closed = _publish(state, _figures(state, a_project(classification="owner"), recorded="2030-01-03"))
    assert set(closed) == {"M1", "M2", "M3", "M4", "M8", "M10", "M11", "M1|I1", "M2|I1"}


def test_a_total_over_few_projects_does_not_give_a_restricted_one_away() -> None:
    cells: Cells = {}
    seen = []
    for name, class_ in (("A", "compact"), ("B", "state:ML"), ("C", "public")):
        state = ProjectState(name)
        apply_all(state, [(a_project(project_id=name, classification=class_), version())], cells=cells)
        figure = aggregate("M4", "entity:XM-DEMO-1", cells["entity:XM-DEMO-1"], FIRST)
        assert figure is not None
        seen.append((figure.classification, "SMALL_CELL" in figure.flags, figure.owner))
    assert seen == [
        ("compact", True, "XM-DEMO-1"),
        ("owner", True, "XM-DEMO-1"),
        ("public", False, "XM-DEMO-1"),
    ]


def test_the_histogram_is_kept_by_number_and_by_weight() -> None:
    cells: Cells = {}
    known(
        a_project(countries={"ML": 500_000, "NE": 500_000}),
        an_indicator(id_="I1", weight=3),
        an_actual("100", id_="I1"),
        an_indicator(id_="I2"),
        an_actual("20", id_="I2"),
        an_indicator(id_="I3"),
        an_indicator(id_="I9", result_type="9", result_id="R9"),
        an_actual("20", id_="I9"),
        cells=cells,
    )
    figure = aggregate("M2", "country:ML", cells["country:ML"], FIRST)
    assert figure is not None
    assert figure.parts == {
        "histogram": {"ACHIEVED": 1, "NO_DATA": 1, "NOT_ACHIEVED": 1},
        "by_weight": {"ACHIEVED": 600_000, "NO_DATA": 200_000, "NOT_ACHIEVED": 200_000},
    }
    assert (figure.value, figure.observed, figure.expected) == (750_000, 4, 5)
    assert (figure.lower, figure.upper) == (600_000, 800_000)


def test_alerts_tell_of_going_off_track_once_and_of_other_changes() -> None:
    state = known(a_project(), an_indicator(when="2018-01-01/2020-12-31"), recorded="2019-01-01", closed="2019-01-01")

    def say(value: str, recorded: str) -> list[tuple[str, str, str | None, str]]:
        actual = an_actual(value, "2019-01-01/2019-06-30")
        return list(alerts(state, apply_all(state, [(actual, version(recorded))], "2019-07-01")))

    assert say("48", "2019-07-02") == []
    assert say("35", "2019-07-03") == [("status-changed", "I1", "ON_TRACK", "ACCELERATE")]
    assert say("20", "2019-07-04") == [("off-track", "I1", "ACCELERATE", "LIMITED")]
    assert say("10", "2019-07-05") == []
    assert say("-10", "2019-07-06") == [("status-changed", "I1", "LIMITED", "REGRESSING")]


def test_coverage_is_exact_as_long_as_json_can_carry_it() -> None:
    assert coverage(2_402_400 * 10**12, 3_603_600 * 10**12) == (2, 3)
    assert coverage(10**18 - 1, 10**18) == (10**9, 10**9)
    assert coverage(0, 0) == (0, 0)


def test_positions_of_a_vector_do_not_overlap() -> None:
    spans = {At.X_COVERED: 6, At.NUMBER: 11, At.WEIGHT: 11, At.BUDGET: 5, At.SPEND: 5, At.EFFORT: 5}
    taken = [position for at in At for position in range(at, at + spans.get(at, 1))]
    assert sorted(taken) == list(range(SIZE))
