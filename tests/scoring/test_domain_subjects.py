"""M13, M14, M15 and M17: the worked tables of the methodology, and who may read what, without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.support.scoring_facts import a_project, an_actual, an_indicator, day, known, ordinal, version

from scoring.domain import coordination, judgements
from scoring.domain.assessing import added, family_figure
from scoring.domain.consent import narrowest
from scoring.domain.families import FAMILIES
from scoring.domain.families.reporting import elements
from scoring.domain.figures import Figure
from scoring.domain.implementation import Level, Provision, anniversary, pace, rated, score, years
from scoring.domain.method import FIRST_METHOD
from scoring.domain.parameters import FIRST
from scoring.domain.scorecard import FLOOR, PARTS, geometric, scorecard
from scoring.domain.state import ProjectState
from scoring.domain.subjects.countries import CountryState
from scoring.domain.subjects.entities import EntityState
from scoring.domain.subjects.needs import COUNTED, NOT_COUNTED, PLANNED, NeedState, cover, need_sums, standing
from scoring.domain.subjects.subject import Subject, step
from scoring.domain.timeliness import completeness, credit, frequency, freshness, lag

Sums = dict[str, int]


def together(*subjects: Subject, closed: str = "2026-12-31") -> dict[tuple[str, str], Sums]:
    cells: dict[tuple[str, str], Sums] = {}
    for subject in subjects:
        for key, moved in step(subject, ordinal(closed), FIRST_METHOD)[0].items():
            cells[key] = added(cells.get(key, {}), moved)
    return cells


def figure(metric: str, scope: str, cells: dict[tuple[str, str], Sums]) -> Figure:
    found = family_figure(FAMILIES[metric], scope, cells[scope, metric], FIRST)
    assert found is not None
    return found


# M13 -------------------------------------------------------------------------------------------------------


def a_need(id_: str, severity: int, priority: int, *adequacies: int, **over: Any) -> NeedState:
    """A need of Mali, consented, with a project that counts for each adequacy."""
    subject = NeedState(id_)
    fields = {"pillar": "P2", "classification": "state:ML", "consented": True, **over}
    subject.enter(coordination.Need(id_, "ML", "XM-DEMO-1", severity=severity, priority=priority, **fields), version())
    for n, adequacy in enumerate(adequacies):
        subject.enter(coordination.SupportLinked(id_, "ML", f"P{n}", adequacy), version())
        subject.standings[f"P{n}"] = COUNTED
    return subject


WORKED = [(4, 3, (500_000,)), (3, 2, (700_000, 600_000)), (2, 1, ())]


def test_the_worked_example_of_m13() -> None:
    needs = [a_need(f"N{n}", s, p, *adequacies) for n, (s, p, adequacies) in enumerate(WORKED)]
    cells = together(*needs)
    for scope in ("global", "country:ML", "pillar:P2", "pillar-country:P2|ML", "region:002"):
        found = figure("M13", scope, cells)
        assert (found.value, found.state, found.classification) == (600_000, "PUBLISHED", "public")
        assert (found.parts["gap"], found.parts["oversupply"], found.parts["unaddressed"]) == (400_000, 90_000, 1)
    assert figure("M13", "global", cells).parts["countries"] == 1


def test_what_is_planned_stands_apart_and_what_does_not_count_does_not() -> None:
    assert cover([(500_000, COUNTED), (400_000, PLANNED), (900_000, NOT_COUNTED)]) == (500_000, 500_000, 900_000)
    sums = need_sums(12, cover([(800_000, COUNTED), (600_000, PLANNED)]))
    assert (sums["cov"], sums["planned"]) == (12 * 800_000, 12 * 200_000)


@pytest.mark.parametrize(
    ("status", "risk", "expected"),
    [("2", True, COUNTED), ("3", True, COUNTED), ("2", False, NOT_COUNTED), ("1", True, PLANNED), ("4", True, 0)],
)
def test_only_a_project_under_way_with_an_open_gate_counts(status: str, risk: bool, expected: int) -> None:
    one = judgements.RiskAssessed("XM-DEMO-1-P", "R1", "fiduciary", 2, 2, 1, 1)
    assert standing(known(a_project(status=status), *([one] if risk else [])), FIRST) == expected
    assert standing(ProjectState("unknown"), FIRST) == NOT_COUNTED


def test_without_consent_a_need_counts_in_its_countrys_own_figures_only() -> None:
    open_, shut = a_need("N1", 4, 3), a_need("N2", 4, 3, consented=False)
    cells = together(open_, shut)
    assert cells["global", "M13"]["needs"] == 1
    own = figure("M13", "country:ML", cells)
    assert (own.parts["needs"], own.classification, own.flags) == (2, "state:ML", ("NOT_CONSENTED",))


@pytest.mark.parametrize("class_", ["owner", "compact", "state:NE"])
def test_what_the_state_may_not_read_and_did_not_consent_to_counts_nowhere(class_: str) -> None:
    assert together(a_need("N1", 4, 3, classification=class_, consented=False)) == {}


def test_few_needs_are_not_given_away_by_their_total() -> None:
    cells = together(a_need("N1", 4, 3, 500_000), a_need("N2", 1, 1))
    assert figure("M13", "country:ML", cells).classification == "state:ML"
    assert figure("M13", "global", cells).classification == "owner"
    cells = together(*(a_need(f"N{n}", 4, 3, classification="public") for n in range(2)))
    assert figure("M13", "country:ML", cells).classification == "public"


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="severity"):
        a_need("N1", 5, 3)
    with pytest.raises(ValueError, match="adequacy"):
        a_need("N1", 4, 3, 1_000_001)


# M14 -------------------------------------------------------------------------------------------------------


def level(value: str) -> Level:
    return Level(version(), True, value, "public", True, False)


def a_provision(weight: int, kind: str = "LEGAL", theme: str = "") -> Provision:
    return Provision(version(), True, kind, weight, theme)


PROVISIONS = {"a": a_provision(2), "b": a_provision(1), "c": a_provision(1)}
THEN, NOW = ordinal("2024-03-01"), ordinal("2026-03-01")


def test_the_worked_example_of_m14() -> None:
    levels = {
        "a": {THEN: level("2"), NOW: level("3")},
        "b": {THEN: level("1"), NOW: level("1")},
        "c": {NOW: level("NA"), THEN: level("NA")},
    }
    assert score(rated(PROVISIONS, levels)).value == 583_333
    assert score(rated(PROVISIONS, levels, THEN)).value == 416_667
    assert pace(PROVISIONS, levels) == 83_333
    levels["b"][NOW] = level("NAS")
    found = score(rated(PROVISIONS, levels))
    assert (found.value, found.assessed, found.applicable) == (750_000, 2, 3)


def test_years_are_counted_from_one_anniversary_to_the_next() -> None:
    assert years(ordinal("2024-03-01"), ordinal("2026-03-01")) == (2 * 365, 365)
    assert years(ordinal("2020-03-01"), ordinal("2020-09-01")) == (184, 365)
    assert date.fromordinal(anniversary(ordinal("2024-02-29"), 1)) == date(2025, 2, 28)


def a_country(
    *said: tuple[str, str, str, str], country: str = "ML", themes: dict[str, str] | None = None, **over: Any
) -> CountryState:
    """Assessments as (provision, assessor, day, level) of one resolution of two provisions."""
    subject = CountryState(country)
    fields = {"classification": f"state:{country}", "consented": True, **over}
    for provision, assessor, on, value in said:
        fact = coordination.ImplementationAssessed("R", provision, country, assessor, day(on), value, **fields)  # type: ignore[arg-type]
        subject.enter(fact, version(on))
        subject.note(version(on))
    names = themes or {}
    subject.provisions["R"] = {
        "a": a_provision(2, "LEGAL", names.get("a", "")),
        "b": a_provision(1, "OPERATIONAL", names.get("b", "")),
        "c": a_provision(1, "LEGAL"),
    }
    return subject


ASSESSED = [
    ("a", "CTED", "2024-03-01", "2"), ("b", "CTED", "2024-03-01", "1"), ("c", "CTED", "2024-03-01", "NA"),
    ("a", "CTED", "2026-03-01", "3"), ("b", "CTED", "2026-03-01", "1"),
]  # fmt: skip


def test_a_country_says_s_with_its_kinds_apart_and_the_worlds_weighs_countries_alike() -> None:
    mali = a_country(*ASSESSED, classification="public")
    niger = a_country(("a", "STATE", "2026-03-01", "1"), country="NE", classification="public")
    cells = together(mali, niger)
    own = figure("M14", "country:ML", cells)
    assert (own.value, own.observed, own.expected, own.flags) == (583_333, 1, 1, ())
    assert own.parts["legal"]["value"] == 750_000
    assert own.parts["operational"]["value"] == 250_000
    assert own.parts["resolutions"]["R"]["delta"] == 83_333
    # The Niger: one of three provisions assessed, by weight a half.
    assert figure("M14", "country:NE", cells).parts["resolutions"]["R"]["assessed"] == 500_000
    world = figure("M14", "global", cells)
    assert (world.value, world.parts["countries"]) == ((583_333 + 250_000) // 2, 2)
    assert world.parts["levels"] == {"1": 2, "3": 1}


def test_the_state_and_cted_stand_beside_each_other_and_are_never_averaged() -> None:
    both = a_country(*ASSESSED, ("a", "STATE", "2026-03-01", "4"), ("b", "STATE", "2026-03-01", "1"))
    found = figure("M14", "country:ML", together(both))
    assert found.value == 583_333, "CTED's"
    r = found.parts["resolutions"]["R"]
    assert (r["assessor"], r["by_assessor"], r["both"], r["disagree"]) == (
        "CTED", {"CTED": 583_333, "STATE": 750_000}, 2, 1,
    )  # fmt: skip
    assert "ASSESSORS_DISAGREE" in found.flags
    alone = a_country(("a", "STATE", "2026-03-01", "4"))
    assert figure("M14", "country:ML", together(alone)).parts["resolutions"]["R"]["assessor"] == "STATE"


def test_a_slow_country_is_lagging_and_one_that_gains_or_was_never_assessed_before_is_not() -> None:
    slow = [(p, "CTED", on, "1") for p in "ab" for on in ("2024-03-01", "2026-03-01")]
    assert "LAGGING" in figure("M14", "country:ML", together(a_country(*slow))).flags
    gaining = [*slow[:1], ("a", "CTED", "2026-03-01", "2"), *slow[2:]]
    assert "LAGGING" not in figure("M14", "country:ML", together(a_country(*gaining))).flags
    assert "LAGGING" not in figure("M14", "country:ML", together(a_country(("a", "CTED", "2026-03-01", "0")))).flags


def test_an_assessment_goes_stale_the_day_after_four_years() -> None:
    subject = a_country(("a", "CTED", "2022-02-28", "3"))
    assert "STALE" not in figure("M14", "country:ML", together(subject, closed="2026-02-28")).flags
    assert subject.transition == ordinal("2026-03-01")
    fresh = a_country(("a", "CTED", "2022-02-28", "3"))
    assert "STALE" in figure("M14", "country:ML", together(fresh, closed="2026-03-01")).flags
    assert fresh.transition is None


def test_an_assessment_without_consent_hides_what_was_said_before_it_and_stays_the_countrys() -> None:
    subject = a_country(*ASSESSED)
    unconsented = coordination.ImplementationAssessed(
        "R", "a", "ML", "CTED", day("2026-06-01"), "4", classification="state:ML"
    )
    subject.enter(unconsented, version("2026-06-01"))
    cells = together(subject)
    own = figure("M14", "country:ML", cells)
    assert (own.value, own.classification) == (half(2 * 4 + 1, 12), "state:ML")
    world = cells["global", "M14"]
    assert (world["S"], world["known|OPERATIONAL"]) == (250_000, 1)
    assert "known|LEGAL" not in world, "the older level of the same provision is not shown in its place"


def half(numerator: int, denominator: int) -> int:
    return round(1_000_000 * numerator / denominator)


def test_a_theme_takes_its_provisions_only() -> None:
    cells = together(a_country(*ASSESSED, themes={"a": "BORDER"}, classification="public"))
    assert figure("M14", "theme:BORDER", cells).value == 750_000


def test_a_row_is_as_narrow_as_its_narrowest_fact() -> None:
    assert narrowest(["public", "public"], "ML") == "public"
    assert narrowest(["public", "state:ML"], "ML") == "state:ML"
    assert narrowest(["state:ML", "compact"], "ML") == "owner"


# M15 -------------------------------------------------------------------------------------------------------


def an_entity(*lags: int | None, due: str = "2026-01-31") -> EntityState:
    subject = EntityState("XM-DEMO-1")
    for n, late in enumerate(lags):
        subject.enter(coordination.ObligationScheduled(f"O{n}", "XM-DEMO-1", "annual report", day(due)), version())
        if late is not None:
            on = date.fromordinal(ordinal(due) + late)
            subject.enter(coordination.ReportReceived(f"O{n}", "XM-DEMO-1", on), version())
    return subject


def test_the_worked_example_of_m15() -> None:
    found = figure("M15", "entity:XM-DEMO-1", together(an_entity(0, 30, None), closed="2026-06-30"))
    assert (found.value, found.parts["late"], found.parts["unreported"]) == (555_556, 1, 1)
    assert (found.classification, found.owner) == ("compact", "XM-DEMO-1")
    assert completeness({"core": (9, 10), "financials": (3, 4), "value_added": (4, 9)}) == 748_611
    assert (frequency([1, 3, 4, 6, 7, 9, 11]), lag(3), freshness([1, 3, 4, 6, 7, 9, 11], 3)) == (4, 3, 875_000)


def test_credit_falls_over_the_days_of_grace_and_never_below_nought() -> None:
    assert [credit(100, 90, on) for on in (90, 100, 145, 190, 300)] == [1_000_000, 1_000_000, 500_000, 0, 0]


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7], 4),
        ([3, 4, 5, 6, 7, 8, 9], 3),
        ([4, 5, 6], 3),
        ([5, 6, 7], 2),
        ([2, 8], 2),
        ([12], 1),
        ([], 0),
    ],
)
def test_frequency_is_that_of_the_publishing_statistics(months: list[int], expected: int) -> None:
    assert frequency(months) == expected


def test_what_is_not_due_does_not_count_and_falls_due_by_itself() -> None:
    subject = an_entity(None, due="2026-06-30")
    assert together(subject, closed="2026-06-29") == {}
    assert subject.transition == ordinal("2026-06-30")
    assert figure("M15", "entity:XM-DEMO-1", together(subject, closed="2026-06-30")).value == 0


def test_completeness_asks_for_what_its_status_requires() -> None:
    bare = {e.name: e.filled for e in elements(known(a_project(status="1")))}
    assert bare == dict.fromkeys(
        ["country or region", "pillar", "theme", "budget", "gender marker", "human rights marker",
         "support to security forces", "indicator"], False,
    ) | {"start": True, "end": True}  # fmt: skip
    full = known(
        a_project(
            countries={"ML": 1_000_000}, pillars={"P2": 1_000_000}, themes={"T": 1_000_000}, budget="10",
            supports_security_forces=False,
        ),
        judgements.MarkerAssigned("XM-DEMO-1-P", "GEM", "DESIGN", 0),
        judgements.MarkerAssigned("XM-DEMO-1-P", "HRM", "DESIGN", 1),
        an_indicator(),
        an_actual("50"),
    )  # fmt: skip
    core = [e.filled for e in elements(full) if e.group == "core"]
    assert core == [True] * 10
    groups = {e.group for e in elements(full)}
    assert groups == {"core", "financials", "value_added"}


# M17 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [((620_000, 710_000, 550_000, 200_000), 469_095), ((620_000, 710_000, 750_000, 0), 239_705)],
)
def test_the_worked_example_of_m17(values: tuple[int, int, int, int], expected: int) -> None:
    assert geometric(values) == expected
    pillars = {
        f"pillar:P{n}": Figure("M4", f"pillar:P{n}", value, "PUBLISHED", 1, 1) for n, value in enumerate(values, 1)
    }
    found = scorecard(pillars)
    assert found is not None
    assert (found.value, found.parts["least"], found.state) == (expected, min(values), "PUBLISHED")


def test_a_root_is_exact_and_the_floor_holds() -> None:
    assert geometric((FLOOR, 0, 1, FLOOR)) == FLOOR
    assert geometric((123_456,) * 4) == 123_456


def test_a_withheld_pillar_withholds_the_scorecard_and_a_missing_one_leaves_it_unsaid() -> None:
    pillars: dict[str, Figure | None] = {
        scope: Figure("M4", scope, 500_000, "PUBLISHED", 1, 1, classification="public") for scope in PARTS
    }
    pillars["pillar:P3"] = Figure("M4", "pillar:P3", None, "INSUFFICIENT_DATA", 1, 3, classification="compact")
    found = scorecard(pillars)
    assert found is not None
    assert (found.value, found.state, found.classification) == (None, "INSUFFICIENT_DATA", "compact")
    assert scorecard({**pillars, "pillar:P3": None}) is None
